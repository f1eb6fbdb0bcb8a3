//! Packages without a compiler: components written by hand, packed and signed through the library that the programs
//! use, sent over HTTP as any publisher would.

use std::path::Path;

use claw_package::{
    Digest, Manifest, PackFile, PackSource, PackageName, Packed, PermissionSet, Toolchain, Version,
    pack,
};
use claw_trust::{Keyset, KeysetRef, Origin, Release, SigningKey};

use crate::guests;
use crate::http::{self, Answer};
use crate::registry::Registry;

/// A package to be.
pub struct TestPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    permissions: Vec<String>,
    files: Vec<(String, String)>,
    component: Option<Vec<u8>>,
}

impl TestPackage {
    /// A package whose one action, `echo`, gives back its `text`.
    pub fn new(name: &str, version: &str) -> TestPackage {
        TestPackage {
            name: name.parse().expect("a package name"),
            version: version.parse().expect("a version"),
            permissions: Vec::new(),
            files: Vec::new(),
            component: None,
        }
    }

    /// Asks for one more permission.
    pub fn permission(mut self, line: &str) -> TestPackage {
        self.permissions.push(line.to_owned());
        self
    }

    /// Holds one more file.
    pub fn file(mut self, path: &str, text: &str) -> TestPackage {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Has this component.
    pub fn component(mut self, component: Vec<u8>) -> TestPackage {
        self.component = Some(component);
        self
    }

    /// Is the hostile guest of `tests/guests/probe`, with all that it asks for.
    pub fn probe(self) -> TestPackage {
        let component = member(guests::probe(), "skill.wasm");
        self.permission("filesystem.write=.")
            .permission("environment=GREETING")
            .component(component)
    }

    /// Is the hostile guest of `tests/guests/process`, with all that it asks for.
    pub fn process(self) -> TestPackage {
        let component = member(guests::process(), "skill.wasm");
        self.permission("filesystem.write=.")
            .permission("process.execute=**")
            .permission("environment=GREETING")
            .permission("environment=LD_PRELOAD")
            .component(component)
    }

    /// Is the hostile guest of `tests/guests/net`, with all that it asks for.
    pub fn net(self) -> TestPackage {
        let component = member(guests::net(), "skill.wasm");
        let asked = [
            "filesystem.write=.",
            "network.external=http://*:*",
            "network.external=https://*:*",
            "network.internal=http://*:*",
            "network.internal=https://*:*",
            "network.tcp=0.0.0.0/0:*",
            "secret=TOKEN http://127.0.0.1 authorization",
        ];
        let whole = asked.into_iter().fold(self, TestPackage::permission);
        whole.component(component)
    }

    /// Is the hostile guest of `tests/guests/secret`, with all that it asks for.
    pub fn secret(self) -> TestPackage {
        let component = member(guests::secret(), "skill.wasm");
        let asked = [
            "filesystem.write=.",
            "network.internal=http://*:*",
            "process.execute=**",
            "secret=TOKEN http://127.0.0.1 authorization",
        ];
        let whole = asked.into_iter().fold(self, TestPackage::permission);
        whole.component(component)
    }

    /// Packs it.
    pub fn pack(&self) -> Packed {
        self.try_pack()
            .unwrap_or_else(|error| panic!("`{}` does not pack: {error}", self.name))
    }

    /// Packs it, if it can be packed.
    ///
    /// # Errors
    ///
    /// Why it can't.
    pub fn try_pack(&self) -> Result<Packed, String> {
        let component = self.component.clone().unwrap_or_else(|| echo(&self.name));
        let manifest = Manifest {
            name: self.name.clone(),
            version: self.version.clone(),
            description: "A package of the tests".to_owned(),
            license: Some("MIT".to_owned()),
            permissions: PermissionSet::from_manifest(&self.permissions).expect("permissions"),
            repository: None,
            categories: Vec::new(),
            keywords: Vec::new(),
            triggers: Vec::new(),
            limits: Default::default(),
            host: None,
        };
        let toolchain = Toolchain {
            compiler: "wat".into(),
            target: "wasm32".into(),
            builder: "claw-tests".into(),
        };
        let files = self.files.iter();
        let files = files.map(|(path, text)| PackFile {
            path: path.clone(),
            bytes: text.clone().into_bytes(),
            executable: false,
        });
        let source = PackSource {
            manifest,
            component,
            toolchain,
            files: files.collect(),
        };
        pack(source).map_err(|error| error.to_string())
    }

    /// The release note, signed with `key`.
    pub fn note(&self, key: &SigningKey, origin: &str, keyset: &str) -> Vec<u8> {
        note(&self.pack(), key, origin, keyset)
    }

    /// Uploads the tarball and posts the note; gives the first answer that is no success, or the last.
    pub fn send(
        &self,
        address: &str,
        token: &str,
        key: &SigningKey,
        origin: &str,
        keyset: &str,
    ) -> Answer {
        let packed = self.pack();
        let note = note(&packed, key, origin, keyset);
        send(
            address,
            token,
            &packed.tarball,
            &packed.tarball_digest.digest,
            &note,
        )
    }

    /// The same, and the digest of the note when it was taken.
    ///
    /// # Errors
    ///
    /// The answer's body when it was refused.
    pub fn publish(
        &self,
        address: &str,
        token: &str,
        key: &SigningKey,
        origin: &str,
        keyset: &str,
    ) -> Result<Digest, String> {
        let answer = self.send(address, token, key, origin, keyset);
        match answer.status {
            200 | 201 => Ok(Digest::of(&self.note(key, origin, keyset))),
            status => Err(format!("{status} {}", answer.body)),
        }
    }
}

/// Somebody who publishes, whose key this process holds.
pub struct Publisher {
    key: SigningKey,
    origin: String,
    keyset: String,
    token: String,
}

impl Publisher {
    /// One with a new key, and a namespace and a token of its own at `registry`, whose origin is given.
    pub fn new(registry: &Registry, origin: &str, namespace: &str) -> Publisher {
        let name = format!("{namespace}/robot").parse().expect("a key's name");
        let key = SigningKey::generate(name).expect("the system has random numbers");
        let genesis = Keyset::genesis(&origin.parse().expect("an origin"), &key);
        let file = registry
            .data()
            .with_extension(format!("{namespace}.keyset"));
        std::fs::write(&file, &genesis).expect("writable");
        let file = file.to_str().expect("a UTF-8 path");
        registry
            .admin(&["namespace", "create", namespace, "--keyset", file])
            .ok();
        let words = [
            "token",
            "create",
            "--scope",
            "publish",
            "--namespace",
            namespace,
        ];
        let token = registry.admin(&words).ok().stdout.trim().to_owned();
        let keyset = Keyset::verify(&genesis).expect("it was just signed");
        Publisher {
            key,
            origin: origin.to_owned(),
            keyset: keyset.reference().to_string(),
            token,
        }
    }

