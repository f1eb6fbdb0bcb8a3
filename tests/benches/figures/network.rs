//! A request that a skill sends, against the same request of an HTTP library by itself.
//!
//! Both open a connection for it, to a server on the loopback that says the same to everybody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use claw_host::{Allocation, Invocation, Network, NetworkConfig, Outcome};
use claw_package::PermissionSet;
use claw_tests::{guests, packages};
use claw_trust::VerifiedComponent;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};
use crate::world;

const ROUNDS: usize = 30;
const REQUESTS_A_ROUND: u32 = 100;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

pub(crate) fn measure(table: &mut Table) {
    let address = serve();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let grant = format!("network.internal=http://{address}");
    let host = world::host(Allocation::Pooled { instances: 4 });
    let component = packages::member(guests::net(), "skill.wasm");
    let granted = PermissionSet::new([grant.parse().expect("a permission")]);
    let component = VerifiedComponent::local(component, None, &granted);
    let skill = host.load(&component).expect("it loads");
    let config = NetworkConfig::from_variables(|_| None).expect("no proxy");
    let network = Network::new(config);
    let input = json!({
        "method": "GET", "scheme": "http", "authority": address.to_string(), "path": "/", "headers": [],
    });
    let ours = || {
        seconds(REQUESTS_A_ROUND, || {
            let mut call = Invocation::new("request", input.clone());
            call.grants = granted.clone();
            call.network = Some(network.clone());
            let report = runtime.block_on(skill.invoke(call));
            let Outcome::Ok(answer) = report.outcome else {
                panic!("{report:?}")
            };
            assert_eq!(answer["body"], "hello");
        })
    };
    let bare = || {
        seconds(REQUESTS_A_ROUND, || {
            assert_eq!(runtime.block_on(get(address)), "hello");
        })
    };
    table.compared(
        "a request that a skill sends, its call included, against hyper alone",
        interleaved(ROUNDS, ours, bare),
        time,
        Target::None,
    );
}

async fn get(address: SocketAddr) -> Bytes {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("a connection");
    let connection = tokio::spawn(connection);
    let request = Request::get("/")
        .header("host", address.to_string())
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    let body = answer.into_body().collect().await.expect("a body");
    drop(sender);
    connection
        .await
        .expect("it does not panic")
        .expect("it ends well");
    body.to_bytes()
}

/// Answers every request with the same bytes, for as long as this program runs.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        for mut stream in listener.incoming().flatten() {
            let mut filled = 0;
            while !buffer[..filled].ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer[filled..]) {
                    Ok(read @ 1..) => filled += read,
                    _ => break,
                }
            }
            // Whoever asked may have gone.
            let _ = stream.write_all(ANSWER);
        }
    });
    address
}
