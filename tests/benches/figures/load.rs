//! The load: connections that are kept open, each sending its next request when the last one was answered.
//!
//! It speaks only what it needs of HTTP/1.1 (answers with a `content-length`), sends bytes that were made
//! beforehand, and looks at nothing but status and length, so that its own cost is small and the same for both
//! servers. It takes no address but the loopback's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// More than any head.
const BUFFER_BYTES: usize = 256 * 1024;

/// One connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What was answered.
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Bytes of the body.
    pub(crate) length: u64,
}

/// What all connections had together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests_per_second: f64,
    pub(crate) bytes_per_second: f64,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Connection {
        assert!(address.ip().is_loopback(), "{address} is another machine");
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a connection");
        Connection {
            stream,
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    /// Sends a whole request and reads its answer to the end.
    pub(crate) fn send(&mut self, request: &[u8]) -> Answered {
        self.stream.write_all(request).expect("the server reads");
        let mut filled = 0;
        let end = loop {
            let read = self.stream.read(&mut self.buffer[filled..]);
            let read = read.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            filled += read;
            if let Some(end) = find(&self.buffer[..filled], b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text");
        let status = head[9..12].parse().expect("a status");
        let length = length(head);
        let mut left = length - (filled - end) as u64;
        while left > 0 {
            let read = self.stream.read(&mut self.buffer).expect("a body");
            assert!(read > 0, "the body was cut short");
            left -= read as u64;
        }
        Answered { status, length }
    }

    /// The same, and the body: for what fits into one buffer.
    pub(crate) fn body(&mut self, request: &[u8]) -> Vec<u8> {
        self.stream.write_all(request).expect("the server reads");
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]);
            let read = read.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            filled += read;
            let Some(end) = find(&self.buffer[..filled], b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text");
            let whole = end + 4 + usize::try_from(length(head)).expect("a small body");
            if filled == whole {
                return self.buffer[end + 4..whole].to_vec();
            }
        }
    }
}

fn length(head: &str) -> u64 {
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    let value = value.expect("an answer with its length");
    value.trim().parse().expect("a number")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// `GET path`, as the clients of this load ask.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// Asks for `path` over so many connections at once, for so long.
pub(crate) fn load(address: SocketAddr, path: &str, connections: usize, time: Duration) -> Load {
    let request = get(path);
    let started = Instant::now();
    let (requests, bytes) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address);
                    let (mut requests, mut bytes) = (0u64, 0u64);
                    while started.elapsed() < time {
                        let answered = connection.send(&request);
                        assert_eq!(answered.status, 200, "{path}");
                        requests += 1;
                        bytes += answered.length;
                    }
                    (requests, bytes)
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("a client"))
            .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    });
    let seconds = started.elapsed().as_secs_f64();
    Load {
        requests_per_second: requests as f64 / seconds,
        bytes_per_second: bytes as f64 / seconds,
    }
}
