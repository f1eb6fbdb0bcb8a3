//! Where words go: data to stdout, talk to stderr.
//!
//! A reader that goes away (`claw list | head -1`) is no error. Nothing here uses colour, so
//! nothing depends on it. No line of a message but its first begins at the margin, so that text
//! from strangers can't pass for a message of claw.

mod progress;
mod writer;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Kind, OrFail, Outcome};
pub(crate) use progress::Busy;
use writer::Writer;

/// How long the end of the process waits for a client that may not read stderr.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Writes to stderr in place of whoever says something, once [`never_wait`] was called.
static WRITER: OnceLock<Writer> = OnceLock::new();

/// Begins something that may take long: what it is stands on the terminal, from the first second to
/// the end, as long as the value is kept.
pub(crate) fn busy(what: impl Display) -> Busy {
    progress::begin(what.to_string(), None, WRITER.get().is_none())
}

/// The same where it is known how many bytes there are to go through.
pub(crate) fn busy_with(what: impl Display, bytes: u64) -> Busy {
    progress::begin(what.to_string(), Some(bytes), WRITER.get().is_none())
}

/// Prints data for people.
pub(crate) fn data(text: impl Display) -> Outcome {
    print(&tame(&text.to_string()))
}

/// Prints data for programs: readable on a terminal, one line otherwise.
pub(crate) fn json(value: &Value) -> Outcome {
    let text = if io::stdout().is_terminal() {
        format!("{value:#}")
    } else {
        value.to_string()
    };
    print(&escape(&text))
}

/// Prints lines that belong to what was printed before.
pub(crate) fn lines(lines: &[String]) -> Outcome {
    match lines {
        [] => Ok(()),
        lines => data(indented(lines)),
    }
}

/// Lines that belong to the one above them.
pub(crate) fn indented(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Prints rows as columns; from the column `numbers` on, each is set to the right.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], numbers: usize) -> Outcome {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column < numbers {
            true => format!("{cell:width$}"),
            false => format!("{cell:>width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        data(line.trim_end())?;
    }
    Ok(())
}

/// A list for programs, printed one item after the other, so that nobody holds all of it.
#[derive(Debug, Default)]
pub(crate) struct JsonList {
    begun: bool,
}

impl JsonList {
    pub(crate) fn item(&mut self, value: &Value) -> Outcome {
        let before = if self.begun { "," } else { "[" };
        self.begun = true;
        print(&format!("{before}{}", escape(&value.to_string())))
    }

    pub(crate) fn end(self) -> Outcome {
        print(if self.begun { "]" } else { "[]" })
    }
}

/// Prints bytes of claw's own as they are, such as a script.
pub(crate) fn raw(bytes: &[u8]) -> Outcome {
    let _room = progress::make_room();
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.or_fail(Kind::Io, "could not write to stdout"),
    }
}

fn print(text: &str) -> Outcome {
    raw(format!("{text}\n").as_bytes())
}

/// From now on nobody who says something waits for somebody to read it.
pub(crate) fn never_wait() -> Outcome {
    let writer = Writer::start(io::stderr()).or_fail(Kind::Io, "could not start a thread")?;
    // A second one would find nothing to do.
    let _ = WRITER.set(writer);
    Ok(())
}

/// Lets the last words be read, if anybody reads.
pub(crate) fn settle() {
    if let Some(writer) = WRITER.get() {
        writer.settle(LAST_WORDS);
    }
}

/// Writes whole lines to stderr, at once.
pub(crate) fn to_stderr(text: String) {
    match WRITER.get() {
        Some(writer) => writer.write(text),
        // With stderr closed nobody is listening, which is no reason to stop.
        None => {
            let _room = progress::make_room();
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

/// Says something to the person at the terminal.
pub(crate) fn say(text: impl Display) {
    say_lines(continued(&text.to_string()));
}

/// Says several lines that are laid out already, none of them a stranger's.
pub(crate) fn say_lines(text: impl Display) {
    to_stderr(tame(&text.to_string()) + "\n");
}

/// Says something to the program at the other end of stderr.
pub(crate) fn say_json(value: &Value) {
    to_stderr(escape(&value.to_string()) + "\n");
}

/// Warns.
pub(crate) fn warn(text: impl Display) {
    say(format_args!("warning: {text}"));
}

/// Whether somebody can be asked: both ends of the conversation are a terminal.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a yes-or-no question on the terminal; only a clear yes is a yes.
pub(crate) fn ask(question: &str) -> Outcome<bool> {
    let room = progress::make_room();
    let mut err = io::stderr().lock();
    let asked = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
    asked.or_fail(Kind::Io, "could not ask")?;
    drop(err);
    drop(room);
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    let read = read.or_fail(Kind::Io, "could not read the answer")?;
    if read == 0 {
        return Err(Failure::refused("the question was not answered"));
    }
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

/// A text with its later lines set in from the margin, where only claw's own words begin.
pub(crate) fn continued(text: &str) -> String {
    text.replace('\n', "\n    ")
}

/// Text from strangers, safe to show on a terminal: no control characters but line breaks, nothing
/// that reorders text.
pub(crate) fn tame(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !deceives(*c))
        .collect()
}

/// The same for JSON, which says everything: such characters stand only in strings, as escapes.
pub(crate) fn escape(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && deceives(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// Control characters, and the bidirectional ones of Unicode, all in its first plane.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_write_cannot_move_the_cursor_or_turn_text_around() {
        assert_eq!(tame("a\u{1b}[2Jb\u{202e}c\nd"), "a[2Jbc\nd");
    }

    #[test]
    fn what_strangers_write_cannot_pass_for_a_message_of_claw() {
        assert_eq!(
            continued("it failed\nhint: rm -r ~\n\nerror: x"),
            "it failed\n    hint: rm -r ~\n    \n    error: x"
        );
    }

    #[test]
    fn json_says_everything_and_does_nothing() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}[2J\u{202e}\n\u{7f}"});
        let text = escape(&value.to_string());
        assert!(text.chars().all(|c| !deceives(c)), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
