//! TLS by a certificate and a key in files, read again when they change.
//!
//! A pair that does not hold together is never served: at the start it is an error, later the pair that
//! stands stays, and the log says why. Connections that stand are not touched by a change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use claw_package::Digest;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{error, info, warn};

/// How a client asks for HTTP/2.
pub(super) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// The longest file that is read: a chain of certificates takes a few KiB.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A certificate with its key, as the files have them.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
    /// The bytes that were tried last, so that a bad pair is complained of once.
    tried: Mutex<Digest>,
}

/// Why a certificate and a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("could not read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has the wrong thing in it.
    #[error("`{path}` holds no {what} in PEM form")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        what: &'static str,
    },
    /// A file is not what it seems to be.
    #[error("`{path}` is damaged")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// The two do not make a pair.
    #[error("the key in `{key}` is not the one of the certificate in `{certificate}`")]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// They can't be used for another reason.
    #[error("the certificate in `{certificate}` can't be used")]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads the pair.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = Files::read(certificate, key)?;
        let config = files.config(certificate, key)?;
        if is_open_to_others(key) {
            warn!(
                "`{}` can be read by everybody on this machine: chmod 600 it",
                key.display()
            );
        }
        Ok(Self {
            certificate: certificate.to_path_buf(),
            key: key.to_path_buf(),
            current: RwLock::new(Arc::new(config)),
            tried: Mutex::new(files.digest()),
        })
    }

    /// Serves the pair that the files hold now, if it is another one and holds together; whether it did
    /// change. Waits for the disk.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let files = Files::read(&self.certificate, &self.key)?;
        let digest = files.digest();
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if *tried == digest {
            return Ok(false);
        }
        *tried = digest;
        let config = Arc::new(files.config(&self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(true)
    }

    /// The handshake of a new connection, with the pair that stands when it begins.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }
}

/// Looks at the files now and then, for as long as it is let.
pub(super) async fn watch(tls: Arc<Tls>, every: Duration) {
    let mut every = tokio::time::interval(every);
    let mut is_readable = true;
    loop {
        every.tick().await;
        let tls = Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || tls.refresh()).await {
            Ok(Ok(is_new)) => {
                is_readable = true;
                if is_new {
                    info!("new connections get the new certificate");
                }
            }
            // A file that is being replaced is away for a moment, or for long: it is said once.
            Ok(Err(cause @ TlsError::Read { .. })) => {
                if is_readable {
                    warn!(
                        "the certificate that stands stays: {}",
                        crate::failure::chain(&cause)
                    );
                }
                is_readable = false;
            }
            Ok(Err(cause)) => {
                error!(
                    "the certificate that stands stays: {}",
                    crate::failure::chain(&cause)
                );
            }
            Err(cause) => error!("looking at the certificate failed: {cause}"),
        }
    }
}

/// What the two files hold.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: read(certificate)?,
            key: read(key)?,
        })
    }

    fn digest(&self) -> Digest {
        let parts = [Digest::of(&self.certificate), Digest::of(&self.key)];
        Digest::of(&parts.map(|part| *part.as_bytes()).concat())
    }

    fn config(&self, certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
        let missing = |path: &Path, what| TlsError::Missing {
            path: path.to_path_buf(),
            what,
        };
        let damaged = |path: &Path, source| TlsError::Pem {
            path: path.to_path_buf(),
            source,
        };
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| damaged(certificate, source))?;
        if chain.is_empty() {
            return Err(missing(certificate, "certificate"));
        }
        let secret = match PrivateKeyDer::from_pem_slice(&self.key) {
            Ok(secret) => secret,
            Err(pem::Error::NoItemsFound) => return Err(missing(key, "private key")),
            Err(source) => return Err(damaged(key, source)),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let unusable = |source| match source {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                certificate: certificate.to_path_buf(),
                key: key.to_path_buf(),
            },
            source => TlsError::Unusable {
                certificate: certificate.to_path_buf(),
                source,
            },
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(unusable)?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        Ok(config)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    use std::io::Read as _;

    let unreadable = |source| TlsError::Read {
        path: path.to_path_buf(),
        source,
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let detail = format!("it is longer than {FILE_BYTES_MAX} bytes");
        return Err(unreadable(io::Error::new(
            io::ErrorKind::FileTooLarge,
            detail,
        )));
    }
    Ok(bytes)
}

/// Whether anybody but the owner and the group can read the file.
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}
