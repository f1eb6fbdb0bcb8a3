//! `wasi:http` as it is: whatever it lets through.

use crate::exports::acme::net::net::Reply;
use crate::wasi::http::outgoing_handler;
use crate::wasi::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::wasi::io::streams::StreamError;

pub fn request(
    method: &str,
    scheme: &str,
    authority: &str,
    path: &str,
    headers: &[(String, String)],
    body: Option<&str>,
) -> Result<Reply, String> {
    let (answer, outgoing) = begin(method, scheme, authority, path, headers)?;
    if let Some(body) = body {
        let stream = outgoing.write().map_err(|()| "no stream")?;
        for piece in body.as_bytes().chunks(4096) {
            // What became of it is told by the answer.
            if stream.blocking_write_and_flush(piece).is_err() {
                break;
            }
        }
    }
    OutgoingBody::finish(outgoing, None).map_err(|code| format!("{code:?}"))?;
    reply(&answer)
}

pub fn crowd(authority: &str, count: u32) -> Vec<String> {
    let begun: Vec<_> = (0..count)
        .map(|_| {
            let (answer, outgoing) = begin("GET", "http", authority, "/", &[])?;
            OutgoingBody::finish(outgoing, None).map_err(|code| format!("{code:?}"))?;
            Ok(answer)
        })
        .collect();
    begun
        .into_iter()
        .map(
            |begun: Result<_, String>| match begun.and_then(|answer| reply(&answer)) {
                Ok(reply) => reply.status.to_string(),
                Err(error) => error,
            },
        )
        .collect()
}

fn begin(
    method: &str,
    scheme: &str,
    authority: &str,
    path: &str,
    headers: &[(String, String)],
) -> Result<(FutureIncomingResponse, OutgoingBody), String> {
    let entries: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
        .collect();
    let headers = Fields::from_list(&entries).map_err(|error| format!("{error:?}"))?;
    let request = OutgoingRequest::new(headers);
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let refused = |part| move |()| format!("{part} refused");
    request.set_method(&method).map_err(refused("method"))?;
    request
        .set_scheme(Some(&scheme))
        .map_err(refused("scheme"))?;
    request
        .set_authority(Some(authority))
        .map_err(refused("authority"))?;
    request
        .set_path_with_query(Some(path))
        .map_err(refused("path"))?;
    let outgoing = request.body().map_err(refused("body"))?;
    let answer = outgoing_handler::handle(request, None).map_err(|code| format!("{code:?}"))?;
    Ok((answer, outgoing))
}

fn reply(answer: &FutureIncomingResponse) -> Result<Reply, String> {
    answer.subscribe().block();
    let incoming = match answer.get() {
        Some(Ok(Ok(incoming))) => incoming,
        Some(Ok(Err(code))) => return Err(format!("{code:?}")),
        _ => return Err("no answer".to_owned()),
    };
    let headers = incoming.headers().entries().into_iter();
    let headers = headers.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
    let (status, headers) = (incoming.status(), headers.collect());
    let body = incoming.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Ok(Reply {
        status,
        headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    })
}
