//! Durations as people type them: `500ms`, `30s`, `2m`, `1h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::settings::TIMEOUT_MAX;

/// A typed duration, at least a millisecond and at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed(pub(crate) Duration);

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotADuration;

impl fmt::Display for NotADuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a duration is a whole number and `ms`, `s`, `m` or `h`, such as `30s`, up to `24h`",
        )
    }
}

impl std::error::Error for NotADuration {}

impl FromStr for Typed {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let split = text
            .find(|c: char| !c.is_ascii_digit())
            .ok_or(NotADuration)?;
        let (number, unit) = text.split_at(split);
        let factor: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(NotADuration),
        };
        let millis = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
            .ok_or(NotADuration)?;
        let duration = Duration::from_millis(millis);
        if duration.is_zero() || duration > TIMEOUT_MAX {
            Err(NotADuration)
        } else {
            Ok(Typed(duration))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit() {
        for (text, millis) in [
            ("1ms", 1),
            ("30s", 30_000),
            ("2m", 120_000),
            ("24h", 86_400_000),
        ] {
            assert_eq!(text.parse(), Ok(Typed(Duration::from_millis(millis))));
        }
        for text in [
            "",
            "30",
            "s",
            "0s",
            "-1s",
            "1.5s",
            "30 s",
            "25h",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(text.parse::<Typed>(), Err(NotADuration), "{text}");
        }
    }
}
