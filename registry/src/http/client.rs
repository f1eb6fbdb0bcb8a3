//! Whose request it is: the address that it comes from, or the one that a proxy says it got it from.
//!
//! Anybody can write a header. A proxy's word counts only when the connection comes from a proxy that the
//! operator named, and only down to the first address that is none of them.

use std::net::IpAddr;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderName, Method};
use ipnet::IpNet;

use super::Answer;
use crate::app::App;
use crate::failure::Refusal;
use crate::rates::{Budget, Who};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    /// The address.
    pub(super) address: IpAddr,
}

impl Client {
    /// The client of a request that came from `peer`.
    pub(super) fn of(peer: IpAddr, request: &HeaderMap, proxies: &[IpNet]) -> Self {
        let is_proxy = |address: &IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
        let mut address = peer.to_canonical();
        let said = request.get_all(X_FORWARDED_FOR).iter().rev();
        let mut said = said.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        while is_proxy(&address)
            && let Some(Ok(before)) = said.next().map(|text| text.trim().parse::<IpAddr>())
        {
            address = before.to_canonical();
        }
        Self { address }
    }

    /// Takes a request out of the client's budget, and out of its token's when that is known.
    pub(super) fn take(self, app: &App, budget: Budget, token: Option<u64>) -> Answer<()> {
        if self.is_local() {
            return Ok(());
        }
        let (who, by) = match token {
            Some(token) => (Who::Token(token), "token"),
            None => (Who::at(self.address), "address"),
        };
        let taken = app.rates.take(budget, who, Instant::now());
        taken.map_err(|wait| {
            app.metrics.limited(budget.as_str(), by);
            let detail = format!("too many requests with this {by} in a minute");
            Refusal::limited(wait, detail).into()
        })
    }

    /// Refuses a client that has shown too many tokens that are none.
    pub(super) fn check_failures(self, app: &App) -> Answer<()> {
        if self.is_local() {
            return Ok(());
        }
        let (budget, who) = (Budget::Authentication, Who::at(self.address));
        let checked = app.rates.check(budget, who, Instant::now());
        checked.map_err(|wait| {
            app.metrics.limited(budget.as_str(), "address");
            let detail = "too many unknown tokens from this address in a minute";
            Refusal::limited(wait, detail).into()
        })
    }

    /// Counts a token that is none.
    pub(super) fn count_failure(self, app: &App) {
        if !self.is_local() {
            let who = Who::at(self.address);
            // Whether there was one left is for the next request to feel.
            let _left = app.rates.take(Budget::Authentication, who, Instant::now());
        }
    }

    /// Whoever is on this machine is not counted: it is its operator's, or a proxy's that was not named.
    fn is_local(self) -> bool {
        self.address.is_loopback()
    }
}

/// The budget that a request is taken from.
pub(super) fn budget(method: &Method) -> Budget {
    if method.is_safe() {
        Budget::Reading
    } else {
        Budget::Writing
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&'static str], proxies: &[&str]) -> String {
        let mut request = HeaderMap::new();
        for value in forwarded {
            request.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let client = Client::of(peer.parse().unwrap(), &request, &proxies);
        client.address.to_string()
    }

    #[test]
    fn only_a_named_proxy_is_believed() {
        let (peer, said) = ("10.0.0.1", &["203.0.113.5"][..]);
        assert_eq!(client(peer, said, &[]), peer);
        assert_eq!(client(peer, said, &["10.0.0.2/32"]), peer);
        assert_eq!(client(peer, said, &["10.0.0.0/8"]), "203.0.113.5");
        assert_eq!(
            client("::ffff:10.0.0.1", said, &["10.0.0.0/8"]),
            "203.0.113.5"
        );
        assert_eq!(client(peer, &[], &["10.0.0.0/8"]), peer);
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        let proxies = &["10.0.0.0/8"];
        for said in [
            &["198.51.100.9, 203.0.113.5"][..],
            &["198.51.100.9", "203.0.113.5"],
            &["198.51.100.9, 203.0.113.5, 10.0.0.7"],
            &["198.51.100.9,203.0.113.5", " 10.0.0.7 "],
        ] {
            assert_eq!(client("10.0.0.1", said, proxies), "203.0.113.5", "{said:?}");
        }
        for said in [&["203.0.113.5, nonsense"][..], &["unknown"], &[""]] {
            assert_eq!(client("10.0.0.1", said, proxies), "10.0.0.1", "{said:?}");
        }
    }
}
