//! Moments as people type them: `2026-11-20`, `2026-11-20T10:00:00Z`, or how long ago, as in `2h`.

use std::fmt;
use std::str::FromStr;

use claw_registry_api::Timestamp;

const FORMS: &str = "a time is `2026-11-20`, `2026-11-20T10:00:00Z` (UTC), or how long ago: `30s`, `20m`, `2h`, `7d`";

/// A typed moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(Timestamp),
    SecondsAgo(u64),
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAMoment;

impl fmt::Display for NotAMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }
}

impl std::error::Error for NotAMoment {}

impl When {
    /// The moment as receipts write it.
    pub(crate) fn as_receipt_time(self, now: Timestamp) -> String {
        let moment = match self {
            When::At(moment) => moment,
            When::SecondsAgo(seconds) => {
                Timestamp::from_unix_seconds(now.unix_seconds().saturating_sub(seconds))
            }
        };
        moment.to_string().replace('Z', ".000Z")
    }
}

impl FromStr for When {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Some(ago) = seconds(text) {
            return Ok(When::SecondsAgo(ago));
        }
        let day = format!("{text}T00:00:00Z");
        let moment = text.parse().or_else(|_| day.parse());
        moment.map(When::At).map_err(|_| NotAMoment)
    }
}

fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_times_or_spans_back_from_now() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        for (text, time) in [
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00.000Z"),
            ("90s", "2026-11-20T09:58:30.000Z"),
            ("20m", "2026-11-20T09:40:00.000Z"),
            ("2h", "2026-11-20T08:00:00.000Z"),
            ("7d", "2026-11-13T10:00:00.000Z"),
            ("99999999999d", "1970-01-01T00:00:00.000Z"),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.as_receipt_time(now), time, "{text}");
        }
        for text in [
            "",
            "d",
            "7",
            "7w",
            "-7d",
            "+7d",
            "yesterday",
            "2026-11-31",
            "2026-11-20T09:30",
            "99999999999999999999d",
            "7é",
        ] {
            assert_eq!(text.parse::<When>(), Err(NotAMoment), "{text}");
        }
    }
}
