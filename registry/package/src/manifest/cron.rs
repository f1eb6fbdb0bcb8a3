//! Whether a text is a schedule of five fields, as `crontab` has them: numbers, `*`, ranges, lists
//! and steps. Names of months and days, and `@daily` and its like, are refused.

use crate::limits::FIELD_BYTES_MAX;

const FIELDS: [(&str, u32, u32); 5] = [
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
];

/// Says what is wrong with a schedule.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    let words: Vec<&str> = schedule.split(' ').collect();
    if words.len() != FIELDS.len() || schedule.len() > FIELD_BYTES_MAX {
        return Err("a schedule has five fields separated by single spaces".into());
    }
    for (word, (name, least, most)) in words.into_iter().zip(FIELDS) {
        if !word.split(',').all(|item| is_item(item, least, most)) {
            return Err(format!(
                "`{}` is no {name} from {least} to {most}",
                word.escape_debug()
            ));
        }
    }
    Ok(())
}

fn is_item(item: &str, least: u32, most: u32) -> bool {
    let number = |text: &str| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>()
            .ok()
            .filter(|n| digits && (least..=most).contains(n))
    };
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (item, None),
    };
    let ranged = match range.split_once('-') {
        Some((from, to)) => number(from)
            .zip(number(to))
            .is_some_and(|(from, to)| from <= to),
        None => range == "*" || (step.is_none() && number(range).is_some()),
    };
    let stepped = step.is_none_or(|step| {
        step.bytes().all(|b| b.is_ascii_digit())
            && step.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n))
    });
    ranged && stepped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_fields_within_their_ranges() {
        for good in ["* * * * *", "0 9 1 1 0", "*/5 0-6,22,23 1-31/2 12 7"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "*  * * * *",
            "@daily",
            "* * * jan *",
            "5-1 * * * *",
            "*/0 * * * *",
            "5/2 * * * *",
            "1, * * * *",
            "+1 * * * *",
            "*/+1 * * * *",
            "-1 * * * *",
            "* * * * *\n",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
