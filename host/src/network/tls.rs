//! TLS to web servers and to proxies: verified against the operator's roots, never skipped.
//!
//! The roots are read on the first connection that needs them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use claw_package::permission::Host;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::Error;

use super::dial::Stream;

/// Gives the certificates that are trusted. It may block.
pub type Roots =
    Arc<dyn Fn() -> Result<Vec<CertificateDer<'static>>, String> + Send + Sync + 'static>;

/// The certificates in a file and in a folder, or the system's where neither is given.
pub(super) fn roots(file: Option<PathBuf>, folder: Option<PathBuf>) -> Roots {
    Arc::new(move || {
        let found = match (&file, &folder) {
            (None, None) => rustls_native_certs::load_native_certs(),
            _ => rustls_native_certs::load_certs_from_paths(file.as_deref(), folder.as_deref()),
        };
        match found.errors.first() {
            Some(error) if found.certs.is_empty() => Err(error.to_string()),
            _ => Ok(found.certs),
        }
    })
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

pub(super) struct Tls {
    roots: Roots,
    ready: OnceCell<Result<Ready, String>>,
}

struct Ready {
    web: TlsConnector,
    proxy: TlsConnector,
}

impl Tls {
    pub(super) fn new(roots: Roots) -> Self {
        Self {
            roots,
            ready: OnceCell::new(),
        }
    }

    /// Talks to a web server that has proved to be `host`.
    pub(super) async fn to_web(
        &self,
        host: &Host,
        stream: Box<dyn Stream>,
    ) -> Result<(Box<dyn Stream>, Protocol), Error> {
        let ready = self.ready().await;
        let ready = ready.map_err(|reason| Error::InternalError(Some(reason.to_owned())))?;
        let name = server_name(host).ok_or(Error::HttpRequestUriInvalid)?;
        let stream = ready.web.connect(name, stream).await.map_err(fault)?;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        };
        Ok((Box::new(stream), protocol))
    }

    /// Talks to a proxy that has proved to be `host`.
    pub(super) async fn to_proxy(
        &self,
        host: &Host,
        stream: Box<dyn Stream>,
    ) -> io::Result<Box<dyn Stream>> {
        let ready = self.ready().await.map_err(io::Error::other)?;
        let name = server_name(host).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Box::new(ready.proxy.connect(name, stream).await?))
    }

    async fn ready(&self) -> Result<&Ready, &str> {
        let make = || async {
            let roots = Arc::clone(&self.roots);
            // Hundreds of files on some systems.
            let made = tokio::task::spawn_blocking(move || prepare(roots()?)).await;
            made.unwrap_or_else(|error| Err(error.to_string()))
        };
        let ready = self.ready.get_or_init(make).await;
        ready.as_ref().map_err(String::as_str)
    }
}

fn prepare(roots: Vec<CertificateDer<'static>>) -> Result<Ready, String> {
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(roots);
    if usable == 0 {
        return Err("there are no certificates that this machine trusts".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(store)
        .with_no_client_auth();
    let connector = |protocols: &[&[u8]]| {
        let mut config = config.clone();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    };
    Ok(Ready {
        web: connector(&[b"h2", b"http/1.1"]),
        proxy: connector(&[b"http/1.1"]),
    })
}

fn server_name(host: &Host) -> Option<ServerName<'static>> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone()).ok(),
        Host::Address(ip) => Some(ServerName::IpAddress((*ip).into())),
        Host::Any | Host::Below(_) => None,
    }
}

/// Nothing of the request was sent yet.
fn fault(error: io::Error) -> Error {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        Some(rustls::Error::AlertReceived(alert)) => Error::TlsAlertReceived {
            alert_id: Some((*alert).into()),
            alert_message: Some(format!("{alert:?}")),
        },
        _ => Error::TlsProtocolError,
    }
}