    /// Uploads the package and posts its note to the registry at `address`.
    pub fn send(&self, address: &str, package: &TestPackage) -> Answer {
        package.send(address, &self.token, &self.key, &self.origin, &self.keyset)
    }
}

/// The release note of `packed`, signed with `key`.
pub fn note(packed: &Packed, key: &SigningKey, origin: &str, keyset: &str) -> Vec<u8> {
    let origin: Origin = origin.parse().expect("an origin");
    let keyset: KeysetRef = keyset.parse().expect("a keyset reference");
    Release::of(packed, origin, keyset, None).sign(key)
}

/// Uploads a tarball and posts a note; gives the first answer that is no success, or the last.
pub fn send(address: &str, token: &str, tarball: &[u8], digest: &Digest, note: &[u8]) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers: &[(&str, &str)] = if token.is_empty() {
        &[]
    } else {
        &[("authorization", bearer.as_str())]
    };
    let upload = http::request(
        address,
        "PUT",
        &format!("/api/v1/blobs/{digest}"),
        headers,
        tarball,
    );
    if upload.status >= 300 {
        return upload;
    }
    http::request(address, "POST", "/api/v1/releases", headers, note)
}

/// One member of a tarball.
pub fn member(tarball: &Path, name: &str) -> Vec<u8> {
    let file = std::fs::File::open(tarball).expect("the tarball is there");
    let package = claw_package::read(file, &mut claw_package::NoSink).expect("the tarball is good");
    match name {
        "skill.wasm" => package.component_bytes,
        "skill.json" => package.manifest_bytes,
        other => panic!("`{other}` is not kept while reading"),
    }
}

/// A component from its text.
pub fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("the component does not parse: {error}"))
}

/// A component for `name` with the action `echo`.
pub fn echo(name: &PackageName) -> Vec<u8> {
    component(&format!(
        r#"(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (func $echo (param "text" string) (result string)
    (canon lift (core func $i "echo") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (instance $api (export "echo" (func $echo)))
  (export "{}:{}/api@0.1.0" (instance $api)))"#,
        name.namespace(),
        name.name()
    ))
}

/// A component whose start function never ends.
pub const LOOP_IN_START: &str = r#"(component
  (core module $m
    (func $start (loop $again (br $again)))
    (start $start)
    (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))"#;

/// A component that never ends placing its input.
pub const LOOP_IN_REALLOC: &str = r#"(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) (unreachable))
    (func (export "run") (param i32 i32)))
  (core instance $i (instantiate $m))
  (func (export "run") (param "text" string)
    (canon lift (core func $i "run") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#;
