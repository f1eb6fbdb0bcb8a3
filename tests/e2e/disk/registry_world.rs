//! A registry on a disk that can fail, with a namespace, and what is sent to it.

use std::path::Path;

use claw_package::Digest;
use claw_tests::environment::{ORIGIN, Person, key_of, open_namespace};
use claw_tests::faults::Disk;
use claw_tests::http::{self, Answer};
use claw_tests::packages::TestPackage;
use claw_tests::registry::{Registry, RegistryOptions};
use claw_trust::{Keyset, SigningKey, Yank, YankAction};
use tempfile::TempDir;

/// A registry that serves from a disk that can fail.
pub(super) struct World {
    root: TempDir,
    pub(super) disk: Disk,
    pub(super) registry: Registry,
    key: SigningKey,
    token: String,
    keyset: String,
}

impl World {
    /// With the namespace `acme`, on a disk that does not fail yet.
    pub(super) fn new() -> World {
        World::prepared(|_| {})
    }

    /// The same, where something is done to the disk before there is anything on it.
    pub(super) fn prepared(prepare: impl FnOnce(&Disk)) -> World {
        let root = TempDir::new().expect("a temporary folder can be made");
        let data = root.path().join("registry");
        std::fs::create_dir(&data).expect("a folder can be made");
        let disk = Disk::below(&data);
        prepare(&disk);
        let options = RegistryOptions {
            origin: Some(ORIGIN),
            disk: Some(&disk),
            ..RegistryOptions::default()
        };
        let registry = Registry::start_with(&data, &options);
        let author = Person::new(root.path(), "author");
        let (token, keyset) = open_namespace(&registry, &author, "acme", "alice");
        World {
            key: key_of(&author, "acme", "alice"),
            root,
            disk,
            registry,
            token,
            keyset,
        }
    }

    /// The folder with the registry's, and that of its author.
    pub(super) fn folder(&self) -> &Path {
        self.root.path()
    }

    /// The sender of this registry's author and administrator.
    pub(super) fn sender(&self) -> Sender<'_> {
        Sender {
            address: &self.registry.address,
            admin: &self.registry.admin_token,
            world: self,
        }
    }
}

/// Sends what an author and an administrator send, to this registry or to one with the same data.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) address: &'a str,
    admin: &'a str,
    world: &'a World,
}

impl<'a> Sender<'a> {
    /// The same people, at another address.
    pub(super) fn at(self, address: &'a str) -> Sender<'a> {
        Sender { address, ..self }
    }

    /// Uploads and publishes `acme/x` of this version.
    pub(super) fn publish(self, version: &str) -> Answer {
        let World {
            key, token, keyset, ..
        } = self.world;
        TestPackage::new("acme/x", version).send(self.address, token, key, ORIGIN, keyset)
    }

    /// Uploads the tarball alone.
    pub(super) fn upload(self, version: &str) -> Answer {
        let packed = TestPackage::new("acme/x", version).pack();
        let path = format!("/api/v1/blobs/{}", packed.tarball_digest.digest);
        self.send("PUT", &self.world.token, &path, &packed.tarball)
    }

    /// Whether that tarball need not be sent again.
    pub(super) fn has_tarball(self, version: &str) -> bool {
        let packed = TestPackage::new("acme/x", version).pack();
        let path = format!("/api/v1/blobs/{}", packed.tarball_digest.digest);
        self.send("HEAD", &self.world.token, &path, b"").status == 200
    }

    /// The digest of its release note.
    pub(super) fn note(self, version: &str) -> Digest {
        let package = TestPackage::new("acme/x", version);
        Digest::of(&package.note(&self.world.key, ORIGIN, &self.world.keyset))
    }

    /// Yanks a version that was published and not yanked.
    pub(super) fn yank(self, version: &str) -> Answer {
        let note = Yank {
            action: YankAction::Yank,
            registry: ORIGIN.parse().expect("an origin"),
            package: "acme/x".parse().expect("a name"),
            version: version.parse().expect("a version"),
            release: self.note(version),
            sequence: 1,
            reason: None,
            keyset: self.world.keyset.parse().expect("a keyset reference"),
        };
        let note = note.sign(&self.world.key);
        self.send("POST", &self.world.token, "/api/v1/events", &note)
    }

    /// Creates a namespace from `key`.
    pub(super) fn namespace(self, key: &SigningKey) -> Answer {
        let note = Keyset::genesis(&ORIGIN.parse().expect("an origin"), key);
        self.send("POST", self.admin, "/api/v1/namespaces", &note)
    }

    /// Makes a token.
    pub(super) fn token(self) -> Answer {
        let body = br#"{"scopes":["publish"],"namespace":"acme"}"#;
        self.send("POST", self.admin, "/api/v1/tokens", body)
    }

    /// How many tokens there are.
    pub(super) fn tokens(self) -> usize {
        let answer = self.send("GET", self.admin, "/api/v1/tokens", b"");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.matches("\"scopes\"").count()
    }

    /// What is published now, a line each.
    pub(super) fn index(self) -> String {
        let answer = self.get("/index/acme/x");
        match answer.status {
            200 => answer.body,
            404 => String::new(),
            status => panic!("{status} {}", answer.body),
        }
    }

    pub(super) fn get(self, path: &str) -> Answer {
        http::request(self.address, "GET", path, &[], b"")
    }

    fn send(self, method: &str, token: &str, path: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        http::request(self.address, method, path, &headers, body)
    }
}
