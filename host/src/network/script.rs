//! Answers that are written beforehand, for trying skills: everything is checked as ever, and then
//! no network is asked.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::RequestBody;
use super::send::{self, Plan};

/// A request as it would have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Its headers, names in lower case. What is no text is shown as such.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `200`, `404`, …
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Answers requests instead of the network.
pub trait Answers: Send + Sync {
    /// The answer, or none where nothing was written for such a request.
    fn answer(&self, asked: Asked) -> Option<Answer>;
}

pub(super) async fn answer(script: &dyn Answers, plan: Plan) -> Result<Response<WasiBody>, Error> {
    let watch = plan.watch();
    let fault = plan.body_fault.clone();
    let most = plan.request_body_bytes;
    let body = RequestBody::new(plan.body, most, None, watch, plan.body_fault);
    let body = body.collect().await;
    let body = body.map_err(|error| fault.take().unwrap_or(error))?;
    let body = body.to_bytes().into();
    let headers = plan.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    let asked = Asked {
        method: plan.errand.method.to_string(),
        url: format!("{}{}", plan.errand.target, plan.path),
        headers: headers.collect(),
        body,
    };
    let answer = script.answer(asked).ok_or(Error::DestinationUnavailable)?;
    if answer.body.len() as u64 > plan.response_bytes {
        return Err(Error::HttpResponseBodySize(Some(plan.response_bytes)));
    }
    let response = response(answer).ok_or(Error::HttpProtocolError)?;
    Ok(send::masked(response, plan.secrets.as_deref()))
}

/// The response, where its parts are such as HTTP has.
fn response(answer: Answer) -> Option<Response<WasiBody>> {
    let body = Full::new(Bytes::from(answer.body)).map_err(Error::from);
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = answer.status.try_into().ok()?;
    for (name, value) in answer.headers {
        let name: HeaderName = name.parse().ok()?;
        let value: HeaderValue = value.parse().ok()?;
        response.headers_mut().append(name, value);
    }
    Some(response)
}
