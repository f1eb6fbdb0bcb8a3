//! HTTP requests, as far as the operator granted them.
//!
//! With the feature `http`. The manifest asks for the places (`network.external=https://api.example.com`), and for
//! secrets by name and header (`secret=API_TOKEN https://api.example.com authorization`). A skill never has a secret:
//! it writes what [`secret`] gives, and the host puts the value in its place on the way out.
//!
//! ```text
//! let answer = Request::get("https://api.example.com/v1/items")
//!     .bearer("API_TOKEN")?
//!     .send()?
//!     .accepted()?;
//! let text = answer.text()?;
//! ```
//!
//! The host follows no redirect; [`Request::follow`] does, and each step has to be granted like the first.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package claw:sdk;

            world http {
                import wasi:http/types@0.2.6;
                import wasi:http/outgoing-handler@0.2.6;
            }
        ",
        path: "wit",
        world: "claw:sdk/http",
        generate_all,
    });
}

mod error;
mod url;

use std::time::Duration;

use bindings::wasi::http::outgoing_handler;
use bindings::wasi::http::types::{
    self, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use bindings::wasi::io::streams::StreamError;

pub use error::Error;
pub use url::Url;

/// Read or written at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What `blocking-write-and-flush` takes.
const WRITE_BYTES: usize = 4096;

/// A request that can be sent.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    timeout: Option<Duration>,
    redirects: u32,
}

/// What a server answered. Its body is read with one of the functions that take the response.
pub struct Response {
    url: Url,
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    incoming: IncomingResponse,
}

/// What stands for the secret `name` in the header that it was granted for.
///
/// # Errors
///
/// When the secret is not granted.
pub fn secret(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| Error::secret_not_granted(name))
}

