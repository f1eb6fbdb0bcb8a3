//! Names and addresses that are made up: what they lead to is a server of this machine, whatever it is called.
//!
//! Only the library can be given a resolver and a dialler, so these calls go through it whichever way the others go.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use claw_host::network::{Dialler, Proxies, Resolver, Stream};
use claw_host::{Network, NetworkConfig};
use wasmtime_wasi::async_trait;

use super::server::Server;
use super::{Answer, Guest, Stage, Verdict, network};

/// A resolver whose answers are given, and a dialler that connects to one server and remembers what for.
pub(super) struct Names {
    answers: Arc<Answers>,
    detour: Arc<Detour>,
}

/// For each name the answers, one after the other; the last one stays.
#[derive(Default)]
struct Answers(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

struct Detour {
    to: SocketAddr,
    dialled: Mutex<Vec<SocketAddr>>,
}

#[async_trait]
impl Resolver for Answers {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().expect("nobody panicked");
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        })
    }
}

#[async_trait]
impl Dialler for Detour {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.dialled.lock().expect("nobody panicked").push(address);
        Ok(Box::new(tokio::net::TcpStream::connect(self.to).await?))
    }
}

impl Names {
    /// Nobody has a name yet; every address leads to `server`.
    pub(super) fn leading_to(server: &Server) -> Names {
        Names {
            answers: Arc::default(),
            detour: Arc::new(Detour {
                to: server.address().parse().expect("an address"),
                dialled: Mutex::default(),
            }),
        }
    }

    /// Gives a name its answers.
    pub(super) fn name(self, name: &str, answers: &[&[&str]]) -> Names {
        let answers = answers.iter().map(|addresses| {
            let parsed = addresses.iter().map(|ip| ip.parse().expect("an address"));
            parsed.collect()
        });
        let mut names = self.answers.0.lock().expect("nobody panicked");
        names.insert(name.to_owned(), answers.collect());
        drop(names);
        self
    }

    /// Gets a page in a call of its own.
    pub(super) fn get(
        &self,
        stage: &mut Stage<'_>,
        grants: &[&str],
        scheme: &str,
        authority: &str,
        path: &str,
    ) -> Answer {
        let network = Network::new(NetworkConfig {
            resolver: Arc::clone(&self.answers) as Arc<dyn Resolver>,
            dialler: Arc::clone(&self.detour) as Arc<dyn Dialler>,
            proxies: Proxies::default(),
            roots: Arc::new(|| Err("none are trusted here".to_owned())),
        });
        let mut input = network::input("GET", authority, path, &[]);
        input["scheme"] = scheme.into();
        stage.in_library(&Guest::NET, "request", &input, grants, |invocation| {
            invocation.network = Some(network);
        })
    }

    /// These addresses were dialled, and no others.
    pub(super) fn dialled_only(&self, addresses: &[&str]) -> Verdict {
        let dialled = self.detour.dialled.lock().expect("nobody panicked");
        let dialled: Vec<_> = dialled.iter().map(ToString::to_string).collect();
        if dialled == addresses {
            Ok(())
        } else {
            Err(format!("dialled were {dialled:?}"))
        }
    }
}
