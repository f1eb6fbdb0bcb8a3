//! Requests with another one inside of them.

use serde_json::json;

use super::super::server::Server;
use super::super::{Case, Guest, Verdict};
use super::{get, internal, send};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "lines in headers",
        tries: "header values and names with CR, LF, NUL, a colon or a blank in them",
        must: "each fails; no such line arrives",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for (name, value) in [
                ("x-a", "b\r\nx-evil: 1"),
                ("x-a", "b\nx-evil: 1"),
                ("x-a", "b\rx-evil: 1"),
                ("x-a", "b\0x-evil"),
                ("x-a\r\nx-evil", "1"),
                ("x-a: 1\r\nx-evil", "1"),
                ("x a", "x-evil"),
                ("", "x-evil"),
            ] {
                let answer = send(stage, "GET", &server.address(), "/", &[(name, value)]);
                answer.failed().map_err(|why| format!("{name:?}: {why}"))?;
            }
            never_said(&server, "x-evil")
        },
    },
    Case {
        name: "lines in paths",
        tries: "paths with CR, LF, blanks and a whole second request in them",
        must: "each fails; no second request arrives",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for path in [
                "/ HTTP/1.1\r\nhost: x-evil\r\n\r\nGET /x-evil",
                "/a\r\nx-evil: 1",
                "/a\nx-evil",
                "/a x-evil",
                "/a\0x-evil",
                "x-evil",
                "http://x-evil/",
            ] {
                let answer = get(stage, &server.address(), path);
                answer.failed().map_err(|why| format!("{path:?}: {why}"))?;
            }
            never_said(&server, "x-evil")
        },
    },
    Case {
        name: "another host in the header",
        tries: "sets `host`, in three spellings, to another name",
        must: "it fails, or the server hears its own name and no other",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for name in ["host", "Host", "HOST"] {
                send(
                    stage,
                    "GET",
                    &server.address(),
                    "/",
                    &[(name, "x-evil.example")],
                );
            }
            never_said(&server, "x-evil")
        },
    },
    Case {
        name: "two lengths",
        tries: "sets `transfer-encoding` and `content-length`, alone, together and twice, around a hidden request",
        must: "each fails, or the server hears one request of one length",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for headers in [
                &[("transfer-encoding", "chunked"), ("content-length", "4")][..],
                &[("transfer-encoding", "x"), ("transfer-encoding", "chunked")],
                &[("content-length", "4"), ("content-length", "60")],
                &[("content-length", "+4")],
                &[("content-length", "0")],
                &[("transfer-encoding", " chunked")],
            ] {
                let before = server.requests().len();
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| json!([name, value]))
                    .collect();
                let input = json!({ "method": "POST", "scheme": "http", "authority": server.address(),
                                        "path": "/", "headers": headers,
                                        "body": "0\r\n\r\nGET /hidden HTTP/1.1\r\nhost: x\r\n\r\n" });
                stage.call_of(&Guest::NET, "request", &input);
                let heard = server.requests()[before..].concat().to_lowercase();
                let head = heard.split("\r\n\r\n").next().unwrap_or_default();
                let lengths = head.matches("content-length:").count()
                    + head.matches("transfer-encoding:").count();
                if lengths > 1 {
                    return Err(format!("two lengths came: {head}"));
                }
                // Whatever it says of its length is all that comes.
                let body = heard.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:"));
                let length = length.and_then(|length| length.trim().parse::<usize>().ok());
                if length.is_some_and(|length| body.len() > length) {
                    return Err(format!("a hidden request came: {heard}"));
                }
            }
            Ok(())
        },
    },
    Case {
        name: "headers between two",
        tries: "sets `connection`, `upgrade`, `proxy-authorization`, `te`, `trailer`, `keep-alive` and `http2-settings`",
        must: "each fails, or does not arrive",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for name in [
                "connection",
                "upgrade",
                "proxy-authorization",
                "proxy-connection",
                "keep-alive",
                "http2-settings",
            ] {
                send(stage, "GET", &server.address(), "/", &[(name, "x-evil")]);
            }
            never_said(&server, "x-evil")
        },
    },
];

fn never_said(server: &Server, word: &str) -> Verdict {
    let requests = server.requests();
    if requests
        .iter()
        .any(|request| request.to_lowercase().contains(word))
    {
        return Err(format!("it came: {requests:?}"));
    }
    Ok(())
}
