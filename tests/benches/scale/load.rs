//! One client on one connection that stays open, and the times of its requests.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// A connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    body: Vec<u8>,
}

impl Connection {
    /// To `http://127.0.0.1:PORT`.
    pub(crate) fn open(address: &str) -> Result<Self> {
        let host = address.strip_prefix("http://").context("plain HTTP")?;
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: host.to_owned(),
            body: Vec::new(),
        })
    }

    /// How long an answer takes, whose status has to be 200.
    pub(crate) fn get(&mut self, path: &str) -> Result<Duration> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        let start = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200 "), "{path}: {line}");
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.parse()?);
            }
        }
        self.body
            .resize(length.context("an answer says its length")?, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(start.elapsed())
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Asks for all paths, one after the other.
pub(crate) fn gets(address: &str, paths: Vec<String>) -> Result<Times> {
    let mut connection = Connection::open(address)?;
    let times = paths.iter().map(|path| connection.get(path));
    Ok(Times::of(times.collect::<Result<_>>()?))
}

/// Times of many requests, the shortest first.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn joined(all: Vec<Self>) -> Self {
        Self::of(all.into_iter().flat_map(|times| times.0).collect())
    }

    /// The median, in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (part * last as f64).round() as usize;
        self.0
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: Duration = self.0.iter().sum();
        let rate = self.0.len() as f64 / total.as_secs_f64().max(f64::MIN_POSITIVE);
        let (middle, most) = (self.median(), self.at(0.99));
        write!(
            f,
            "p50 {middle:>8.3} ms  p99 {most:>8.3} ms  {rate:>9.0}/s each"
        )
    }
}
