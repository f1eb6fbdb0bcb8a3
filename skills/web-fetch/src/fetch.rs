//! One page: asked for, read, and cut to size.

use claw_sdk::http::{Request, Response, Url};
use claw_sdk::{Context, Error, Result};

use crate::exports::acme::web_fetch::web::{Link, Page};
use crate::html;
use crate::robots::Known;

/// Who we say we are, also to `robots.txt`.
pub const AGENT: &str = "claw-web-fetch";

/// Redirects of one page.
const REDIRECTS: u32 = 5;

/// Read of one page. Longer ones are cut.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Links given of one page.
const LINKS_MAX: usize = 500;

/// A page as it is given back.
pub fn page(url: &Url, from: u32, max: u32, robots: &mut Known) -> Result<Page> {
    let response = asked(url, robots)?;
    let url = response.url().clone();
    let kind = response
        .header("content-type")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_latin = ["iso-8859-1", "windows-1252", "latin1"]
        .iter()
        .any(|name| kind.contains(name));
    let media = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let is_html = matches!(media.as_str(), "" | "text/html" | "application/xhtml+xml");
    let is_text = media.starts_with("text/") || media.ends_with("json") || media.ends_with("xml");
    if !is_html && !is_text {
        return Err(Error::new(format!("{url} is `{media}`, which has no text")));
    }
    let bytes = response
        .first(PAGE_BYTES_MAX)
        .with_context(|| format!("cannot read {url}"))?;
    let text = match is_latin {
        true => bytes.iter().map(|byte| char::from(*byte)).collect(),
        false => String::from_utf8_lossy(&bytes).into_owned(),
    };
    let read = match is_html {
        true => html::read(&text),
        false => html::Read::plain(text),
    };
    let base = read.base.as_deref().and_then(|base| url.join(base).ok());
    let links = links(base.as_ref().unwrap_or(&url), read.links);
    let mut left = read.text.chars().skip(from as usize);
    let text: String = left.by_ref().take(max as usize).collect();
    Ok(Page {
        url: url.to_string(),
        title: read.title,
        text,
        more: left.next().is_some(),
        links,
    })
}

/// Follows redirects one by one, so that each place's own `robots.txt` is asked.
fn asked(url: &Url, robots: &mut Known) -> Result<Response> {
    let mut url = url.clone();
    for _ in 0..=REDIRECTS {
        if !robots.allow(&url) {
            return Err(Error::new(format!(
                "the robots.txt of {} does not want {url} visited",
                url.host()
            )));
        }
        let request = Request::get(url.to_string())
            .header(
                "user-agent",
                concat!("claw-web-fetch/", env!("CARGO_PKG_VERSION")),
            )
            .header(
                "accept",
                "text/html, text/*;q=0.9, application/json;q=0.8, */*;q=0.1",
            );
        let response = request
            .send()
            .with_context(|| format!("cannot fetch {url}"))?;
        match (response.status(), response.header("location")) {
            (301 | 302 | 303 | 307 | 308, Some(place)) => {
                url = url
                    .join(&place)
                    .with_context(|| format!("cannot follow {url}"))?;
            }
            _ => return Ok(response.accepted()?),
        }
    }
    Err(Error::new(format!(
        "{url} is behind more than {REDIRECTS} redirects"
    )))
}

fn links(base: &Url, found: Vec<(String, String)>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for (target, text) in found {
        let Ok(url) = base.join(&target) else {
            continue;
        };
        let url = url.to_string();
        if links.len() < LINKS_MAX && !links.iter().any(|link| link.url == url) {
            links.push(Link { text, url });
        }
    }
    links
}
