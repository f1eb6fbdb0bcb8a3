//! The connection to one registry: its address, our token, and how one request is sent.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RANGE, RETRY_AFTER};
use reqwest::{Method, Response, Url, redirect};

use crate::address::Address;
use crate::body;
use crate::error::ClientError;
use crate::patience::{Attempts, Failure, Patience};

/// How long a connection may take to stand.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How often one answer may send us on.
const REDIRECTS_MAX: usize = 3;

/// How to talk to a registry.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// Sent with every request that changes something.
    pub token: Option<String>,
    /// Whether plain `http://` to another machine is allowed.
    pub allow_http: bool,
    /// Who we say we are.
    pub user_agent: String,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("allow_http", &self.allow_http)
            .field("user_agent", &self.user_agent)
            .finish()
    }
}

/// Talks to one registry.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    authorization: Option<HeaderValue>,
    patience: Patience,
}

/// A request before it is sent.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) query: Vec<(&'static str, String)>,
    /// The first byte that is wanted of a blob.
    pub(crate) from: u64,
    pub(crate) body: Option<(Bytes, &'static str)>,
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            from: 0,
            body: None,
        }
    }

    /// Requests that leave the same behind however often they are sent.
    fn is_idempotent(&self) -> bool {
        self.method != Method::POST
    }

    /// Requests that only look.
    fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

impl Client {
    /// Prepares to talk to the registry at `address`; nothing is sent yet.
    pub fn new(address: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let address = Address::parse(address, options.allow_http)?;
        let authorization = match &options.token {
            Some(token) => Some(bearer(token, &address)?),
            None => None,
        };
        // An error means that the program has chosen a provider already, which is as good.
        let _already_chosen = rustls::crypto::ring::default_provider().install_default();
        let user_agent = match options.user_agent.as_str() {
            "" => concat!("claw-registry-client/", env!("CARGO_PKG_VERSION")),
            named => named,
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_MAX);
        if !address.is_https() {
            // Redirects never lead to another scheme, so certificates would be loaded for nothing.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|source| ClientError::Setup {
            address: address.to_string(),
            source,
        })?;
        Ok(Self {
            http,
            address,
            authorization,
            patience: Patience::default(),
        })
    }

    /// The same client, more or less patient.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// How patient the client is.
    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// The registry's address.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The URL of one of the registry's paths, for messages.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.address.url(path)
    }

    /// Sends a request and reads its whole answer, again when that can help.
    pub(crate) async fn call(
        &self,
        request: Request<'_>,
        limit: u64,
    ) -> Result<(reqwest::StatusCode, Bytes), ClientError> {
        let mut attempts = Attempts::new(self.patience);
        loop {
            let failure = match self.try_call(&request, limit).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if request.is_idempotent() || failure.is_unheard() => failure,
                Err(failure) => return Err(failure.error),
            };
            attempts.after(failure).await?;
        }
    }

    async fn try_call(
        &self,
        request: &Request<'_>,
        limit: u64,
    ) -> Result<(reqwest::StatusCode, Bytes), Failure> {
        let response = self.send(request).await?;
        let status = response.status();
        Ok((status, body::read(response, limit, self.patience).await?))
    }

    /// Sends a request once, follows redirects within the origin, and returns a success.
    pub(crate) async fn send(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut url = self.address.url(request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send_to(url.clone(), request).await?;
            if !response.status().is_redirection() {
                return if response.status().is_success() {
                    Ok(response)
                } else {
                    Err(refused(response, self.patience).await)
                };
            }
            url = self.redirected(&response, request)?;
        }
        let (address, location) = (self.address.url(request.path).into(), url.into());
        Err(ClientError::Redirected { address, location }.into())
    }

    async fn send_to(&self, url: Url, request: &Request<'_>) -> Result<Response, ClientError> {
        let address = url.to_string();
        let is_api = request.path.starts_with(claw_registry_api::paths::API);
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some(authorization) = self.authorization.as_ref().filter(|_| is_api) {
            builder = builder.header(AUTHORIZATION, authorization.clone());
        }
        if request.from > 0 {
            builder = builder.header(RANGE, format!("bytes={}-", request.from));
        }
        if let Some((bytes, media)) = &request.body {
            builder = builder.header(CONTENT_TYPE, *media).body(bytes.clone());
        }
        let wait = if request.is_safe() {
            self.patience.reading
        } else {
            self.patience.writing
        };
        match tokio::time::timeout(wait, builder.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(ClientError::Unreachable {
                address,
                source: error.without_url().into(),
            }),
            Err(silence) => Err(ClientError::Unreachable {
                address,
                source: silence.into(),
            }),
        }
    }

    /// Where the answer sends us, if we go there.
    fn redirected(&self, response: &Response, request: &Request<'_>) -> Result<Url, ClientError> {
        let address = response.url();
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let target = location.and_then(|location| address.join(location).ok());
        match target {
            Some(url) if request.is_safe() && self.address.is_origin_of(&url) => Ok(url),
            _ => Err(ClientError::Redirected {
                address: address.to_string(),
                location: location.unwrap_or("nowhere").to_owned(),
            }),
        }
    }
}

/// Reads why the registry said no, and how long it asks us to wait.
async fn refused(response: Response, patience: Patience) -> Failure {
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    Failure {
        error: body::refusal(response, patience).await,
        retry_after,
    }
}

fn bearer(token: &str, address: &Address) -> Result<HeaderValue, ClientError> {
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    match HeaderValue::from_str(&format!("Bearer {token}")) {
        Ok(mut value) if is_token => {
            value.set_sensitive(true);
            Ok(value)
        }
        _ => Err(ClientError::BadToken {
            address: address.to_string(),
        }),
    }
}
