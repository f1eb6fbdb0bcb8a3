//! What holds for every type that is read from text and printed again.

use std::fmt::{Debug, Display};
use std::str::FromStr;

/// Reads a value. What it prints reads as itself, and prints the same again.
pub(crate) fn printed_is_read_back<T>(text: &str) -> Option<T>
where
    T: FromStr<Err: Display> + Display + PartialEq + Debug,
{
    let value: T = match text.parse() {
        Ok(value) => value,
        Err(error) => {
            // A message is built for a person, from the very text that was refused.
            assert!(error.to_string().len() < 4096 + 8 * text.len());
            return None;
        }
    };
    let printed = value.to_string();
    let again: T = match printed.parse() {
        Ok(again) => again,
        Err(error) => panic!("`{printed}`, printed for `{text}`, is refused: {error}"),
    };
    assert_eq!(again, value, "`{text}` was printed as `{printed}`");
    assert_eq!(again.to_string(), printed);
    Some(value)
}

/// The same for a type that is read in the one spelling that it prints, and in no other.
pub(crate) fn only_printed_is_read<T>(text: &str) -> Option<T>
where
    T: FromStr<Err: Display> + Display + PartialEq + Debug,
{
    let value = printed_is_read_back::<T>(text)?;
    assert_eq!(value.to_string(), text);
    Some(value)
}
