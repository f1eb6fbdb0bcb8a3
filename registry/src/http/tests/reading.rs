//! What everybody may read, with the headers that go with it.

use claw_package::Digest;
use claw_registry_api::paths;

use crate::testing::{Publisher, Reply, Request, TestRegistry, package};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

async fn conditional(registry: &TestRegistry, path: &str, name: &str, value: &str) -> Reply {
    registry
        .send(Request::new("GET", path).header(name, value))
        .await
}

/// Asserts that a path answers `304` to its own tag, with the headers that a cache updates.
async fn assert_revalidates(registry: &TestRegistry, path: &str) {
    let full = registry.get(path).await;
    assert_eq!(full.status, 200, "{path}");
    let etag = full.header("etag").unwrap();
    assert_eq!(
        etag,
        format!("\"sha256-{}\"", Digest::of(&full.body).hex()),
        "{path}"
    );
    let fresh = conditional(registry, path, "If-None-Match", etag).await;
    assert_eq!((fresh.status, fresh.body.len()), (304, 0), "{path}");
    for name in ["etag", "cache-control", "last-modified"] {
        assert_eq!(fresh.header(name), full.header(name), "{path} {name}");
    }
    let stale = conditional(registry, path, "If-None-Match", "\"sha256-00\"").await;
    assert_eq!((stale.status, stale.body), (200, full.body), "{path}");
}

#[tokio::test]
async fn everything_that_is_static_has_its_caching_headers_and_revalidates() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    let tarball = paths::blob(&packed.tarball_digest.digest);
    let note = paths::blob(&Digest::of(&acme.release(&packed)));
    let keyset = paths::keyset(&"acme".parse().unwrap(), 1);
    let index =
        "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400";
    for (path, caching, media) in [
        (
            paths::WELL_KNOWN,
            "public, max-age=300, stale-if-error=86400",
            "application/json",
        ),
        ("/index/acme/hello", index, "application/x-ndjson"),
        (&tarball, IMMUTABLE, "application/octet-stream"),
        (&note, IMMUTABLE, "application/octet-stream"),
        (&keyset, IMMUTABLE, "text/x-claw-note; charset=utf-8"),
    ] {
        let reply = registry.get(path).await;
        assert_eq!(reply.header("cache-control"), Some(caching), "{path}");
        assert_eq!(reply.header("content-type"), Some(media), "{path}");
        assert_eq!(
            reply.header("content-length"),
            Some(reply.body.len().to_string().as_str())
        );
        let ranges = path.starts_with(paths::BLOBS).then_some("bytes");
        assert_eq!(reply.header("accept-ranges"), ranges, "{path}");
        assert_revalidates(&registry, path).await;
        let head = registry.send(Request::new("HEAD", path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        for name in ["etag", "content-length", "content-type", "cache-control"] {
            assert_eq!(head.header(name), reply.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_blob_says_its_digest() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let reply = registry.get(&paths::blob(&Digest::of(&acme.genesis))).await;
    let digest = reply.header("repr-digest").unwrap();
    let base64 = digest
        .strip_prefix("sha-256=:")
        .unwrap()
        .strip_suffix(':')
        .unwrap();
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .unwrap();
    assert_eq!(bytes, Digest::of(&acme.genesis).as_bytes());
}

#[tokio::test]
async fn a_new_release_is_seen_by_whoever_revalidates() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    registry
        .publish(&acme, &package("acme/hello", "1.0.0", "one"))
        .await;
    let before = registry.get("/index/acme/hello").await;
    let modified = before.header("last-modified").unwrap();
    assert_eq!(
        conditional(
            &registry,
            "/index/acme/hello",
            "If-Modified-Since",
            modified
        )
        .await
        .status,
        304
    );
    registry
        .publish(&acme, &package("acme/hello", "1.1.0", "one"))
        .await;
    let etag = before.header("etag").unwrap();
    let after = conditional(&registry, "/index/acme/hello", "If-None-Match", etag).await;
    assert_eq!(after.status, 200);
    assert!(after.body.starts_with(&before.body));
}

#[tokio::test]
async fn what_is_not_there_is_said_so_and_not_cached() {
    let registry = TestRegistry::start().await;
    Publisher::of(&registry, "acme").await;
    let hex = "0".repeat(64);
    for path in [
        "/index/acme/hello",
        "/index/acme/Hello",
        "/index/acme",
        "/index/acme/..%2f..%2fregistry.db",
        "/keysets/acme/2.note",
        "/keysets/acme/01.note",
        "/keysets/acme/1",
        "/keysets/nobody/1.note",
        "/blobs/sha256/zz",
        "/blobs/sha256/..%2f..%2f..%2fregistry.db",
        &format!("/blobs/sha256/{hex}"),
        "/api/v1/nothing",
    ] {
        assert_eq!(
            registry.get(path).await.refusal(),
            (404, "not-found".to_owned()),
            "{path}"
        );
    }
    let reply = registry
        .send(Request::new("DELETE", "/index/acme/hello"))
        .await;
    assert_eq!(reply.refusal(), (405, "method-not-allowed".to_owned()));
    assert_eq!(registry.get("/index/%ff/hello").await.refusal().0, 400);
}

#[tokio::test]
async fn health_and_readiness_tell_two_things() {
    let registry = TestRegistry::start().await;
    let health = registry.get(paths::HEALTH).await;
    assert_eq!(health.json()["status"], "healthy");
    assert_eq!(health.json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(registry.get(paths::READY).await.status, 200);
    std::fs::remove_dir(registry.folder().join("incoming")).unwrap();
    assert_eq!(
        registry.get(paths::READY).await.refusal(),
        (503, "unavailable".to_owned())
    );
    assert_eq!(registry.get(paths::HEALTH).await.status, 200);
}

#[tokio::test]
async fn the_front_door_says_where_to_go() {
    let registry = TestRegistry::start().await;
    let text = String::from_utf8(registry.get("/").await.body).unwrap();
    assert!(
        text.contains("claw-registry") && text.contains(paths::WELL_KNOWN),
        "{text}"
    );
}

#[tokio::test]
async fn a_blob_that_the_disk_lost_is_our_fault_and_says_nothing_of_our_insides() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    let digest = packed.tarball_digest.digest;
    std::fs::remove_file(registry.app.storage.blob_path(&digest)).unwrap();
    let reply = registry.get(&paths::blob(&digest)).await;
    assert_eq!(reply.refusal(), (500, "internal".to_owned()));
    assert!(!reply.detail().contains("blobs"), "{}", reply.detail());
}

#[tokio::test]
async fn a_small_tarball_that_the_disk_altered_is_not_sent() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    let digest = packed.tarball_digest.digest;
    let file = registry.app.storage.blob_path(&digest);
    let mut altered = packed.tarball.clone();
    altered[100] ^= 1;
    std::fs::write(&file, &altered).unwrap();
    let reply = registry.get(&paths::blob(&digest)).await;
    assert_eq!(reply.refusal(), (500, "internal".to_owned()));
    std::fs::write(&file, &packed.tarball).unwrap();
    assert_eq!(
        registry.get(&paths::blob(&digest)).await.body,
        packed.tarball
    );
}
