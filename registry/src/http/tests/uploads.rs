//! Tarballs on their way in.

use claw_package::Digest;
use claw_package::limits::PACKED_BYTES_MAX;
use claw_registry_api::{Scope, paths};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::limits::Limits;
use crate::testing::{Publisher, Request, TestRegistry, package};

fn put(registry: &TestRegistry, bytes: &[u8]) -> Request {
    Request::new("PUT", &paths::upload(&Digest::of(bytes))).token(&registry.admin)
}

async fn is_held(registry: &TestRegistry, bytes: &[u8]) -> bool {
    let request = Request::new("HEAD", &paths::upload(&Digest::of(bytes))).token(&registry.admin);
    match registry.send(request).await {
        reply if reply.status == 200 => {
            assert_eq!(
                reply.header("content-length"),
                Some(bytes.len().to_string().as_str())
            );
            true
        }
        reply => {
            assert_eq!(reply.status, 404);
            false
        }
    }
}

fn files_in(registry: &TestRegistry, folder: &str) -> usize {
    std::fs::read_dir(registry.folder().join(folder))
        .unwrap()
        .count()
}

#[tokio::test]
async fn what_is_staged_is_known_to_publishers_and_served_to_nobody() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let path = paths::blob(&packed.tarball_digest.digest);
    assert!(!is_held(&registry, &packed.tarball).await);
    for _ in 0..2 {
        assert_eq!(
            registry
                .upload(&registry.admin, &packed.tarball)
                .await
                .status,
            201
        );
        assert!(is_held(&registry, &packed.tarball).await);
        assert_eq!(registry.get(&path).await.status, 404);
    }
    assert_eq!(registry.publish(&acme, &packed).await.status, 201);
    assert_eq!(registry.get(&path).await.body, packed.tarball);
    assert!(is_held(&registry, &packed.tarball).await);
    assert_eq!(
        registry
            .upload(&registry.admin, &packed.tarball)
            .await
            .status,
        200
    );
    assert_eq!(
        (
            files_in(&registry, "staging"),
            files_in(&registry, "incoming")
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn a_large_upload_comes_back_byte_for_byte() {
    let registry = TestRegistry::start().await;
    let bytes: Vec<u8> = (0..3_000_017_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    assert_eq!(registry.upload(&registry.admin, &bytes).await.status, 201);
    let staged = registry.app.storage.staged_path(&Digest::of(&bytes));
    assert_eq!(std::fs::read(staged).unwrap(), bytes);
}

#[tokio::test]
async fn bytes_of_another_digest_leave_nothing_behind() {
    let registry = TestRegistry::start().await;
    let reply = registry.send(put(&registry, b"these").body(b"those")).await;
    assert_eq!(reply.refusal(), (400, "digest-mismatch".to_owned()));
    for digest in [Digest::of(b"these"), Digest::of(b"those")] {
        assert!(reply.detail().contains(&digest.to_string()));
    }
    assert_eq!(
        (
            files_in(&registry, "staging"),
            files_in(&registry, "incoming")
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn the_length_is_said_beforehand_and_is_no_more_than_a_package_has() {
    let registry = TestRegistry::start().await;
    let chunked = put(&registry, b"bytes")
        .header("Transfer-Encoding", "chunked")
        .raw(b"5\r\nbytes\r\n0\r\n\r\n");
    assert_eq!(
        registry.send(chunked).await.refusal(),
        (411, "length-required".to_owned())
    );
    let huge = put(&registry, b"bytes")
        .header("Content-Length", &(PACKED_BYTES_MAX + 1).to_string())
        .header("Expect", "100-continue");
    assert_eq!(
        registry.send(huge).await.refusal(),
        (413, "too-large".to_owned())
    );
    let strange = Request::new("PUT", "/api/v1/blobs/md5:00")
        .token(&registry.admin)
        .body(b"x");
    assert_eq!(
        registry.send(strange).await.refusal(),
        (400, "bad-request".to_owned())
    );
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_behind() {
    let registry = TestRegistry::start().await;
    let mut stream = TcpStream::connect(registry.address).await.unwrap();
    let request = put(&registry, b"bytes")
        .header("Content-Length", "5")
        .raw(b"byt");
    stream.write_all(&request.bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    use tokio::io::AsyncReadExt as _;
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!is_held(&registry, b"bytes").await);
    assert_eq!(
        (
            files_in(&registry, "staging"),
            files_in(&registry, "incoming")
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn uploading_takes_the_scope_to_publish() {
    let registry = TestRegistry::start().await;
    let token = registry.token(&[Scope::Read, Scope::Yank], "*", None).await;
    assert_eq!(
        registry.upload(&token, b"bytes").await.refusal(),
        (403, "forbidden".to_owned())
    );
    assert_eq!(
        registry.upload("", b"bytes").await.refusal(),
        (401, "unauthorized".to_owned())
    );
}

#[tokio::test]
async fn staging_is_not_filled_beyond_its_bound() {
    let registry = TestRegistry::start_with(Limits {
        staged_files: 2,
        ..Limits::default()
    })
    .await;
    for bytes in [b"one", b"two"] {
        assert_eq!(registry.upload(&registry.admin, bytes).await.status, 201);
    }
    let reply = registry.upload(&registry.admin, b"three").await;
    assert_eq!(reply.refusal(), (429, "too-many-requests".to_owned()));
    assert!(reply.header("retry-after").is_some());
}
