//! Where words go, data to stdout and talk to stderr, and how a person is asked.
//!
//! A reader that goes away (`cargo claw key list | head -1`) is no error. Nobody is asked anything without a terminal.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use claw_terminal::Answer;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// Whether it is told what is going on, which a program that reads JSON has no use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Told,
    Hidden,
}

impl Progress {
    /// What goes with an output that is, or is not, JSON.
    pub(crate) fn beside(json: bool) -> Self {
        if json {
            Progress::Hidden
        } else {
            Progress::Told
        }
    }
}

/// What takes a while, told step by step to a person who waits at a terminal and to nobody else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    is_told: bool,
}

impl Steps {
    /// The steps that go with an output that is, or is not, JSON.
    pub(crate) fn beside(json: bool) -> Self {
        let is_told = !json && io::stderr().is_terminal();
        Steps { is_told }
    }

    /// Tells what begins now.
    pub(crate) fn begin(self, step: impl Display) {
        if self.is_told {
            say(format_args!("{step} …"));
        }
    }
}

/// A number of bytes, for people: `112 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Prints data.
pub(crate) fn data(text: impl Display) -> Outcome {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.or_fail(Kind::Io, "could not write to stdout"),
    }
}

/// Prints data for programs: readable on a terminal, one line otherwise.
pub(crate) fn json(value: &Value) -> Outcome {
    if io::stdout().is_terminal() {
        data(format_args!("{value:#}"))
    } else {
        data(value)
    }
}

/// Says something to the person at the terminal.
pub(crate) fn say(text: impl Display) {
    // With stderr closed nobody is listening, which is no reason to stop.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Warns.
pub(crate) fn warn(text: impl Display) {
    say(format_args!("warning: {text}"));
}

/// Whether somebody can be asked: both ends of the conversation are a terminal.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a word. Nothing typed is the default, where there is one.
pub(crate) fn ask(question: &str, default: Option<&str>) -> Outcome<String> {
    let mut terminal = io::stderr();
    let shown = default.map_or(String::new(), |default| format!(" [{default}]"));
    // With stderr closed the question is not seen, and the answer is read all the same.
    let _ = write!(terminal, "{question}{shown}: ").and_then(|()| terminal.flush());
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    if read.or_fail(Kind::Io, "could not read from the terminal")? == 0 {
        return Err(Failure::refused("the question was not answered"));
    }
    match (line.trim(), default) {
        ("", Some(default)) => Ok(default.to_owned()),
        (word, _) => Ok(word.to_owned()),
    }
}

/// Asks for a secret that is not shown while it is typed.
pub(crate) fn ask_secret(question: &str) -> Outcome<Zeroizing<String>> {
    let answer = claw_terminal::ask_hidden(question, &mut io::stderr());
    match answer.or_fail(Kind::Io, "could not read from the terminal")? {
        Answer::Line(bytes) => {
            let text = str::from_utf8(&bytes).or_fail(Kind::Io, "what was typed is not UTF-8")?;
            Ok(Zeroizing::new(text.to_owned()))
        }
        Answer::TooLong => Err(Failure::usage("a terminal takes no line of that length")),
        Answer::Interrupted => Err(Failure::new(Kind::Interrupted, "it was interrupted")),
        Answer::Ended => Err(Failure::refused("the question was not answered")),
    }
}

/// Asks for a new secret, twice.
pub(crate) fn ask_new_secret(question: &str) -> Outcome<Zeroizing<String>> {
    let first = ask_secret(question)?;
    let second = ask_secret("the same again")?;
    if first != second {
        let failure = Failure::usage("what was typed the second time is not what was typed first");
        return Err(failure.hint("run the same command again: nothing was changed"));
    }
    Ok(first)
}

/// Text from guests and strangers, safe to show on a terminal: no control characters but line breaks, nothing that
/// reorders text.
pub(crate) fn tame(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

/// A word of a command, to be pasted into a shell.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("filesystem.read=."), "filesystem.read=.");
        assert_eq!(shell_word("text=it's *"), r"'text=it'\''s *'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn sizes_are_read_by_people() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1025), "2 KiB");
        assert_eq!(size(3 << 19), "1.5 MiB");
    }

    #[test]
    fn what_a_guest_writes_cannot_move_the_cursor_or_turn_text_around() {
        assert_eq!(tame("a\u{1b}[2Jb\u{202e}c\nd"), "a[2Jbc\nd");
    }
}
