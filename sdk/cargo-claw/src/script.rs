//! `[[test.http]]`: the answers that a test gives instead of the network.
//!
//! A request is checked against the grants as ever and reaches no network: what no answer was written for fails, and
//! so does the test, as it does where an answer was never asked for.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use claw_host::network::{Answer, Answers, Asked};
use serde::Deserialize;

/// One request, and what is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// The method and the whole URL, such as `GET https://example.com/`.
    request: String,
    /// Headers that the request has, secrets put into them.
    #[serde(default)]
    request_headers: BTreeMap<String, String>,
    /// The body that the request has; any, when left out.
    request_body: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

fn ok() -> u16 {
    200
}

impl Exchange {
    fn fits(&self, asked: &Asked) -> bool {
        let has = |(name, value): (&String, &String)| {
            let name = name.to_ascii_lowercase();
            let headers = &mut asked.headers.iter();
            headers.any(|(of, is)| *of == name && is == value)
        };
        self.request == line(asked)
            && self.request_headers.iter().all(has)
            && self
                .request_body
                .as_ref()
                .is_none_or(|body| body.as_bytes() == asked.body)
    }
}

fn line(asked: &Asked) -> String {
    format!("{} {}", asked.method, asked.url)
}

/// The answers of one test. Where several fit a request they are given in their order, and the last one again and
/// again.
pub(crate) struct Script {
    exchanges: Vec<Exchange>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    given: Vec<bool>,
    unanswered: Vec<String>,
}

impl Script {
    pub(crate) fn new(exchanges: &[Exchange]) -> Script {
        Script {
            exchanges: exchanges.to_vec(),
            seen: Mutex::new(Seen {
                given: vec![false; exchanges.len()],
                unanswered: Vec::new(),
            }),
        }
    }

    /// What was asked without an answer, and answered without being asked.
    pub(crate) fn faults(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let unanswered = seen
            .unanswered
            .iter()
            .map(|line| format!("no `[[test.http]]` answers this request: {line}"));
        let unasked = self
            .exchanges
            .iter()
            .zip(&seen.given)
            .filter(|(_, given)| !**given)
            .map(|(exchange, _)| {
                format!(
                    "expected this request, and it was not sent: {}",
                    exchange.request
                )
            });
        unanswered.chain(unasked).collect()
    }
}

impl Answers for Script {
    fn answer(&self, asked: Asked) -> Option<Answer> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting: Vec<usize> = (0..self.exchanges.len())
            .filter(|index| self.exchanges[*index].fits(&asked))
            .collect();
        let next = fitting.iter().find(|index| !seen.given[**index]);
        let Some(index) = next.or(fitting.last()) else {
            seen.unanswered.push(line(&asked));
            return None;
        };
        seen.given[*index] = true;
        let exchange = &self.exchanges[*index];
        Some(Answer {
            status: exchange.status,
            headers: exchange.headers.clone().into_iter().collect(),
            body: exchange.body.clone().into_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        #[derive(Deserialize)]
        struct File {
            http: Vec<Exchange>,
        }
        Script::new(&toml::from_str::<File>(text).unwrap().http)
    }

    fn asked(url: &str) -> Asked {
        Asked {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
            body: b"b".to_vec(),
        }
    }

    #[test]
    fn answers_are_given_in_their_order() {
        let script = script(
            "[[http]]\nrequest = \"GET https://a.b/\"\nbody = \"1\"\n\
             [[http]]\nrequest = \"GET https://a.b/\"\nbody = \"2\"\nstatus = 404",
        );
        let bodies: Vec<_> = (0..3)
            .map(|_| script.answer(asked("https://a.b/")).unwrap().body)
            .collect();
        assert_eq!(bodies, [b"1", b"2", b"2"]);
        assert_eq!(script.faults(), [""; 0]);
    }

    #[test]
    fn a_request_must_fit_and_an_answer_be_asked_for() {
        let script = script(
            "[[http]]\nrequest = \"GET https://a.b/\"\nrequest_headers = { Authorization = \"Bearer y\" }\n\
             [[http]]\nrequest = \"GET https://a.b/\"\nrequest_body = \"c\"\n\
             [[http]]\nrequest = \"POST https://a.b/\"",
        );
        assert!(script.answer(asked("https://a.b/")).is_none());
        assert_eq!(script.faults().len(), 4);
        let fitting = "[[http]]\nrequest = \"GET https://a.b/\"\nrequest_body = \"b\"\n\
                       request_headers = { Authorization = \"Bearer x\" }";
        let script = self::script(fitting);
        assert_eq!(script.answer(asked("https://a.b/")).unwrap().status, 200);
        assert_eq!(script.faults(), [""; 0]);
    }
}
