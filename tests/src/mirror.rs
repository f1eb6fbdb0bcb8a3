//! A mirror that lies: it answers as a real registry does, after a test has altered the bytes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use crate::http;

/// Alters the body of an answer, given its path.
type Alter = dyn Fn(&str, &mut Vec<u8>) + Send + Sync;

/// A server on a free port that passes `GET` on to a registry and alters what comes back.
///
/// Its thread ends with the test's process; it holds nothing.
pub struct Mirror {
    /// `http://127.0.0.1:PORT`
    pub address: String,
}

impl Mirror {
    /// Stands in front of the registry at `upstream`.
    pub fn of(
        upstream: &str,
        alter: impl Fn(&str, &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Mirror {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = format!(
            "http://{}",
            listener.local_addr().expect("a listener has an address")
        );
        let (upstream, alter): (String, Arc<Alter>) = (upstream.to_owned(), Arc::new(alter));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, alter) = (upstream.clone(), Arc::clone(&alter));
                std::thread::spawn(move || answer(stream, &upstream, &*alter));
            }
        });
        Mirror { address }
    }
}

/// Answers one request; a client that goes away is no concern of ours.
fn answer(mut stream: TcpStream, upstream: &str, alter: &Alter) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?;
    let real = http::request(upstream, "GET", path, &[], b"");
    let mut bytes = real.bytes;
    alter(path, &mut bytes);
    let start = format!(
        "HTTP/1.1 {} Answer\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        real.status,
        bytes.len()
    );
    stream.write_all(start.as_bytes()).ok()?;
    stream.write_all(&bytes).ok()
}
