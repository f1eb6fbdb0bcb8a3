//! The paths of a registry, each written down once.
//!
//! Callers put them after the registry's address. Every part comes from a type that allows no `/`,
//! `.` or `%`, so nothing needs escaping.

use claw_package::{Digest, Namespace, PackageName};

/// Says who the registry is.
pub const WELL_KNOWN: &str = "/.well-known/claw-registry.json";

/// Before every index file: `/index/<namespace>/<name>`.
pub const INDEX: &str = "/index/";

/// Before every blob: `/blobs/sha256/<hex>`.
pub const BLOBS: &str = "/blobs/";

/// Before every keyset note: `/keysets/<namespace>/<sequence>.note`.
pub const KEYSETS: &str = "/keysets/";

/// Before everything that is no file: changes and questions.
pub const API: &str = "/api/v1/";

/// `POST` a release note.
pub const RELEASES: &str = "/api/v1/releases";

/// `POST` a yank or unyank note.
pub const EVENTS: &str = "/api/v1/events";

/// `POST` a genesis keyset note.
pub const NAMESPACES: &str = "/api/v1/namespaces";

/// `POST` a new token, `GET` all of them.
pub const TOKENS: &str = "/api/v1/tokens";

/// `GET` what matches a query.
pub const SEARCH: &str = "/api/v1/search";

/// Before the download counts of a package: `/api/v1/downloads/<namespace>/<name>`.
pub const DOWNLOADS: &str = "/api/v1/downloads/";

/// Whether the process lives.
pub const HEALTH: &str = "/health";

/// Whether the process can serve.
pub const READY: &str = "/ready";

/// What the registry counts and times, for Prometheus.
pub const METRICS: &str = "/metrics";

/// What the registry answers to, as OpenAPI describes it.
pub const OPENAPI: &str = "/openapi.json";

/// The index file of a package.
pub fn index(package: &PackageName) -> String {
    format!("{INDEX}{}/{}", package.namespace(), package.name())
}

/// The bytes of a digest.
pub fn blob(digest: &Digest) -> String {
    format!("{BLOBS}sha256/{}", digest.hex())
}

/// A keyset note of a namespace.
pub fn keyset(namespace: &Namespace, sequence: u64) -> String {
    format!("{KEYSETS}{namespace}/{sequence}.note")
}

/// Where the bytes of a digest are uploaded.
pub fn upload(digest: &Digest) -> String {
    format!("{API}blobs/{digest}")
}

/// How often a package was downloaded.
pub fn downloads(package: &PackageName) -> String {
    format!("{DOWNLOADS}{}/{}", package.namespace(), package.name())
}

/// One token, to `DELETE` it.
pub fn token(id: u64) -> String {
    format!("{TOKENS}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_promised() {
        let package: PackageName = "acme/pdf-extract".parse().unwrap();
        let digest = Digest::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(index(&package), "/index/acme/pdf-extract");
        assert_eq!(blob(&digest), format!("/blobs/sha256/{hex}"));
        assert_eq!(keyset(package.namespace(), 1), "/keysets/acme/1.note");
        assert_eq!(upload(&digest), format!("/api/v1/blobs/sha256:{hex}"));
        assert_eq!(downloads(&package), "/api/v1/downloads/acme/pdf-extract");
        assert_eq!(token(7), "/api/v1/tokens/7");
    }
}
