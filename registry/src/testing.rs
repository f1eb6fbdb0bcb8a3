//! A registry behind a real socket, and a publisher with a real key, for the tests of this crate.

mod described;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_package::{Digest, Manifest, PackFile, PackSource, Packed, Toolchain};
use claw_registry_api::{NamespacePattern, Scope, Timestamp, paths};
use claw_trust::{Keyset, KeysetRef, Origin, Release, SigningKey};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::crash::CrashPoint;
use crate::limits::Limits;
use crate::server::Tls;
use crate::setup::{Setup, SetupOptions};
use crate::storage::ServerLock;
use crate::{clock, namespaces, server, tokens};

/// The origin of every registry here.
pub(crate) fn origin() -> Origin {
    "skills.acme.example".parse().unwrap()
}

/// A registry that serves a folder of its own until it is dropped.
pub(crate) struct TestRegistry {
    root: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    /// An administrator's token; empty after a restart.
    pub(crate) admin: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    lock: ServerLock,
}

impl TestRegistry {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub(crate) async fn start_with(limits: Limits) -> Self {
        Self::over(tempfile::tempdir().unwrap(), limits, None).await
    }

    /// One that serves HTTPS.
    pub(crate) async fn start_tls(limits: Limits, tls: Arc<Tls>) -> Self {
        Self::over(tempfile::tempdir().unwrap(), limits, Some(tls)).await
    }

    pub(crate) async fn over(root: TempDir, limits: Limits, tls: Option<Arc<Tls>>) -> Self {
        let options = SetupOptions {
            folder: root.path().join("data"),
            origin: None,
            default_origin: origin(),
            crash: CrashPoint::default(),
            limits,
        };
        let Setup { app, admin, lock } = Setup::open(options).await.unwrap();
        let (app, (stop, stopped)) = (Arc::new(app), oneshot::channel());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = server::serve(listener, Arc::clone(&app), tls, async {
            drop(stopped.await)
        });
        let serving = tokio::spawn(serving);
        let admin = admin
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default();
        Self {
            root,
            address,
            app,
            admin,
            stop,
            serving,
            lock,
        }
    }

    /// Stops it, and hands over the folder above its own.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.stop);
        self.serving.await.unwrap();
        self.app.db.close().await;
        drop(self.lock);
        self.root
    }

    /// Stops it, lets `meanwhile` work on the folder, and starts another one over it.
    pub(crate) async fn restart(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let root = self.stop().await;
        meanwhile(&root.path().join("data"));
        Self::over(root, Limits::default(), None).await
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A token made as the command line makes it.
    pub(crate) async fn token(
        &self,
        scopes: &[Scope],
        namespace: &str,
        expires: Option<Timestamp>,
    ) -> String {
        let pattern: NamespacePattern = namespace.parse().unwrap();
        let mut tx = self.app.db.begin_write().await.unwrap();
        let made = tokens::create(&mut tx, scopes, &pattern, clock::now(), expires).await;
        tx.commit().await.unwrap();
        made.unwrap().0.expose().to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Request::new("GET", path)).await
    }

    pub(crate) async fn send(&self, request: Request) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(&request.bytes()).await.unwrap();
        let reply = Reply::read(stream).await;
        described::check(request.method(), request.path(), &reply);
        reply
    }

    pub(crate) async fn upload(&self, token: &str, bytes: &[u8]) -> Reply {
        let path = paths::upload(&Digest::of(bytes));
        self.send(Request::new("PUT", &path).token(token).body(bytes))
            .await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &[u8]) -> Reply {
        self.send(Request::new("POST", path).token(token).body(body))
            .await
    }

    /// Uploads a package and publishes it.
    pub(crate) async fn publish(&self, publisher: &Publisher, packed: &Packed) -> Reply {
        self.upload(&self.admin, &packed.tarball).await;
        self.post(paths::RELEASES, &self.admin, &publisher.release(packed))
            .await
    }

    /// The lines of a package's index.
    pub(crate) async fn index(&self, package: &str) -> Vec<claw_registry_api::IndexLine> {
        let reply = self.get(&paths::index(&package.parse().unwrap())).await;
        assert_eq!(reply.status, 200, "{package}");
        claw_registry_api::index::parse(&reply.body).unwrap()
    }
}

