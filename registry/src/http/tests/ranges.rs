//! Parts of blobs, over real sockets. Which part a header means is tested beside the code.

use claw_package::Digest;
use claw_registry_api::paths;

use crate::testing::{Publisher, Reply, Request, TestRegistry, large_package, package};

async fn part(registry: &TestRegistry, method: &str, path: &str, range: &str) -> Reply {
    let request = Request::new(method, path).header("Range", range);
    registry.send(request).await
}

#[tokio::test]
async fn parts_of_tarballs_and_notes_make_up_the_whole() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    // Several pages, and none of them in memory beforehand.
    let large = large_package("acme/large", "1.0.0", 700_000);
    registry.publish(&acme, &large).await;
    assert_eq!(
        registry
            .get(&paths::blob(&large.tarball_digest.digest))
            .await
            .body,
        large.tarball
    );
    for digest in [
        packed.tarball_digest.digest,
        large.tarball_digest.digest,
        Digest::of(&acme.genesis),
    ] {
        let path = paths::blob(&digest);
        let whole = registry.get(&path).await;
        let size = whole.body.len();
        let mut joined = Vec::new();
        for (first, last) in [(0, 0), (1, 99), (100, size - 1)] {
            let reply = part(&registry, "GET", &path, &format!("bytes={first}-{last}")).await;
            assert_eq!(reply.status, 206);
            let said = format!("bytes {first}-{last}/{size}");
            assert_eq!(reply.header("content-range"), Some(said.as_str()));
            let length = (last - first + 1).to_string();
            assert_eq!(reply.header("content-length"), Some(length.as_str()));
            for name in ["etag", "cache-control", "repr-digest", "accept-ranges"] {
                assert_eq!(reply.header(name), whole.header(name), "{name}");
            }
            joined.extend(reply.body);
        }
        assert_eq!(joined, whole.body);
        let end = part(&registry, "GET", &path, "bytes=-7").await;
        assert_eq!(end.body, whole.body[size - 7..]);
    }
}

#[tokio::test]
async fn a_part_behind_the_end_is_refused_with_the_size() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let path = paths::blob(&Digest::of(&acme.genesis));
    let size = acme.genesis.len();
    let reply = part(&registry, "GET", &path, &format!("bytes={size}-")).await;
    assert_eq!(reply.refusal(), (416, "range-not-satisfiable".to_owned()));
    assert_eq!(
        reply.header("content-range"),
        Some(format!("bytes */{size}").as_str())
    );
}

#[tokio::test]
async fn a_part_is_of_what_the_client_has_the_beginning_of() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let path = paths::blob(&Digest::of(&acme.genesis));
    let etag = registry.get(&path).await.header("etag").unwrap().to_owned();
    for (had, status) in [(etag.as_str(), 206), ("\"sha256-00\"", 200)] {
        let request = Request::new("GET", &path)
            .header("Range", "bytes=1-")
            .header("If-Range", had);
        assert_eq!(registry.send(request).await.status, status, "{had}");
    }
    // Whoever has it all already is told so first.
    let request = Request::new("GET", &path)
        .header("Range", "bytes=1-")
        .header("If-None-Match", &etag);
    assert_eq!(registry.send(request).await.status, 304);
}

#[tokio::test]
async fn several_parts_and_the_head_are_of_the_whole() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let path = paths::blob(&Digest::of(&acme.genesis));
    let several = part(&registry, "GET", &path, "bytes=0-1,3-4").await;
    assert_eq!((several.status, &several.body), (200, &acme.genesis));
    let head = part(&registry, "HEAD", &path, "bytes=0-1").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let length = acme.genesis.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    assert_eq!(head.header("accept-ranges"), Some("bytes"));
    let index = part(&registry, "GET", "/openapi.json", "bytes=0-1").await;
    assert_eq!(index.status, 200);
}
