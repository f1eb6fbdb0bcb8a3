//! Moments as the registry writes them: RFC 3339 in UTC, whole seconds, one spelling.
//!
//! Nothing that is trusted depends on them. There is no clock here: callers give the seconds.

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_string;

/// The last second of the year 9999: after it the text would not be RFC 3339.
const UNIX_SECONDS_MAX: u64 = 253_402_300_799;

/// A second since 1970, written `2026-11-20T10:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time such as `2026-11-20T10:00:00Z`")]
pub struct TimestampError(String);

impl Timestamp {
    /// A moment from the seconds since 1970; later ones than the year 9999 become its end.
    pub fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.min(UNIX_SECONDS_MAX))
    }

    /// The seconds since 1970.
    pub fn unix_seconds(self) -> u64 {
        self.0
    }
}

/// Days from 1970-01-01 to a civil date, counting years from March so that leap days come last.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The other way round.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / 86_400);
        let second = self.0 % 86_400;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let error = || TimestampError(text.chars().take(40).collect());
        if text.len() != 20 || !text.is_ascii() {
            return Err(error());
        }
        let number =
            |range: std::ops::Range<usize>| text[range].parse::<u64>().map_err(|_| error());
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(error());
        }
        let days = days_from_civil(year, month, day);
        let moment = Self(days * 86_400 + hour * 3_600 + minute * 60 + second);
        // One spelling: what is no date, or has other separators, prints as something else.
        if moment.to_string() == text {
            Ok(moment)
        } else {
            Err(error())
        }
    }
}

serde_as_string!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_everybody_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_234_567_890, "2009-02-13T23:31:30Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (UNIX_SECONDS_MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_unix_seconds(seconds).to_string(), text);
            assert_eq!(text.parse::<Timestamp>().unwrap().unix_seconds(), seconds);
        }
        assert_eq!(
            Timestamp::from_unix_seconds(u64::MAX).unix_seconds(),
            UNIX_SECONDS_MAX
        );
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let moment = Timestamp::from_unix_seconds(day * 86_400);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }

    #[test]
    fn other_spellings_and_other_dates_are_refused() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T10:00:00",
            "2026-11-20T10:00:00z",
            "2026-11-20 10:00:00Z",
            "2026-11-20T10:00:00+00:00",
            "2026-11-20T10:00:00.5Z",
            "2026-02-30T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T10:60:00Z",
            "2026-11-20T10:00:61Z",
            "1969-12-31T23:59:59Z",
            "+026-11-20T10:00:00Z",
            "2026-11-20T10:00:0éZ",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
