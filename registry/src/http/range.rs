//! Which part of a blob a client asks for.
//!
//! One part at a time: whoever asks for several is sent the whole, which HTTP allows and which costs no
//! more than the parts together. What makes no sense is not an error but a request for the whole.

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue};

/// What of the bytes is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of them.
    Whole,
    /// Those from the first to the last, both included.
    Part {
        /// Where it begins.
        first: u64,
        /// Where it ends.
        last: u64,
    },
    /// None: the part begins behind the end.
    Nothing,
}

/// What a `GET` of `size` bytes asks for, whose validator is `etag`.
pub(super) fn wanted(request: &HeaderMap, etag: &HeaderValue, size: u64) -> Wanted {
    let mut ranges = request.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return Wanted::Whole;
    };
    // A date never matches: it says nothing about bytes that are known by their digest.
    if request.get(IF_RANGE).is_some_and(|had| had != etag) {
        return Wanted::Whole;
    }
    range
        .to_str()
        .ok()
        .and_then(|text| part(text, size))
        .unwrap_or(Wanted::Whole)
}

fn part(text: &str, size: u64) -> Option<Wanted> {
    let (unit, range) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let end = size.checked_sub(1);
    let (first, last) = match (first, last) {
        ("", count) => match (number(count)?, end) {
            (0, _) | (_, None) => return Some(Wanted::Nothing),
            (count, Some(end)) => (size.saturating_sub(count), end),
        },
        (first, "") => (number(first)?, u64::MAX),
        (first, last) => (number(first)?, number(last)?),
    };
    if last < first {
        return None;
    }
    match end {
        Some(end) if first <= end => Some(Wanted::Part {
            first,
            last: last.min(end),
        }),
        _ => Some(Wanted::Nothing),
    }
}

/// A number of digits alone. One beyond all sizes is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: &'static str, size: u64) -> Wanted {
        let mut request = HeaderMap::new();
        request.insert(RANGE, HeaderValue::from_static(range));
        wanted(&request, &HeaderValue::from_static("\"a\""), size)
    }

    #[test]
    fn one_part_is_one_part_wherever_it_ends() {
        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=0-", 0, 9),
            ("BYTES=3-5", 3, 5),
            ("bytes=9-9", 9, 9),
            ("bytes=5-99", 5, 9),
            ("bytes=5-99999999999999999999999", 5, 9),
            ("bytes=-3", 7, 9),
            ("bytes=-99", 0, 9),
        ] {
            assert_eq!(of(range, 10), Wanted::Part { first, last }, "{range}");
        }
    }

    #[test]
    fn a_part_behind_the_end_is_nothing() {
        for range in [
            "bytes=10-",
            "bytes=10-12",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(of(range, 10), Wanted::Nothing, "{range}");
        }
        for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(of(range, 0), Wanted::Nothing, "{range}");
        }
    }

    #[test]
    fn several_parts_and_nonsense_are_the_whole() {
        for range in [
            "bytes=0-1,3-4",
            "bytes=5-3",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=--1",
            "bytes 0-1",
            "lines=0-1",
        ] {
            assert_eq!(of(range, 10), Wanted::Whole, "{range}");
        }
        let mut twice = HeaderMap::new();
        for range in ["bytes=0-1", "bytes=3-4"] {
            twice.append(RANGE, HeaderValue::from_static(range));
        }
        let etag = HeaderValue::from_static("\"a\"");
        assert_eq!(wanted(&twice, &etag, 10), Wanted::Whole);
        assert_eq!(wanted(&HeaderMap::new(), &etag, 10), Wanted::Whole);
    }

    #[test]
    fn a_part_of_something_else_is_the_whole() {
        let etag = HeaderValue::from_static("\"a\"");
        let part = Wanted::Part { first: 1, last: 2 };
        for (had, wants) in [
            ("\"a\"", part),
            ("W/\"a\"", Wanted::Whole),
            ("\"b\"", Wanted::Whole),
            ("Fri, 20 Nov 2026 10:00:00 GMT", Wanted::Whole),
        ] {
            let mut request = HeaderMap::new();
            request.insert(RANGE, HeaderValue::from_static("bytes=1-2"));
            request.insert(IF_RANGE, HeaderValue::from_static(had));
            assert_eq!(wanted(&request, &etag, 10), wants, "{had}");
        }
    }
}
