//! What a skill may reach over the network, and how it gets there.
//!
//! A [`Network`] is made once per process and knows no grants: it is the operator's resolver, way
//! out, proxy and trusted certificates, none of which is touched before a guest is allowed to send
//! something. `Traffic` is one invocation's side: it decides, counts and records. Nothing is sent
//! that `decide` did not allow twice, once by its URL and once by the address that is dialled.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

mod address;
mod body;
mod decide;
mod dial;
mod fault;
mod proxy;
mod resolve;
mod script;
mod send;
mod sockets;
mod tls;
mod traffic;

#[cfg(test)]
mod tests;

pub use dial::{Dialler, Stream, SystemDialler};
pub use proxy::{Proxies, ProxyError};
pub use resolve::{Resolver, SystemResolver};
pub use script::{Answer, Answers, Asked};
pub(crate) use sockets::add_to_linker as add_sockets_to_linker;
pub use tls::Roots;
pub(crate) use traffic::Traffic;

/// How the guests of one process reach the network. Clones are the same.
#[derive(Clone)]
pub struct Network(Arc<Carrier>);

/// What a [`Network`] is made of.
pub struct NetworkConfig {
    /// Finds addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Connects to them.
    pub dialler: Arc<dyn Dialler>,
    /// The operator's proxies.
    pub proxies: Proxies,
    /// The certificates that web servers' own are verified against, read when they are first needed.
    pub roots: Roots,
}

impl NetworkConfig {
    /// The system's own resolver and connections, and what the usual variables say beside them:
    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case, and
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, which stand for the system's certificates. The caller
    /// reads the variables; this library does not.
    ///
    /// # Errors
    ///
    /// When a proxy cannot be used.
    pub fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let set = |name: &str| {
            let value = read(name).or_else(|| read(&name.to_ascii_lowercase()));
            value.filter(|value| !value.is_empty())
        };
        let all = || set("ALL_PROXY").unwrap_or_default();
        let proxies = Proxies::parse(
            &set("HTTPS_PROXY").unwrap_or_else(all),
            &set("HTTP_PROXY").unwrap_or_else(all),
            &set("NO_PROXY").unwrap_or_default(),
        )?;
        let path = |name| {
            read(name)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        Ok(Self {
            resolver: Arc::new(SystemResolver::new()),
            dialler: Arc::new(SystemDialler),
            proxies,
            roots: tls::roots(path("SSL_CERT_FILE"), path("SSL_CERT_DIR")),
        })
    }
}

impl Network {
    /// A network that is there.
    pub fn new(config: NetworkConfig) -> Self {
        Self(Arc::new(Carrier::Wire(Box::new(Wire {
            resolver: config.resolver,
            dialler: config.dialler,
            proxies: config.proxies,
            tls: tls::Tls::new(config.roots),
        }))))
    }

    /// A network that is made up.
    pub fn scripted(answers: Arc<dyn Answers>) -> Self {
        Self(Arc::new(Carrier::Script(answers)))
    }

    fn carrier(&self) -> &Carrier {
        &self.0
    }

    fn is_real(&self) -> bool {
        matches!(*self.0, Carrier::Wire(_))
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Carrier::Wire(_) => "Network",
            Carrier::Script(_) => "Network(scripted)",
        })
    }
}

/// What carries a request.
enum Carrier {
    Wire(Box<Wire>),
    Script(Arc<dyn Answers>),
}

/// The real one.
struct Wire {
    resolver: Arc<dyn Resolver>,
    dialler: Arc<dyn Dialler>,
    proxies: Proxies,
    tls: tls::Tls,
}
