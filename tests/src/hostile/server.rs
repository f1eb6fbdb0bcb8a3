//! A server that answers as badly as it is told, and remembers everything that it heard.
//!
//! It listens on the loopback alone and on a port of its own. It is ended when it is dropped.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// No head of a request that a test sends is longer.
const HEAD_BYTES_MAX: usize = 1 << 20;

/// How long a server waits for the rest of a request, and for a client that does not read.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to do with a connection whose request was read.
type Answer = Arc<dyn Fn(&str, &mut TcpStream, &AtomicBool) + Send + Sync>;

/// A server on the loopback.
pub(super) struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Heard {
    connections: usize,
    requests: Vec<String>,
}

impl Server {
    /// One that answers every request with these bytes and closes.
    pub(super) fn saying(answer: &str) -> Server {
        let answer = answer.to_owned();
        Server::new(move |_, stream, _| {
            // A client that has gone away is no fault of the server.
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    /// One that answers `200` with a short text.
    pub(super) fn plain() -> Server {
        Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nplain")
    }

    /// One that sends every request elsewhere.
    pub(super) fn redirecting(location: &str) -> Server {
        Server::saying(&format!(
            "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
    }

    /// One that sends the same again and again after a beginning, with a pause each time, until nobody listens.
    pub(super) fn endless(beginning: &'static str, piece: Vec<u8>, pause: Duration) -> Server {
        Server::new(move |_, stream, over| {
            let mut sent = stream.write_all(beginning.as_bytes());
            while sent.is_ok() && !over.load(Ordering::Relaxed) {
                sent = stream.write_all(&piece);
                std::thread::park_timeout(pause);
            }
        })
    }

    /// One that answers as `answer` does.
    pub(super) fn new(
        answer: impl Fn(&str, &mut TcpStream, &AtomicBool) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&heard), Arc::clone(&over));
        let answer: Answer = Arc::new(answer);
        let thread = std::thread::spawn(move || {
            let mut serving = Vec::new();
            for stream in listener.incoming() {
                if until.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (to, until) = (Arc::clone(&to), Arc::clone(&until));
                let answer = Arc::clone(&answer);
                serving.push(std::thread::spawn(move || {
                    serve(stream, &to, &until, &answer);
                }));
            }
            for thread in serving {
                // What it found out is in what was heard.
                let _ = thread.join();
            }
        });
        Server {
            address,
            heard,
            over,
            thread: Some(thread),
        }
    }

    /// `127.0.0.1:PORT`
    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests as they came, heads and bodies.
    pub(super) fn requests(&self) -> Vec<String> {
        self.heard().requests.clone()
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.heard().connections
    }

    /// Nobody has even connected.
    pub(super) fn heard_nothing(&self) -> super::Verdict {
        match (self.connections(), self.requests()) {
            (0, _) => Ok(()),
            (count, requests) => Err(format!("{count} connections came: {requests:?}")),
        }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes it up; where that fails it has ended already.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, heard: &Mutex<Heard>, over: &AtomicBool, answer: &Answer) {
    let heard = || heard.lock().unwrap_or_else(PoisonError::into_inner);
    heard().connections += 1;
    let step = Duration::from_millis(100);
    stream
        .set_read_timeout(Some(step))
        .expect("a duration that is not zero");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("a duration that is not zero");
    let mut head = Vec::new();
    let mut piece = [0; 16 * 1024];
    let mut turns = 0;
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => head.extend(&piece[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                turns += 1;
                if over.load(Ordering::Relaxed) || step * turns > PATIENCE {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    if head.is_empty() {
        return;
    }
    let request = String::from_utf8_lossy(&head).into_owned();
    heard().requests.push(request.clone());
    answer(&request, &mut stream, over);
    // Whatever comes after the answer is heard too: a second request on the same connection, for one.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    while let Ok(count) = stream.read(&mut piece) {
        if count == 0 || over.load(Ordering::Relaxed) {
            break;
        }
        let rest = String::from_utf8_lossy(&piece[..count]).into_owned();
        heard().requests.push(rest);
    }
}