impl Request {
    /// A request of any method. The URL is read when it is sent.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Request {
        Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout: None,
            redirects: 0,
        }
    }

    /// A `GET` request.
    pub fn get(url: impl Into<String>) -> Request {
        Request::new("GET", url)
    }

    /// A `POST` request.
    pub fn post(url: impl Into<String>) -> Request {
        Request::new("POST", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Adds `Authorization: Bearer` with a secret, which has to be granted for the header `authorization`.
    ///
    /// # Errors
    ///
    /// When the secret is not granted.
    pub fn bearer(self, secret_name: &str) -> Result<Request, Error> {
        let value = format!("Bearer {}", secret(secret_name)?);
        Ok(self.header("authorization", value))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self
    }

    /// Sets a JSON text as the body, and says so.
    #[must_use]
    pub fn json(self, text: impl Into<String>) -> Request {
        self.header("content-type", "application/json")
            .body(text.into().into_bytes())
    }

    /// Waits no longer than this for the connection, for the answer and for each piece of it. The operator's limits
    /// hold all the same.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Request {
        self.timeout = Some(timeout);
        self
    }

    /// Follows so many redirects. `Authorization` and `Cookie` go along only while the host stays the same; the body
    /// is sent again only where the status says so.
    #[must_use]
    pub fn follow(mut self, redirects: u32) -> Request {
        self.redirects = redirects;
        self
    }

    /// Sends it and waits for the answer. A status that says no is an answer too, see [`Response::accepted`].
    ///
    /// # Errors
    ///
    /// When there is no answer; [`Error::was_sent`] says whether the server can have acted on the request.
    pub fn send(mut self) -> Result<Response, Error> {
        let mut url: Url = self.url.parse()?;
        loop {
            let response = self.send_to(&url)?;
            let Some(next) = self.redirect(&response)? else {
                return Ok(response);
            };
            self.redirects -= 1;
            if next.host() != url.host() || next.scheme() != url.scheme() {
                let private = ["authorization", "cookie"];
                self.headers
                    .retain(|(name, _)| !private.contains(&name.to_ascii_lowercase().as_str()));
            }
            let same = matches!(response.status, 307 | 308);
            if !same && self.method != "HEAD" {
                self.method = "GET".to_owned();
                self.body = None;
                self.headers
                    .retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
            }
            url = next;
        }
    }

    fn redirect(&self, response: &Response) -> Result<Option<Url>, Error> {
        if self.redirects == 0 || !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        match response.header("location") {
            Some(place) => Ok(Some(response.url.join(&place)?)),
            None => Ok(None),
        }
    }

    fn send_to(&self, url: &Url) -> Result<Response, Error> {
        let mut headers = self.headers.clone();
        if let Some(body) = &self.body {
            headers.push(("content-length".to_owned(), body.len().to_string().into()));
        }
        let headers = Fields::from_list(&headers).map_err(|error| Error::header(&error))?;
        let request = OutgoingRequest::new(headers);
        let set = request.set_method(&method(&self.method)).is_ok()
            && request.set_scheme(Some(&scheme(url.scheme()))).is_ok()
            && request.set_authority(Some(url.authority())).is_ok()
            && request
                .set_path_with_query(Some(url.path_and_query()))
                .is_ok();
        if !set {
            return Err(Error::unreadable(&format!("{} {url}", self.method)));
        }
        let outgoing = request.body().map_err(|()| Error::unreadable("the body"))?;
        let answer = outgoing_handler::handle(request, self.options())?;
        self.write(outgoing)?;
        answer.subscribe().block();
        let incoming = match answer.get() {
            Some(Ok(answered)) => answered?,
            _ => return Err(Error::unreadable("the answer")),
        };
        Ok(Response {
            url: url.clone(),
            status: incoming.status(),
            headers: incoming.headers().entries(),
            incoming,
        })
    }

    /// A server may answer before it has read everything, so a body that nobody takes is no error yet.
    fn write(&self, outgoing: OutgoingBody) -> Result<(), Error> {
        if let Some(body) = &self.body {
            let stream = outgoing
                .write()
                .map_err(|()| Error::unreadable("the body"))?;
            for piece in body.chunks(WRITE_BYTES) {
                if stream.blocking_write_and_flush(piece).is_err() {
                    break;
                }
            }
        }
        match OutgoingBody::finish(outgoing, None) {
            Ok(()) | Err(types::ErrorCode::HttpRequestBodySize(_)) => Ok(()),
            Err(code) => Err(code.into()),
        }
    }

    fn options(&self) -> Option<RequestOptions> {
        let nanoseconds = u64::try_from(self.timeout?.as_nanos()).unwrap_or(u64::MAX);
        let options = RequestOptions::new();
        // None of them is refused by a host that has them.
        let _ = options.set_connect_timeout(Some(nanoseconds));
        let _ = options.set_first_byte_timeout(Some(nanoseconds));
        let _ = options.set_between_bytes_timeout(Some(nanoseconds));
        Some(options)
    }
}

impl Response {
    /// Where it came from, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status: 200 for what went well.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of this name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(of, _)| of.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// All headers.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The response itself, or an error where its status is not one of success.
    ///
    /// # Errors
    ///
    /// When the status is below 200 or above 299.
    pub fn accepted(self) -> Result<Response, Error> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(Error::status(status, &self.url)),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    ///
    /// When it does not arrive, or is longer than the operator allows.
    pub fn bytes(self) -> Result<Vec<u8>, Error> {
        self.first(usize::MAX)
    }

    /// The whole body as text. What is not UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// When it does not arrive, or is longer than the operator allows.
    pub fn text(self) -> Result<String, Error> {
        let bytes = self.bytes()?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The first bytes of the body, at most so many, whatever comes after them.
    ///
    /// # Errors
    ///
    /// When they do not arrive.
    pub fn first(self, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let incoming: IncomingBody = self
            .incoming
            .consume()
            .map_err(|()| Error::unreadable("the answer"))?;
        let stream = incoming
            .stream()
            .map_err(|()| Error::unreadable("the answer"))?;
        let mut bytes = Vec::new();
        while bytes.len() < bytes_max {
            let most = PIECE_BYTES.min(bytes_max - bytes.len());
            match stream.blocking_read(most as u64) {
                Ok(piece) => bytes.extend(piece),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(match types::http_error_code(&error) {
                        Some(code) => code.into(),
                        None => Error::broken_off(&error.to_debug_string()),
                    });
                }
            }
        }
        Ok(bytes)
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn scheme(name: &str) -> Scheme {
    match name {
        "http" => Scheme::Http,
        _ => Scheme::Https,
    }
}
