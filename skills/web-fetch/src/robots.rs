//! `robots.txt`, as RFC 9309 has it: the group for us or for all, and in it the longest rule that matches.

use std::collections::BTreeMap;

use claw_sdk::http::{Request, Url};

use crate::fetch::AGENT;

/// Read of one file: what the standard says has to be read.
const FILE_BYTES_MAX: usize = 500 * 1024;

/// The rules of the places that were asked in this call.
#[derive(Default)]
pub struct Known(BTreeMap<String, Rules>);

/// Which paths may be visited. A rule that is no `Allow` is a `Disallow`.
#[derive(Default, Debug)]
struct Rules(Vec<(bool, String)>);

impl Known {
    /// Whether the place of `url` lets it be visited. Its rules are asked for once.
    pub fn allow(&mut self, url: &Url) -> bool {
        let place = format!("{}://{}", url.scheme(), url.authority());
        let rules = self.0.entry(place).or_insert_with_key(|place| asked(place));
        rules.allow(url.path_and_query())
    }
}

/// A file that is not there allows everything, and so does one that the operator did not grant: the page itself will
/// be denied then, if it is. A server that fails allows nothing.
fn asked(place: &str) -> Rules {
    let request = Request::get(format!("{place}/robots.txt"))
        .header("user-agent", AGENT)
        .follow(5);
    let Ok(response) = request.send() else {
        return Rules::default();
    };
    match response.status() {
        200..=299 => match response.first(FILE_BYTES_MAX) {
            Ok(bytes) => Rules::read(&String::from_utf8_lossy(&bytes)),
            Err(_) => Rules::default(),
        },
        500..=599 => Rules(vec![(false, "/".to_owned())]),
        _ => Rules::default(),
    }
}

impl Rules {
    fn read(text: &str) -> Rules {
        let (mut ours, mut everyones) = (Vec::new(), Vec::new());
        let (mut is_ours, mut is_everyones, mut has_own) = (false, false, false);
        let mut in_rules = true;
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if in_rules {
                        (is_ours, is_everyones, in_rules) = (false, false, false);
                    }
                    is_ours |= value.eq_ignore_ascii_case(AGENT);
                    is_everyones |= value == "*";
                    has_own |= is_ours;
                }
                key @ ("allow" | "disallow") => {
                    in_rules = true;
                    if value.is_empty() {
                        continue;
                    }
                    let rule = (key == "allow", value.to_owned());
                    if is_ours {
                        ours.push(rule.clone());
                    }
                    if is_everyones {
                        everyones.push(rule);
                    }
                }
                _ => {}
            }
        }
        Rules(if has_own { ours } else { everyones })
    }

    fn allow(&self, path: &str) -> bool {
        let matching = self.0.iter().filter(|(_, rule)| matches(rule, path));
        let longest = matching.max_by_key(|(allow, rule)| (rule.len(), *allow));
        longest.is_none_or(|(allow, _)| *allow)
    }
}

/// `*` is any run of characters, `$` the end.
fn matches(rule: &str, path: &str) -> bool {
    let (rule, to_end) = match rule.strip_suffix('$') {
        Some(rule) => (rule, true),
        None => (rule, false),
    };
    let mut parts = rule.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if to_end && index + 1 == parts.len() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    !to_end || rest.is_empty()
}
