//! The trusted registries: whether each answers, is who it was, and has the same time.

use std::time::{Duration, SystemTime};

use claw_registry_client::{Client, ClientOptions, Patience};
use futures_util::future::join_all;

use super::Finding;
use crate::failure::{Kind, Outcome};
use crate::pins::Pins;
use crate::registry::request_failure;
use crate::settings::Settings;

const REGISTRY: &str = "registry";
const CLOCK: &str = "clock";

/// More than this makes certificates and receipts wrong.
const SKEW_MAX: Duration = Duration::from_secs(5 * 60);

/// Somebody waits at a terminal: one attempt, and not for long.
fn patience() -> Patience {
    let moment = Duration::from_secs(5);
    Patience {
        attempts: 1,
        reading: moment,
        silence: moment,
        ..Patience::default()
    }
}

/// Asks every trusted registry who it is.
pub(crate) async fn registries(
    settings: &Settings,
    pins: &Pins,
    allow_http: bool,
) -> Outcome<Vec<Finding>> {
    let addresses = &settings.trusted_registries;
    if addresses.is_empty() {
        let finding = Finding::notice(REGISTRY, "no registry is trusted");
        return Ok(vec![finding.mend("claw trust add-registry URL")]);
    }
    let asked = addresses
        .iter()
        .map(|address| ask(address, pins, allow_http));
    let mut findings: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
    if findings.iter().all(|finding| finding.area != CLOCK) {
        findings.push(Finding::notice(
            CLOCK,
            "no registry answered to compare it with",
        ));
    }
    for (namespace, pin) in &pins.namespaces {
        let known = pins.addresses_of(&pin.origin);
        if !known.iter().any(|address| addresses.contains(address)) {
            let what = format!(
                "`{namespace}` belongs to `{}`, of which no trusted address is known",
                pin.origin
            );
            let mend = format!("claw trust add-registry URL --origin {}", pin.origin);
            findings.push(Finding::notice(REGISTRY, what).mend(mend));
        }
    }
    Ok(findings)
}

async fn ask(address: &str, pins: &Pins, allow_http: bool) -> Vec<Finding> {
    let options = ClientOptions {
        token: None,
        allow_http,
        user_agent: concat!("claw/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let act = format!("could not ask `{address}`");
    let answer = match Client::new(address, options) {
        Ok(client) => client.with_patience(patience()).well_known_dated().await,
        Err(error) => Err(error),
    };
    let (document, date) = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let finding = Finding::of(REGISTRY, &request_failure(error, act));
            let mend = finding.mend.clone();
            return vec![finding.mend(mend.unwrap_or_else(|| {
                format!("ask its operator, or leave it out: claw trust remove {address}")
            }))];
        }
    };
    let origin = &document.origin;
    let standing = match pins.origin_of(address) {
        Some(pinned) if pinned == *origin => Finding::good(
            REGISTRY,
            format!("{address} answers, and is `{origin}` as pinned"),
        ),
        Some(pinned) => {
            let what =
                format!("{address} is pinned to `{pinned}`, and calls itself `{origin}` now");
            let mend = format!("only if its operator says so: claw trust remove {address}");
            Finding::broken(REGISTRY, Kind::Verification, what).mend(mend)
        }
        None => {
            let what = format!("{address} answers, calls itself `{origin}`, and is not pinned yet");
            Finding::notice(REGISTRY, what).mend(format!("claw trust add-registry {address}"))
        }
    };
    let clock = date.map(|date| clock(address, &date, SystemTime::now()));
    [Some(standing), clock].into_iter().flatten().collect()
}

/// Compares our time with that of an answer that came just now.
fn clock(address: &str, date: &str, now: SystemTime) -> Finding {
    let Ok(theirs) = httpdate::parse_http_date(date) else {
        return Finding::notice(CLOCK, format!("{address} states no time that can be read"));
    };
    let (skew, word) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    if skew <= SKEW_MAX {
        return Finding::good(CLOCK, format!("it agrees with {address}"));
    }
    let what = format!("it is {} s {word} that of {address}", skew.as_secs());
    Finding::broken(CLOCK, Kind::Io, what).mend("timedatectl set-ntp true")
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_that_is_minutes_off_is_broken_either_way() {
        let date = "Fri, 20 Nov 2026 10:00:00 GMT";
        let theirs = httpdate::parse_http_date(date).unwrap();
        let state = |now| clock("https://a.example", date, now).state;
        let (near, far) = (SKEW_MAX, SKEW_MAX + Duration::from_secs(1));
        for now in [theirs, theirs + near, theirs - near] {
            assert_eq!(state(now), State::Good);
        }
        for now in [theirs + far, theirs - far] {
            assert_eq!(state(now), State::Broken(Kind::Io));
        }
        assert_eq!(clock("a", "yesterday", theirs).state, State::Notice);
    }
}
