//! Asks a person at a terminal for what it must not show: a token, a passphrase, the value of a secret.
//!
//! The terminal is left as it was however that ends. The keys that interrupt end the line, so that a program can say
//! what became of it; a signal ends the process as it would have, once what is typed is shown again. Every byte that
//! was typed is wiped from memory.

mod hidden;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use zeroize::Zeroizing;

use hidden::Hidden;

/// A terminal cuts a longer line off, and says nothing.
const LINE_BYTES_MAX: usize = if cfg!(target_os = "linux") {
    4095
} else {
    1023
};

/// How a question ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a line, which may be empty.
    Line(Zeroizing<Vec<u8>>),
    /// With a line of which the end may be missing.
    TooLong,
    /// With Ctrl-C or Ctrl-\.
    Interrupted,
    /// With Ctrl-D, or with the terminal.
    Ended,
}

/// Puts a question on `shown` and reads the answer from the terminal that stdin is, which does not show it.
///
/// From then on the signals that end a process end this one at once, whoever else listens to them.
pub fn ask_hidden(question: &str, shown: &mut impl Write) -> io::Result<Answer> {
    let terminal = io::stdin().as_fd().try_clone_to_owned()?;
    let hidden = Hidden::begin(&terminal)?;
    // Where the question can't be seen, the answer is read all the same.
    let _ = write!(shown, "{question}: ").and_then(|()| shown.flush());
    // Read past the buffer of `stdin`, which nobody wipes.
    let answer = line(File::from(terminal), hidden.interrupts());
    drop(hidden);
    // The end of the line was not shown either.
    let _ = writeln!(shown);
    answer
}

/// Reads up to the end of the line, or to a key that interrupts.
fn line(mut input: impl Read, interrupts: &[u8]) -> io::Result<Answer> {
    // Never grown, or what it held before would stay in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX));
    let mut byte = Zeroizing::new([0]);
    loop {
        match input.read(&mut *byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) => return Ok(Answer::Ended),
            read => read?,
        };
        match byte[0] {
            b'\n' if bytes.len() == LINE_BYTES_MAX => return Ok(Answer::TooLong),
            b'\n' => return Ok(Answer::Line(bytes)),
            typed if interrupts.contains(&typed) => return Ok(Answer::Interrupted),
            typed if bytes.len() < LINE_BYTES_MAX => bytes.push(typed),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_answer_and_an_interrupt_is_none() {
        let read = |text: &str| line(text.as_bytes(), &[3, 28]).unwrap();
        let answer = |text: &str| Answer::Line(Zeroizing::new(text.into()));
        assert_eq!(read("sésame\n"), answer("sésame"));
        assert_eq!(read("\n"), answer(""));
        assert_eq!(read("ses\u{3}ame\n"), Answer::Interrupted);
        assert_eq!(read("\u{1c}"), Answer::Interrupted);
        assert_eq!(read("ses"), Answer::Ended);
    }

    #[test]
    fn what_follows_an_answer_stays_where_it_is() {
        let mut input = "sesame\nnext".as_bytes();
        line(&mut input, &[3]).unwrap();
        assert_eq!(input, b"next");
    }

    #[test]
    fn a_line_that_a_terminal_cuts_off_is_no_answer() {
        let cut = "x".repeat(LINE_BYTES_MAX);
        let read = line(format!("{cut}\n").as_bytes(), &[3]);
        assert_eq!(read.unwrap(), Answer::TooLong);
        let whole = line(format!("{}\n", &cut[1..]).as_bytes(), &[3]);
        assert!(matches!(whole, Ok(Answer::Line(_))));
        let endless = line(io::repeat(b'x').take(10_000), &[3]);
        assert_eq!(endless.unwrap(), Answer::Ended);
    }
}
