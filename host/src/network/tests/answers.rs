//! What is sent and what comes back, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::network::script::{Answer, Answers, Asked};

const URL: &str = "http://example.com/";

#[tokio::test]
async fn a_request_is_framed_by_this_host_alone() {
    let (server, heads) = answering(OK).await;
    let world = World::new(server, &[ANY]);
    let request = Request::post("http://example.com:8080/x")
        .header("content-length", "2")
        .header("host", "evil.example")
        .header("x-own", "1")
        .body(body("hi"))
        .unwrap();
    world.guest().send(request, None).await.unwrap();
    let head = heads.lock().unwrap()[0].clone();
    assert_eq!(head.matches("host:").count(), 1, "{head}");
    assert!(head.contains("host: example.com:8080\r\n"), "{head}");
    assert_eq!(head.matches("content-length:").count(), 1, "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[test]
fn headers_of_framing_and_proxies_are_the_hosts_own() {
    let world = World::new("127.0.0.1:1".parse().unwrap(), &[]);
    let mut guest = world.guest();
    for name in [
        "host",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "http2-settings",
        "proxy-authorization",
        "proxy-connection",
        "proxy-x",
    ] {
        let name = name.parse().unwrap();
        assert!(guest.0.is_forbidden_header(&name), "{name}");
        assert!((guest.0.forbidden_header_filter())(&name), "{name}");
    }
    for name in [
        "authorization",
        "cookie",
        "content-length",
        "user-agent",
        "x-proxy-a",
    ] {
        assert!(
            !guest.0.is_forbidden_header(&name.parse().unwrap()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_body_is_as_long_as_it_was_announced() {
    let server = server(|mut stream| async move {
        head(&mut stream).await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let world = World::new(server, &[ANY]);
    for text in ["0123456789", "0"] {
        let request = Request::post(URL).header("content-length", "5");
        let request = request.body(body(text)).unwrap();
        let refused = world.guest().send(request, None).await.unwrap_err();
        assert!(
            matches!(refused, Error::HttpRequestBodySize(_)),
            "{text}: {refused}"
        );
    }
}

#[tokio::test]
async fn answers_that_break_the_rules_are_errors_that_say_what_may_have_happened() {
    for (answer, expected) in [
        ("", "connection terminated"),
        ("nonsense\r\n\r\n", "HTTP protocol error"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            "HTTP protocol error",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi",
            "incomplete HTTP response",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "incomplete HTTP response",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            "HTTP upgrade failed",
        ),
    ] {
        let (server, _) = answering(answer).await;
        let refused = World::new(server, &[ANY])
            .guest()
            .get(URL)
            .await
            .unwrap_err();
        let refused = refused.to_string();
        assert_eq!(refused, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_long_body_arrives_whole() {
    let server = server(|mut stream| async move {
        head(&mut stream).await;
        let body = "0123456789".repeat(100_000);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let world = World::new(server, &[ANY]);
    let response = world.guest().get(URL).await.unwrap();
    assert_eq!(response.body().len(), 1_000_000);
}

struct Script;

impl Answers for Script {
    fn answer(&self, asked: Asked) -> Option<Answer> {
        asked.url.contains("/known").then(|| Answer {
            status: 200,
            headers: Vec::new(),
            body: format!("{} {}", asked.method, asked.url).into(),
        })
    }
}

#[tokio::test]
async fn a_script_answers_only_what_was_granted() {
    let mut invocation = Invocation::new("f", json!({}));
    invocation.grants =
        PermissionSet::new(["network.external=https://example.com".parse().unwrap()]);
    invocation.network = Some(Network::scripted(Arc::new(Script)));
    let mut guest = Guest(Traffic::new(&invocation, &Limits::default(), None));
    let answered = guest.get("https://example.com/known?a=b").await.unwrap();
    assert_eq!(answered.body(), "GET https://example.com/known?a=b");
    let refused = guest.get("https://example.com/unknown").await.unwrap_err();
    assert!(
        matches!(refused, Error::DestinationUnavailable),
        "{refused}"
    );
    let refused = guest.get("https://other.example/known").await.unwrap_err();
    assert!(matches!(refused, Error::HttpRequestDenied), "{refused}");
}
