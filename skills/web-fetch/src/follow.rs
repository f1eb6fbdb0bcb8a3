//! Pages of one host, nearest first, up to a bound.

use std::collections::{BTreeSet, VecDeque};

use claw_sdk::http::Url;
use claw_sdk::{Error, Result, log};

use crate::exports::acme::web_fetch::web::Page;
use crate::fetch;
use crate::robots::Known;

/// More in one call would be a crawler.
const PAGES_MAX: u32 = 50;

/// Tried in one call, those that fail included.
const TRIED_MAX: usize = 80;

pub fn pages(first: Url, most: u32, below: &str, max: u32) -> Result<Vec<Page>> {
    if !(1..=PAGES_MAX).contains(&most) {
        return Err(Error::new(format!(
            "`pages` is {most}: it has to be between 1 and {PAGES_MAX}"
        )));
    }
    let host = (first.scheme().to_owned(), first.authority().to_owned());
    let is_here = |url: &Url| (url.scheme(), url.authority()) == (&host.0, &host.1);
    let mut robots = Known::default();
    let mut seen = BTreeSet::from([first.clone()]);
    let mut waiting = VecDeque::from([first]);
    let mut pages = Vec::new();
    let mut tried = 0;
    while let Some(url) = waiting.pop_front() {
        if pages.len() >= most as usize || tried >= TRIED_MAX {
            break;
        }
        tried += 1;
        let page = match fetch::page(&url, 0, max, &mut robots) {
            Ok(page) => page,
            // Without the first there is nothing to follow.
            Err(error) if tried == 1 => return Err(error),
            Err(error) => {
                log::info(format!("{url} was left out: {error}"));
                continue;
            }
        };
        for link in &page.links {
            let Ok(url) = link.url.parse::<Url>() else {
                continue;
            };
            if is_here(&url) && url.path().starts_with(below) && seen.insert(url.clone()) {
                waiting.push_back(url);
            }
        }
        // A redirect may have led elsewhere, which is not this host.
        if page.url.parse::<Url>().is_ok_and(|url| is_here(&url)) || tried == 1 {
            pages.push(page);
        }
    }
    Ok(pages)
}
