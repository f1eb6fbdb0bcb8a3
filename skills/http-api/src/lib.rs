//! Calls JSON APIs over HTTPS.
//!
//! What may be reached is decided by the host. This skill sees no secret: it writes a placeholder, and whatever
//! comes back is looked at only as JSON.

mod answer;
mod query;

use claw_sdk::http::{Request, secret};
use claw_sdk::{Context, Error, Result};
use exports::acme::http_api::api::{Answer, Auth, Guest, Pair};

claw_sdk::skill!(HttpApi);

/// The skill.
struct HttpApi;

impl Guest for HttpApi {
    fn get(
        url: String,
        query: Option<Vec<Pair>>,
        headers: Option<Vec<Pair>>,
        auth: Option<Auth>,
        select: Option<String>,
    ) -> Result<Answer, String> {
        let request = request("GET", url, query, headers, auth)?;
        Ok(answer::to(request, select.as_deref())?)
    }

    fn send(
        url: String,
        body: Option<String>,
        method: Option<String>,
        query: Option<Vec<Pair>>,
        headers: Option<Vec<Pair>>,
        auth: Option<Auth>,
        select: Option<String>,
    ) -> Result<Answer, String> {
        let method = method
            .unwrap_or_else(|| "POST".to_owned())
            .to_ascii_uppercase();
        let mut request = request(&method, url, query, headers, auth)?;
        if let Some(body) = body {
            serde_json::from_str::<serde_json::Value>(&body)
                .map_err(|error| format!("`body` is no JSON: {error}"))?;
            request = request.json(body);
        }
        Ok(answer::to(request, select.as_deref())?)
    }
}

fn request(
    method: &str,
    url: String,
    query: Option<Vec<Pair>>,
    headers: Option<Vec<Pair>>,
    auth: Option<Auth>,
) -> Result<Request> {
    let url = query::added(url, query.as_deref().unwrap_or_default());
    let mut request = Request::new(method, url).header("accept", "application/json");
    let headers = headers.unwrap_or_default();
    if !headers
        .iter()
        .any(|pair| pair.name.eq_ignore_ascii_case("user-agent"))
    {
        request = request.header(
            "user-agent",
            concat!("claw-http-api/", env!("CARGO_PKG_VERSION")),
        );
    }
    for pair in headers {
        if pair.name.eq_ignore_ascii_case("accept") {
            return Err(Error::new("`accept` is `application/json` here"));
        }
        request = request.header(pair.name, pair.value);
    }
    Ok(match auth.unwrap_or(Auth::None) {
        Auth::None => request,
        Auth::Bearer => request.bearer("API_TOKEN").context("cannot send a token")?,
        Auth::ApiKey => {
            request.header("x-api-key", secret("API_KEY").context("cannot send a key")?)
        }
    })
}
