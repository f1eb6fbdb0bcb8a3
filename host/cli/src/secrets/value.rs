//! The value of a secret: what may be one, and where it comes from.
//!
//! It goes into a header of a request, so it is what a header can carry and nothing else: a line
//! break would begin a header of its own, and blanks at either end would be lost on the way. It is
//! never an argument, which every program on the machine can read.

use std::fmt;
use std::io::{self, Read};

use claw_terminal::Answer;
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// A shorter one could not be told from ordinary text, where it has to be masked in what comes back.
pub(crate) const VALUE_BYTES_MIN: usize = 8;

/// A longer one fits no header of most servers.
pub(crate) const VALUE_BYTES_MAX: usize = 8 * 1024;

/// A value, wiped from memory when it goes away.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value(Zeroizing<String>);

/// Says nothing of the value.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(…)")
    }
}

impl Value {
    /// Takes what a header can carry.
    pub(crate) fn new(bytes: &[u8]) -> Outcome<Self> {
        let refuse = |message: &str| Failure::usage(message).during("that is no value of a secret");
        if bytes.is_empty() {
            return Err(refuse("it is empty"));
        }
        if bytes.len() < VALUE_BYTES_MIN {
            return Err(refuse(&format!(
                "it is shorter than {VALUE_BYTES_MIN} bytes"
            )));
        }
        if bytes.len() > VALUE_BYTES_MAX {
            return Err(refuse(&format!(
                "it is longer than {VALUE_BYTES_MAX} bytes"
            )));
        }
        if bytes.iter().any(|byte| !matches!(byte, b' '..=b'~')) {
            return Err(refuse(
                "it has line breaks or other characters than ASCII letters, digits, signs and \
                 blanks, and no header of a request carries those",
            ));
        }
        if bytes.starts_with(b" ") || bytes.ends_with(b" ") {
            return Err(refuse(
                "it begins or ends with a blank, which a header of a request would lose",
            ));
        }
        let text = str::from_utf8(bytes).or_fail(Kind::Bug, "ASCII is text")?;
        Ok(Value(Zeroizing::new(text.to_owned())))
    }

    /// The text itself, for whoever puts it where it belongs.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, given away.
    pub(crate) fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

/// Reads a value from stdin, to its end. One line break at the end is not part of it.
pub(crate) fn from_stdin() -> Outcome<Value> {
    // Never grown, or what it held before would stay in memory.
    let bytes_max = VALUE_BYTES_MAX + b"\r\n".len() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(bytes_max + 64));
    let read = io::stdin()
        .lock()
        .take(bytes_max as u64)
        .read_to_end(&mut bytes);
    read.or_fail(Kind::Io, "could not read stdin")?;
    Value::new(without_line_break(&bytes))
}

fn without_line_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Asks for a value on the terminal, which does not show it.
pub(crate) fn from_terminal(question: &str) -> Outcome<Value> {
    let answer = claw_terminal::ask_hidden(question, &mut io::stderr());
    match answer.or_fail(Kind::Io, "could not read from the terminal")? {
        Answer::Line(bytes) => Value::new(&bytes),
        Answer::TooLong => {
            let failure = Failure::usage("a terminal takes no line of that length");
            Err(failure.hint("give it to stdin: claw secret set NAME < FILE"))
        }
        Answer::Interrupted => Err(Failure::new(Kind::Interrupted, "it was interrupted")),
        Answer::Ended => Err(Failure::refused("the question was not answered")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_a_header_carries_as_it_is() {
        let longest = vec![b'x'; VALUE_BYTES_MAX];
        for good in [
            &b"Bearer a.b-c_d/e+f=="[..],
            b"!~!~!~!~",
            b"eight by",
            &longest,
        ] {
            assert_eq!(Value::new(good).unwrap().as_str().as_bytes(), good);
        }
        let too_long = vec![b'x'; VALUE_BYTES_MAX + 1];
        for bad in [
            &b""[..],
            b"seven b",
            b"letters\nand more",
            b"letters\rand more",
            b"letters\0and more",
            b"letters\tand more",
            b"letters\x7f",
            "schöner als schön".as_bytes(),
            b" letters and more",
            b"letters and more ",
            &too_long,
        ] {
            let failure = Value::new(bad).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            // A value is not repeated to whoever reads the error.
            assert!(!failure.one_line().contains("letters\n"));
        }
    }

    #[test]
    fn one_line_break_at_the_end_is_dropped() {
        for (given, kept) in [
            (&b"a\n"[..], &b"a"[..]),
            (b"a\r\n", b"a"),
            (b"a\n\n", b"a\n"),
            (b"a", b"a"),
        ] {
            assert_eq!(without_line_break(given), kept);
        }
    }

    #[test]
    fn nothing_prints_a_value_by_accident() {
        let value = Value::new(b"hunter2-and-more").unwrap();
        assert!(!format!("{value:?}").contains("hunter2-and-more"));
    }
}
