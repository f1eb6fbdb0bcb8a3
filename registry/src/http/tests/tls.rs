//! HTTPS: by files that may change, over HTTP/1.1 and HTTP/2, within the bounds that hold without it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{self, Method, StatusCode};
use bytes::Bytes;
use claw_package::Digest;
use claw_registry_api::paths;
use h2::client::{Builder, Connection, SendRequest};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::limits::Limits;
use crate::server::{Tls, TlsError};
use crate::testing::{Publisher, Request, TestRegistry};

/// Nothing here takes anywhere near as long.
const LONG: Duration = Duration::from_secs(60);

/// A certificate for the loopback, with its key.
struct Pair {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

impl Pair {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            certificate_pem: made.cert.pem(),
            key_pem: made.signing_key.serialize_pem(),
        }
    }
}

/// The folder that a pair is in.
struct Files(TempDir);

impl Files {
    fn new(pair: &Pair) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(&pair.certificate_pem, &pair.key_pem);
        files
    }

    fn write(&self, certificate: &str, key: &str) {
        std::fs::write(self.certificate(), certificate).unwrap();
        std::fs::write(self.key(), key).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn open(&self) -> Result<Tls, TlsError> {
        Tls::open(&self.certificate(), &self.key())
    }
}

/// A handshake by somebody who trusts these and speaks that.
async fn connect(
    registry: &TestRegistry,
    trusted: &[&Pair],
    protocol: &[u8],
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.certificate.clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(registry.address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

/// The certificate that new connections get.
async fn served(registry: &TestRegistry, trusted: &[&Pair]) -> CertificateDer<'static> {
    let stream = connect(registry, trusted, b"http/1.1").await;
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

type Http2 = (SendRequest<Bytes>, Connection<TlsStream<TcpStream>, Bytes>);

async fn http_2(registry: &TestRegistry, pair: &Pair, builder: &Builder) -> Http2 {
    let stream = connect(registry, &[pair], b"h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    builder.handshake(stream).await.unwrap()
}

fn get(path: &str) -> http::Request<()> {
    let uri = format!("https://127.0.0.1{path}");
    http::Request::builder()
        .method(Method::GET)
        .uri(uri)
        .body(())
        .unwrap()
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_as_the_client_asks() {
    let pair = Pair::new();
    let tls = Files::new(&pair).open().unwrap();
    let registry = TestRegistry::start_tls(Limits::default(), Arc::new(tls)).await;
    let mut stream = connect(&registry, &[&pair], b"http/1.1").await;
    let request = Request::new("GET", paths::HEALTH).bytes();
    stream.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    let (mut client, connection) = http_2(&registry, &pair, &Builder::new()).await;
    tokio::spawn(connection);
    for (path, status) in [
        (paths::HEALTH, StatusCode::OK),
        ("/no", StatusCode::NOT_FOUND),
    ] {
        let (answer, _) = client.send_request(get(path), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{path}");
    }
}

#[tokio::test]
async fn a_new_pair_is_served_to_new_connections_and_a_bad_one_never() {
    let (old, new, other) = (Pair::new(), Pair::new(), Pair::new());
    let files = Files::new(&old);
    let tls = Arc::new(files.open().unwrap());
    // Looked at by this test alone.
    let limits = Limits {
        certificate_time: LONG,
        ..Limits::default()
    };
    let registry = TestRegistry::start_tls(limits, Arc::clone(&tls)).await;
    let trusted = [&old, &new];
    let (mut standing, connection) = http_2(&registry, &old, &Builder::new()).await;
    tokio::spawn(connection);
    assert_eq!(served(&registry, &trusted).await, old.certificate);
    assert!(!tls.refresh().unwrap());
    files.write(&new.certificate_pem, &new.key_pem);
    assert!(tls.refresh().unwrap());
    assert_eq!(served(&registry, &trusted).await, new.certificate);
    files.write(&other.certificate_pem, &new.key_pem);
    let error = tls.refresh().unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
    assert!(!tls.refresh().unwrap(), "it is said once");
    std::fs::remove_file(files.key()).unwrap();
    let error = tls.refresh().unwrap_err();
    assert!(matches!(error, TlsError::Read { .. }), "{error}");
    assert_eq!(served(&registry, &trusted).await, new.certificate);
    let (answer, _) = standing.send_request(get(paths::HEALTH), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn changed_files_are_found_by_themselves() {
    let (old, new) = (Pair::new(), Pair::new());
    let files = Files::new(&old);
    let limits = Limits {
        certificate_time: Duration::from_millis(1),
        ..Limits::default()
    };
    let tls = Arc::new(files.open().unwrap());
    let registry = TestRegistry::start_tls(limits, tls).await;
    files.write(&new.certificate_pem, &new.key_pem);
    let changed = async { while served(&registry, &[&old, &new]).await != new.certificate {} };
    tokio::time::timeout(LONG, changed).await.unwrap();
}

#[test]
fn files_that_make_no_pair_are_refused_by_name() {
    let (pair, other) = (Pair::new(), Pair::new());
    let files = Files::new(&pair);
    let refused = |certificate: &str, key: &str| {
        files.write(certificate, key);
        crate::failure::chain(&files.open().unwrap_err())
    };
    let (certificate, key) = (files.certificate(), files.key());
    let shown = |path: &Path| format!("`{}`", path.display());
    let mismatch = refused(&pair.certificate_pem, &other.key_pem);
    assert!(
        mismatch.contains(&shown(&key)) && mismatch.contains("is not the one"),
        "{mismatch}"
    );
    let swapped = refused(&pair.key_pem, &pair.certificate_pem);
    assert_eq!(
        swapped,
        format!("{} holds no certificate in PEM form", shown(&certificate))
    );
    let empty = refused(&pair.certificate_pem, "");
    assert_eq!(
        empty,
        format!("{} holds no private key in PEM form", shown(&key))
    );
    let cut = refused(&pair.certificate_pem[..100], &pair.key_pem);
    assert!(
        cut.starts_with(&format!("{} is damaged", shown(&certificate))),
        "{cut}"
    );
    let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let rubbish = refused(rubbish, &pair.key_pem);
    assert!(rubbish.contains(&shown(&certificate)), "{rubbish}");
    let long = refused(&" ".repeat(1024 * 1024 + 1), &pair.key_pem);
    assert!(long.contains("longer than"), "{long}");
    files.write(&pair.certificate_pem, &pair.key_pem);
    std::fs::remove_file(&key).unwrap();
    let missing = crate::failure::chain(&files.open().unwrap_err());
    assert!(
        missing.starts_with(&format!("could not read {}", shown(&key))),
        "{missing}"
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_the_connection() {
    let tls = Files::new(&Pair::new()).open().unwrap();
    let limits = Limits {
        head_time: Duration::from_millis(1),
        ..Limits::default()
    };
    let registry = TestRegistry::start_tls(limits, Arc::new(tls)).await;
    let mut stream = TcpStream::connect(registry.address).await.unwrap();
    let mut byte = [0];
    let ended = tokio::time::timeout(LONG, stream.read(&mut byte));
    assert_eq!(ended.await.unwrap().unwrap_or(0), 0);
}

#[tokio::test]
async fn an_http_2_connection_that_asks_for_nothing_is_not_kept() {
    let pair = Pair::new();
    let tls = Files::new(&pair).open().unwrap();
    let limits = Limits {
        head_time: Duration::from_secs(1),
        ..Limits::default()
    };
    let registry = TestRegistry::start_tls(limits, Arc::new(tls)).await;
    // One that says what it speaks and then nothing, and one that does not even begin.
    let (_client, connection) = http_2(&registry, &pair, &Builder::new()).await;
    let mut silent = connect(&registry, &[&pair], b"h2").await;
    let ended = tokio::time::timeout(LONG, connection);
    assert!(ended.await.is_ok(), "it is told to go, and goes");
    let read = async { while silent.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} };
    tokio::time::timeout(LONG, read).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_not_read_ends_its_http_2_connection() {
    let pair = Pair::new();
    let tls = Files::new(&pair).open().unwrap();
    // Nothing else would end it in time.
    let limits = Limits {
        unread_time: Duration::from_millis(1),
        head_time: 2 * LONG,
        ..Limits::default()
    };
    let registry = TestRegistry::start_tls(limits, Arc::new(tls)).await;
    let acme = Publisher::of(&registry, "acme").await;
    let mut builder = Builder::new();
    builder.initial_window_size(0);
    let (mut client, connection) = http_2(&registry, &pair, &builder).await;
    let path = paths::blob(&Digest::of(&acme.genesis));
    let (answer, _) = client.send_request(get(&path), true).unwrap();
    let (_, ended) = tokio::join!(answer, tokio::time::timeout(LONG, connection));
    assert!(ended.is_ok());
}

#[tokio::test]
async fn an_http_2_connection_has_its_share_of_streams_of_memory_and_of_headers() {
    let pair = Pair::new();
    let tls = Files::new(&pair).open().unwrap();
    let limits = Limits {
        streams: 1,
        window_bytes: 100_000,
        ..Limits::default()
    };
    let head_bytes = limits.head_bytes;
    let registry = TestRegistry::start_tls(limits, Arc::new(tls)).await;
    let (mut client, mut connection) = http_2(&registry, &pair, &Builder::new()).await;
    // Its settings have come with the first answer.
    let (answer, _) = client.send_request(get(paths::HEALTH), true).unwrap();
    tokio::select! {
        answer = answer => assert_eq!(answer.unwrap().status(), StatusCode::OK),
        ended = &mut connection => panic!("{ended:?}"),
    }
    let upload = http::Request::put(format!(
        "https://127.0.0.1{}",
        paths::upload(&Digest::of(b""))
    ));
    let (_, mut body) = client
        .send_request(upload.body(()).unwrap(), false)
        .unwrap();
    body.reserve_capacity(1_000_000);
    let talk = async {
        std::future::poll_fn(|context| body.poll_capacity(context)).await;
        let capacity = body.capacity();
        body.send_reset(h2::Reason::CANCEL);
        capacity
    };
    let capacity = tokio::select! {
        capacity = talk => capacity,
        ended = &mut connection => panic!("{ended:?}"),
    };
    assert!((1..=100_000).contains(&capacity), "{capacity}");
    assert_eq!(connection.max_concurrent_send_streams(), 1);
    let long =
        http::Request::get("https://127.0.0.1/").header("x-long", "x".repeat(4 * head_bytes));
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let (answer, _) = client.send_request(long.body(()).unwrap(), true).unwrap();
    match answer.await {
        Ok(answer) => assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(refused) => assert!(refused.is_remote(), "{refused}"),
    }
}
