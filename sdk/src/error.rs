//! An error that any `std` error turns into and that turns into the text an action returns.
//!
//! It keeps words only: what crosses the border of a skill is a `string`, so there is nothing to downcast.

use std::error::Error as StdError;
use std::fmt;

/// Why an action could not do what it was asked, in words.
///
/// `?` makes it from any [`std::error::Error`], with the chain of causes joined by `: `, and makes the
/// `String` of a WIT `result<_, string>` from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(String);

/// A result with the SDK's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }
}

impl<E: StdError> From<E> for Error {
    fn from(error: E) -> Error {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Error(message)
    }
}

impl From<Error> for String {
    fn from(error: Error) -> String {
        error.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Puts `what` and a colon before the error.
    fn context(self, what: impl fmt::Display) -> Result<T>;

    /// The same, with words that are only made when there is an error.
    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.with_context(|| what)
    }

    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T> {
        self.map_err(|error| Error(format!("{}: {}", what(), error.into())))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.with_context(|| what)
    }

    fn with_context<W: fmt::Display>(self, what: impl FnOnce() -> W) -> Result<T> {
        self.ok_or_else(|| Error(what().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u32, String> {
        Ok(text
            .parse::<u32>()
            .with_context(|| format!("`{text}` is not a count"))?)
    }

    #[test]
    fn any_error_becomes_the_text_of_an_action() {
        assert_eq!(number("7"), Ok(7));
        assert_eq!(
            number("x"),
            Err("`x` is not a count: invalid digit found in string".to_owned())
        );
    }

    #[test]
    fn nothing_becomes_the_words_given() {
        let first = "".chars().next().context("the name is empty");
        assert_eq!(first, Err(Error::new("the name is empty")));
    }
}
