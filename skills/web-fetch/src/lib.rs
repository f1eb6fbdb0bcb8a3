//! Fetches web pages as readable text.
//!
//! The host decides what may be reached. Here is decided how much is read and given back, and that a site's
//! `robots.txt` is respected.

mod entity;
mod fetch;
mod follow;
mod html;
mod robots;

use exports::acme::web_fetch::web::{Guest, Page};

claw_sdk::skill!(WebFetch);

/// The skill.
struct WebFetch;

/// What `fetch` gives of a page when nothing is said: a few thousand words.
const TEXT_CHARS: u32 = 20_000;

/// What `follow` gives of each page when nothing is said.
const EACH_TEXT_CHARS: u32 = 4_000;

/// The most that is given of a page at once.
const TEXT_CHARS_MAX: u32 = 200_000;

impl Guest for WebFetch {
    fn fetch(url: String, from: Option<u32>, max: Option<u32>) -> Result<Page, String> {
        let mut robots = robots::Known::default();
        let max = max.unwrap_or(TEXT_CHARS).min(TEXT_CHARS_MAX);
        Ok(fetch::page(
            &url.parse().map_err(claw_sdk::Error::from)?,
            from.unwrap_or(0),
            max,
            &mut robots,
        )?)
    }

    fn follow(
        url: String,
        pages: Option<u32>,
        below: Option<String>,
        max: Option<u32>,
    ) -> Result<Vec<Page>, String> {
        let max = max.unwrap_or(EACH_TEXT_CHARS).min(TEXT_CHARS_MAX);
        let first = url.parse().map_err(claw_sdk::Error::from)?;
        let below = below.unwrap_or_else(|| "/".to_owned());
        Ok(follow::pages(first, pages.unwrap_or(10), &below, max)?)
    }
}