/// Whoever holds the key of a namespace.
pub(crate) struct Publisher {
    pub(crate) key: SigningKey,
    pub(crate) genesis: Vec<u8>,
    pub(crate) keyset: KeysetRef,
}

impl Publisher {
    /// A key of the namespace, not known to any registry.
    pub(crate) fn stranger(namespace: &str) -> Self {
        let key = SigningKey::generate(format!("{namespace}/alice").parse().unwrap()).unwrap();
        let genesis = Keyset::genesis(&origin(), &key);
        let keyset = Keyset::verify(&genesis).unwrap().reference();
        Self {
            key,
            genesis,
            keyset,
        }
    }

    /// A key whose namespace the registry has.
    pub(crate) async fn of(registry: &TestRegistry, namespace: &str) -> Self {
        let publisher = Self::stranger(namespace);
        let keyset = namespaces::read(&origin(), &publisher.genesis).unwrap();
        namespaces::create(&registry.app.db, &keyset, &publisher.genesis, clock::now())
            .await
            .unwrap();
        publisher
    }

    pub(crate) fn release(&self, packed: &Packed) -> Vec<u8> {
        Release::of(packed, origin(), self.keyset, None).sign(&self.key)
    }
}

/// What test packages export where nothing else is asked for: `things.run`.
const COMPONENT: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func $f (canon lift (core func $m "f")))
    (instance $things (export "run" (func $f)))
    (export "acme:test/things@0.1.0" (instance $things)))"#;

/// A package of that name and version whose content depends on `readme`.
pub(crate) fn package(name: &str, version: &str, readme: &str) -> Packed {
    package_of(name, version, readme, &["filesystem.read=docs"], COMPONENT)
}

/// The same with these permissions and this component.
pub(crate) fn package_of(
    name: &str,
    version: &str,
    readme: &str,
    permissions: &[&str],
    component: &str,
) -> Packed {
    let manifest = manifest(name, version, readme, permissions);
    pack(&manifest, component, Vec::new())
}

/// A package that no compression makes shorter than `bytes`.
pub(crate) fn large_package(name: &str, version: &str, bytes: usize) -> Packed {
    let noise = (0u64..).flat_map(|number| *Digest::of(&number.to_le_bytes()).as_bytes());
    let file = PackFile {
        path: "assets/noise".to_owned(),
        bytes: noise.take(bytes).collect(),
        executable: false,
    };
    let manifest = manifest(name, version, "large", &["filesystem.read=docs"]);
    pack(&manifest, COMPONENT, vec![file])
}

fn manifest(name: &str, version: &str, readme: &str, permissions: &[&str]) -> String {
    format!(
        "name = \"{name}\"\nversion = \"{version}\"\ndescription = \"{readme}\"\n\
         permissions = {permissions:?}\nhost = \"^0.1\"\n"
    )
}

fn pack(manifest: &str, component: &str, files: Vec<PackFile>) -> Packed {
    let source = PackSource {
        manifest: Manifest::parse("skill.toml", manifest).unwrap(),
        component: wat::parse_str(component).unwrap(),
        toolchain: Toolchain {
            compiler: "none".to_owned(),
            target: "none".to_owned(),
            builder: "a test".to_owned(),
        },
        files,
    };
    claw_package::pack(source).unwrap()
}

/// A request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Request {
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n");
        Self {
            head,
            body: Vec::new(),
        }
    }

    fn method(&self) -> &str {
        self.head.split(' ').next().unwrap()
    }

    fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn body(self, body: &[u8]) -> Self {
        let length = body.len().to_string();
        Self {
            body: body.to_vec(),
            ..self.header("Content-Length", &length)
        }
    }

    /// Bytes after the head as they are, whatever the head says.
    pub(crate) fn raw(self, body: &[u8]) -> Self {
        Self {
            body: body.to_vec(),
            ..self
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is closed with some of our body unread may end in a reset.
        let _ended = stream.read_to_end(&mut bytes).await;
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an answer has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let reply = Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("transfer-encoding"), None);
        reply
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let json = self.json();
        let code = json["errors"][0]["code"].as_str();
        (
            self.status,
            code.unwrap_or_else(|| panic!("no refusal: {json}"))
                .to_owned(),
        )
    }

    pub(crate) fn detail(&self) -> String {
        self.json()["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
