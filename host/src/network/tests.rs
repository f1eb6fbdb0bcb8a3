//! Whole exchanges with real servers on loopback, behind an injected resolver and dialler.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use claw_package::PermissionSet;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi::async_trait;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::dial::{Dialler, Stream};
use super::resolve::Resolver;
use super::{Network, NetworkConfig, Proxies, Roots, Traffic};
use crate::denial::{Denial, DenialReason};
use crate::invocation::Invocation;
use crate::limits::Limits;

mod answers;
mod limits;
mod places;
mod proxies;
mod secrets;
mod tls;

/// Names, each with the answers that it gives one after the other; the last one stays.
#[derive(Default)]
struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        })
    }
}

/// Connects to one server whatever the address, and remembers the addresses.
struct Detour {
    to: SocketAddr,
    dialled: Mutex<Vec<SocketAddr>>,
    /// Those that refuse.
    dead: Vec<SocketAddr>,
}

#[async_trait]
impl Dialler for Detour {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.dialled.lock().unwrap().push(address);
        if self.dead.contains(&address) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(Box::new(TcpStream::connect(self.to).await?))
    }
}

/// A guest and the world it is in.
struct World {
    names: Arc<Names>,
    detour: Arc<Detour>,
    proxies: Proxies,
    roots: Roots,
    limits: Limits,
    invocation: Invocation,
}

const PUBLIC: &str = "93.184.216.34";

impl World {
    /// `example.com` and `other.example` are public, and everything leads to `server`.
    fn new(server: SocketAddr, grants: &[&str]) -> Self {
        let names = Names::default();
        for name in ["example.com", "other.example"] {
            names.set(name, &[&[PUBLIC]]);
        }
        let mut invocation = Invocation::new("f", json!({}));
        invocation.grants = PermissionSet::new(grants.iter().map(|line| line.parse().unwrap()));
        Self {
            names: Arc::new(names),
            detour: Arc::new(Detour {
                to: server,
                dialled: Mutex::default(),
                dead: Vec::new(),
            }),
            proxies: Proxies::default(),
            roots: Arc::new(|| Err("none are trusted here".to_owned())),
            limits: Limits::default(),
            invocation,
        }
    }

    fn guest(&self) -> Guest {
        let mut invocation = self.invocation.clone();
        invocation.network = Some(Network::new(NetworkConfig {
            resolver: Arc::clone(&self.names) as Arc<dyn Resolver>,
            dialler: Arc::clone(&self.detour) as Arc<dyn Dialler>,
            proxies: self.proxies.clone(),
            roots: Arc::clone(&self.roots),
        }));
        let secrets = crate::secrets::Held::of(&invocation);
        Guest(Traffic::new(&invocation, &self.limits, secrets))
    }

    fn dialled(&self) -> Vec<String> {
        let dialled = self.detour.dialled.lock().unwrap();
        dialled.iter().map(ToString::to_string).collect()
    }
}

impl Names {
    fn set(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(|ip| ip.parse().unwrap()).collect())
            .collect();
        self.0.lock().unwrap().insert(name.to_owned(), answers);
    }
}

/// One invocation, as `wasi:http` drives it.
struct Guest(Traffic);

impl Guest {
    async fn get(&mut self, url: &str) -> Result<Response<String>, Error> {
        self.send(Request::get(url).body(empty()).unwrap(), None)
            .await
    }

    async fn send(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<String>, Error> {
        let (parts, body) = self.begin(request, options).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let text = String::from_utf8(bytes.into()).unwrap();
        Ok(Response::from_parts(parts, text))
    }

    async fn begin(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<WasiBody>, Error> {
        let processed = Box::new(std::future::ready(Ok(())));
        let sent = self.0.send_request(request, options, processed);
        Ok(Box::into_pin(sent).await?.0)
    }

    fn denials(&mut self) -> Vec<Denial> {
        self.0.take_denials().into_kept()
    }

    fn reasons(&mut self) -> Vec<DenialReason> {
        self.denials().iter().map(|denial| denial.reason).collect()
    }
}

fn empty() -> WasiBody {
    Empty::new().map_err(Error::from).boxed_unsync()
}

fn body(text: impl Into<Bytes>) -> WasiBody {
    Full::new(text.into()).map_err(Error::from).boxed_unsync()
}

/// Serves each connection with `serve`, until the test is over.
async fn server<F, S>(serve: S) -> SocketAddr
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads one request's head, and gives it as text.
async fn head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    use tokio::io::AsyncReadExt;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A server that answers every request with `answer` and then closes, and the heads it was sent.
async fn answering(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    use tokio::io::AsyncWriteExt;
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let address = server(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            let head = head(&mut stream).await;
            seen.lock().unwrap().push(head);
            // The client may have gone.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    (address, heads)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
const ANY: &str = "network.external=http://*:*";

/// A time that ends a test which would otherwise hang, and that no test waits for.
const LONG: Duration = Duration::from_secs(60);
