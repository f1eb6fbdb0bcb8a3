//! A registry for tests that says exactly what it is told to, well-formed or not.
//!
//! Each connection carries one request. The first gets the first answer, and so on; the last answer
//! is given to everybody who comes later.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What comes after the bytes of an answer.
#[derive(Clone, Copy, PartialEq)]
enum GoesOn {
    Ended,
    Pouring,
    Silent,
}

/// What one connection gets.
#[derive(Clone)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    goes_on: GoesOn,
}

impl Answer {
    /// A whole answer.
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        let length = body.as_ref().len().to_string();
        Self::with(status, &[("content-length", &length)], body)
    }

    /// An answer with these headers and no other.
    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let bytes = [head.as_bytes(), b"\r\n", body.as_ref()].concat();
        Self {
            bytes,
            goes_on: GoesOn::Ended,
        }
    }

    /// An answer whose body ends where the connection does.
    pub(crate) fn unmeasured(body: impl AsRef<[u8]>) -> Self {
        Self::with(200, &[], body)
    }

    /// An answer whose body never ends.
    pub(crate) fn endless(status: u16) -> Self {
        Self {
            goes_on: GoesOn::Pouring,
            ..Self::with(status, &[], "")
        }
    }

    /// An answer that stands still: before it begins when `bytes` is empty, else in its body.
    pub(crate) fn silent(bytes: &str) -> Self {
        Self {
            bytes: bytes.into(),
            goes_on: GoesOn::Silent,
        }
    }

    /// Sends the reader elsewhere.
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::with(
            status,
            &[("location", location), ("content-length", "0")],
            "",
        )
    }
}

/// The server, until it is dropped.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts on a free port.
    pub(crate) async fn start(answers: impl Into<Vec<Answer>>) -> Self {
        let answers = answers.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            for count in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answers[count.min(answers.len() - 1)].clone();
                answer_one(stream, answer, &seen).await;
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// Every request so far, head and body, names of headers in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The address of a port at which nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Reads one request, notes it down and answers it. A reader who goes away early is no failure of
/// the server.
async fn answer_one(mut stream: TcpStream, answer: Answer, seen: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    while length_of(&request).is_none_or(|length| request.len() < length) {
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            return;
        }
    }
    seen.lock()
        .unwrap()
        .push(String::from_utf8(request).unwrap());
    let mut sent = stream.write_all(&answer.bytes).await;
    while answer.goes_on == GoesOn::Pouring && sent.is_ok() {
        sent = stream.write_all(&[b'x'; 64 * 1024]).await;
    }
    if answer.goes_on == GoesOn::Silent {
        // Until the reader gives up.
        let _gone = stream.read_u8().await;
    }
    let _reader_is_gone = stream.shutdown().await;
}

/// The length of the request that starts here, once its head is whole.
fn length_of(request: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(request).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let body = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    Some(head.len() + 4 + body.map_or(0, |length| length.parse::<usize>().unwrap()))
}
