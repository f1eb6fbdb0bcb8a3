//! The end of a server: what is under way is finished, nothing new is begun, and nobody waits for ever.

use std::time::Duration;

use claw_package::Digest;
use claw_registry_api::paths;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::limits::Limits;
use crate::testing::{Reply, Request, TestRegistry};

/// An upload whose first half has been taken.
async fn half_an_upload(registry: &TestRegistry) -> TcpStream {
    let mut stream = TcpStream::connect(registry.address).await.unwrap();
    let request = Request::new("PUT", &paths::upload(&Digest::of(b"bytes")))
        .token(&registry.admin)
        .header("Content-Length", "5")
        .header("Expect", "100-continue");
    stream.write_all(&request.bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"by").await.unwrap();
    stream
}

#[tokio::test]
async fn an_upload_under_way_is_finished_and_nothing_new_is_begun() {
    let registry = TestRegistry::start().await;
    let mut idle = TcpStream::connect(registry.address).await.unwrap();
    let mut upload = half_an_upload(&registry).await;
    let address = registry.address;
    let stopping = tokio::spawn(registry.stop());
    // The listener is closed before anything is waited for.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    upload.write_all(b"tes").await.unwrap();
    assert_eq!(Reply::read(upload).await.status, 201);
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0, "it is closed");
    let root = stopping.await.unwrap();
    let staged = root
        .path()
        .join("data/staging")
        .join(Digest::of(b"bytes").hex());
    assert_eq!(std::fs::read(staged).unwrap(), b"bytes");
}

#[tokio::test]
async fn a_request_that_does_not_end_is_not_waited_for() {
    let registry = TestRegistry::start_with(Limits {
        farewell_time: Duration::from_millis(1),
        ..Limits::default()
    })
    .await;
    let mut upload = half_an_upload(&registry).await;
    registry.stop().await;
    let mut rest = Vec::new();
    // It ends, in whatever way a connection is cut.
    let _cut = upload.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 2"), "{rest:?}");
}
