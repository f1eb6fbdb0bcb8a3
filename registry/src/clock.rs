//! The clock, and how HTTP headers spell a moment.
//!
//! Moments are [`Timestamp`]s everywhere else. Nothing that is trusted depends on them.

use std::time::{SystemTime, UNIX_EPOCH};

use claw_registry_api::Timestamp;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The second that is passing. A clock before 1970 counts as 1970.
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_seconds(since.as_secs())
}

/// The moment `seconds` after another.
pub fn after(moment: Timestamp, seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(moment.unix_seconds().saturating_add(seconds))
}

/// As `Last-Modified` spells it: `Fri, 20 Nov 2026 10:00:00 GMT`.
pub fn http_date(moment: Timestamp) -> String {
    // `2026-11-20T10:00:00Z`, always in this form.
    let text = moment.to_string();
    let weekday = moment.unix_seconds() / 86_400 % 7;
    let weekday = WEEKDAYS[usize::try_from(weekday).expect("a weekday is below 7")];
    let month: usize = text[5..7]
        .parse()
        .expect("a timestamp has a number for its month");
    format!(
        "{weekday}, {} {} {} {} GMT",
        &text[8..10],
        MONTHS[month - 1],
        &text[..4],
        &text[11..19]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_the_day_of_the_week() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(Timestamp::from_unix_seconds(seconds)), text);
        }
    }

    #[test]
    fn a_duration_beyond_all_time_ends_at_the_last_moment() {
        assert_eq!(after(now(), u64::MAX).to_string(), "9999-12-31T23:59:59Z");
    }
}
