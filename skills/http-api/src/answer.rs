//! What an API answered, as much of it as was asked for.

use claw_sdk::http::{Request, Response, Url};
use claw_sdk::{Context, Error, Result};
use serde_json::Value;

use crate::exports::acme::http_api::api::Answer;

/// Given back at most: what is longer does not fit a model's context, and can be selected from.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Sends the request, and reads the answer to it.
pub fn to(request: Request, select: Option<&str>) -> Result<Answer> {
    let response = request.send().map_err(|error| {
        let sent = if error.was_sent() {
            "the server may have acted on it"
        } else {
            "it was not sent"
        };
        Error::new(format!("{error} ({sent})"))
    })?;
    let status = response.status();
    let next = next(&response);
    let text = response.text().context("cannot read the answer")?;
    let (json, text) = match serde_json::from_str::<Value>(&text) {
        Ok(value) => (Some(selected(&value, select)?), None),
        Err(_) if text.trim().is_empty() => (None, None),
        Err(_) => (None, Some(text)),
    };
    for part in json.iter().chain(&text) {
        if part.len() > TEXT_BYTES_MAX {
            let bytes = part.len();
            return Err(Error::new(format!(
                "the answer has {bytes} bytes, more than {TEXT_BYTES_MAX}: select a part of it"
            )));
        }
    }
    Ok(Answer {
        status,
        json,
        text,
        next,
    })
}

fn selected(value: &Value, select: Option<&str>) -> Result<String> {
    let part = match select {
        None => value,
        Some(pointer) => value
            .pointer(pointer)
            .ok_or_else(|| Error::new(format!("there is nothing at `{pointer}` in the answer")))?,
    };
    Ok(part.to_string())
}

/// `Link: <https://…>; rel="next"`
fn next(response: &Response) -> Option<String> {
    let header = response.header("link")?;
    let link = header.split(',').find(|link| {
        let mut parameters = link.split(';').skip(1);
        parameters.any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"))
    })?;
    let target = link.split(';').next()?.trim();
    let target = target.strip_prefix('<')?.strip_suffix('>')?;
    let url: Url = response.url().join(target).ok()?;
    Some(url.to_string())
}
