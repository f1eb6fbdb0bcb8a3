//! Every bound on what a client may send and how long it may take, crossed once.

use std::time::Duration;

use claw_package::Digest;
use claw_registry_api::paths;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::limits::Limits;
use crate::testing::{Reply, Request, TestRegistry};

/// Sends bytes, and nothing more, until the registry ends the connection.
async fn until_closed(registry: &TestRegistry, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(registry.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ended = stream.read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn a_head_that_does_not_end_in_time_ends_the_connection() {
    let limits = Limits {
        head_time: Duration::from_millis(1),
        ..Limits::default()
    };
    let registry = TestRegistry::start_with(limits).await;
    let answer = until_closed(&registry, b"GET / HTTP/1.1\r\nHost:").await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_without_a_request_is_not_kept() {
    let limits = Limits {
        head_time: Duration::from_millis(1),
        ..Limits::default()
    };
    let registry = TestRegistry::start_with(limits).await;
    assert_eq!(until_closed(&registry, b"").await, b"");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let registry = TestRegistry::start().await;
    let long = "x".repeat(4 * Limits::default().head_bytes);
    let request = Request::new("GET", "/").header("X-Long", &long);
    let answer = until_closed(&registry, &request.bytes()).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn a_note_that_does_not_arrive_in_time_is_refused() {
    let limits = Limits {
        body_time: Duration::from_millis(1),
        ..Limits::default()
    };
    let registry = TestRegistry::start_with(limits).await;
    let request = Request::new("POST", paths::RELEASES)
        .token(&registry.admin)
        .header("Content-Length", "5")
        .raw(b"clau");
    assert_eq!(
        registry.send(request).await.refusal(),
        (408, "timeout".to_owned())
    );
}

#[tokio::test]
async fn an_upload_that_is_silent_or_slow_is_refused() {
    let moment = Duration::from_millis(1);
    for limits in [
        Limits {
            upload_silence: moment,
            discard_time: moment,
            ..Limits::default()
        },
        Limits {
            upload_time: moment,
            discard_time: moment,
            ..Limits::default()
        },
    ] {
        let registry = TestRegistry::start_with(limits).await;
        let request = Request::new("PUT", &paths::upload(&Digest::of(b"bytes")))
            .token(&registry.admin)
            .header("Content-Length", "5")
            .raw(b"byt");
        assert_eq!(
            registry.send(request).await.refusal(),
            (408, "timeout".to_owned())
        );
    }
}

#[tokio::test]
async fn whoever_is_refused_is_told_even_when_they_send_everything_first() {
    let registry = TestRegistry::start().await;
    let body = vec![7; 8 * 1024 * 1024];
    let reply = registry.upload("claw_publish_unknown", &body).await;
    assert_eq!(reply.refusal(), (401, "unauthorized".to_owned()));
    let limits = Limits {
        discarded_bytes: 1,
        ..Limits::default()
    };
    let registry = TestRegistry::start_with(limits).await;
    let mut stream = TcpStream::connect(registry.address).await.unwrap();
    let path = paths::upload(&Digest::of(&body));
    let request = Request::new("PUT", &path).body(&body);
    assert!(stream.write_all(&request.bytes()).await.is_err());
}

#[tokio::test]
async fn a_note_or_a_request_that_is_too_long_is_refused() {
    let registry = TestRegistry::start().await;
    for (path, most) in [
        (paths::RELEASES, claw_trust::NOTE_BYTES_MAX),
        (paths::EVENTS, claw_trust::NOTE_BYTES_MAX),
        (paths::NAMESPACES, claw_trust::NOTE_BYTES_MAX),
        (paths::TOKENS, claw_registry_api::JSON_BYTES_MAX),
    ] {
        let reply = registry
            .post(path, &registry.admin, &vec![b'x'; most + 1])
            .await;
        assert_eq!(reply.refusal(), (413, "too-large".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn requests_beyond_the_bound_are_sent_away_until_there_is_room() {
    let registry = TestRegistry::start_with(Limits {
        requests: 1,
        ..Limits::default()
    })
    .await;
    let mut first = TcpStream::connect(registry.address).await.unwrap();
    let request = Request::new("POST", paths::RELEASES)
        .token(&registry.admin)
        .header("Content-Length", "5")
        .header("Expect", "100-continue");
    first.write_all(&request.bytes()).await.unwrap();
    // It says so when it begins to wait for the body, and from then on it is the one.
    let mut go_on = [0; 25];
    first.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let second = registry.get("/").await;
    assert_eq!(second.refusal(), (503, "unavailable".to_owned()));
    assert_eq!(second.header("retry-after"), Some("1"));
    first.write_all(b"claw\n").await.unwrap();
    assert_eq!(
        Reply::read(first).await.refusal(),
        (400, "bad-note".to_owned())
    );
    assert_eq!(registry.get("/").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_their_turn() {
    let registry = TestRegistry::start_with(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = TcpStream::connect(registry.address).await.unwrap();
    let mut second = TcpStream::connect(registry.address).await.unwrap();
    second
        .write_all(&Request::new("GET", "/").bytes())
        .await
        .unwrap();
    drop(first);
    assert_eq!(Reply::read(second).await.status, 200);
}
