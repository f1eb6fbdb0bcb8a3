//! TLS with roots of the operator's own, and both versions of HTTP.

use hyper::service::service_fn;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use wasmtime_wasi_http::io::TokioIo;

use super::*;

const ANY_TLS: &str = "network.external=https://*:*";

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        Self { issuer, root }
    }

    fn roots(&self) -> Roots {
        let root = self.root.clone();
        Arc::new(move || Ok(vec![root.clone()]))
    }

    /// A server that says which version and host it was asked with.
    async fn server(&self, name: &str, protocols: &[&[u8]]) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        server(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let asked_name = stream.get_ref().1.server_name().unwrap_or("-").to_owned();
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let host =
                        request.uri().host().map(str::to_owned).or_else(|| {
                            Some(request.headers().get("host")?.to_str().ok()?.to_owned())
                        });
                    let text = format!("{:?} {} {asked_name}", request.version(), host.unwrap());
                    async move { Ok::<_, io::Error>(Response::new(Full::new(Bytes::from(text)))) }
                });
                let io = TokioIo::new(stream);
                let _ = if is_http2 {
                    hyper::server::conn::http2::Builder::new(Spawn)
                        .serve_connection(io, service)
                        .await
                } else {
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(io, service)
                        .await
                };
            }
        })
        .await
    }
}

#[derive(Clone)]
struct Spawn;

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawn {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

fn world(authority: &Authority, server: SocketAddr) -> World {
    let mut world = World::new(server, &[ANY_TLS]);
    world.roots = authority.roots();
    world
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_as_the_server_wishes() {
    let authority = Authority::new();
    for (protocols, version) in [
        (&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"),
        (&[b"http/1.1"], "HTTP/1.1"),
        (&[], "HTTP/1.1"),
    ] {
        let server = authority.server("example.com", protocols).await;
        let world = world(&authority, server);
        let mut guest = world.guest();
        for _ in 0..2 {
            let response = guest.get("https://example.com/").await.unwrap();
            assert_eq!(
                *response.body(),
                format!("{version} example.com example.com")
            );
        }
        assert_eq!(world.dialled()[0], "93.184.216.34:443");
    }
}

#[tokio::test]
async fn a_server_proves_that_it_is_who_was_asked() {
    let authority = Authority::new();
    let elsewhere = authority.server("other.example", &[b"http/1.1"]).await;
    let refused = world(&authority, elsewhere)
        .guest()
        .get("https://example.com/")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::TlsCertificateError), "{refused}");

    let stranger = Authority::new().server("example.com", &[b"http/1.1"]).await;
    let refused = world(&authority, stranger)
        .guest()
        .get("https://example.com/")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::TlsCertificateError), "{refused}");

    let plain = server(|mut stream| async move {
        let _ = stream.write_all(OK.as_bytes()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let refused = world(&authority, plain)
        .guest()
        .get("https://example.com/")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::TlsProtocolError), "{refused}");

    let none = World::new(plain, &[ANY_TLS]);
    let refused = none.guest().get("https://example.com/").await.unwrap_err();
    assert!(
        matches!(refused, Error::InternalError(Some(_))),
        "{refused}"
    );
}

#[tokio::test]
async fn limits_hold_over_http_2() {
    let authority = Authority::new();
    let server = authority.server("example.com", &[b"h2"]).await;
    let mut world = world(&authority, server);
    world.limits.response_bytes = 3;
    let refused = world.guest().get("https://example.com/").await.unwrap_err();
    assert!(
        matches!(refused, Error::HttpResponseBodySize(_)),
        "{refused}"
    );
    world.limits.request_body_bytes = 3;
    let request = Request::post("https://example.com/")
        .body(body("0123"))
        .unwrap();
    let refused = world.guest().send(request, None).await.unwrap_err();
    assert!(
        matches!(refused, Error::HttpRequestBodySize(_)),
        "{refused}"
    );
}
