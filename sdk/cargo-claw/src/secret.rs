//! Reads a secret from the terminal without showing it, and leaves the terminal as it was however that ends.
//!
//! Ctrl-C is read as the end of a line here, so no signal can end the process while nothing is shown.

use std::io::{self, BufRead};
use std::os::fd::AsFd;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::{Zeroize, Zeroizing};

/// How reading ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With a line, which may be empty.
    Line(Zeroizing<String>),
    /// With Ctrl-C or Ctrl-\.
    Interrupted,
    /// With Ctrl-D, or with the terminal.
    Ended,
}

/// Reads a line from the terminal that stdin is.
pub(crate) fn read() -> io::Result<Answer> {
    let stdin = io::stdin();
    let before = tcgetattr(&stdin)?;
    let interrupts = [SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT]
        .map(|index| before.special_codes[index])
        // What is 0 is switched off.
        .into_iter()
        .filter(|byte| *byte != 0);
    let interrupts: Vec<u8> = interrupts.collect();
    let _hidden = Hidden::begin(&stdin, &before)?;
    line(&mut stdin.lock(), &interrupts)
}

/// A terminal that does not show what is typed, until this goes away.
struct Hidden<'a, T: AsFd> {
    terminal: &'a T,
    before: &'a Termios,
}

impl<'a, T: AsFd> Hidden<'a, T> {
    fn begin(terminal: &'a T, before: &'a Termios) -> io::Result<Self> {
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        modes.local_modes |= LocalModes::ICANON | LocalModes::IEXTEN;
        for (end, key) in [
            (SpecialCodeIndex::VEOL, SpecialCodeIndex::VINTR),
            (SpecialCodeIndex::VEOL2, SpecialCodeIndex::VQUIT),
        ] {
            modes.special_codes[end] = before.special_codes[key];
        }
        // What was typed before the question was no answer to it.
        tcsetattr(terminal, OptionalActions::Flush, &modes)?;
        Ok(Hidden { terminal, before })
    }
}

impl<T: AsFd> Drop for Hidden<'_, T> {
    fn drop(&mut self) {
        // A terminal that went away has nothing left to show.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, self.before);
    }
}

/// Reads up to the end of the line, or to a key that interrupts.
fn line(input: &mut impl BufRead, interrupts: &[u8]) -> io::Result<Answer> {
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        let found = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            found => found?,
        };
        if found.is_empty() {
            return Ok(Answer::Ended);
        }
        let end = found
            .iter()
            .position(|byte| *byte == b'\n' || interrupts.contains(byte));
        bytes.extend_from_slice(&found[..end.unwrap_or(found.len())]);
        let stopped_by = end.map(|end| found[end]);
        let read = end.map_or(found.len(), |end| end + 1);
        input.consume(read);
        match stopped_by {
            None => {}
            Some(b'\n') => return text(bytes),
            Some(_) => return Ok(Answer::Interrupted),
        }
    }
}

fn text(mut bytes: Zeroizing<Vec<u8>>) -> io::Result<Answer> {
    match String::from_utf8(std::mem::take(&mut bytes)) {
        Ok(text) => Ok(Answer::Line(Zeroizing::new(text))),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "it is not UTF-8",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_answer_and_an_interrupt_is_none() {
        let read = |text: &str| line(&mut text.as_bytes(), &[3, 28]).unwrap();
        let answer = |text: &str| Answer::Line(Zeroizing::new(text.to_owned()));
        assert_eq!(read("sésame\n"), answer("sésame"));
        assert_eq!(read("\n"), answer(""));
        assert_eq!(read("ses\u{3}ame\n"), Answer::Interrupted);
        assert_eq!(read("\u{1c}"), Answer::Interrupted);
        assert_eq!(read("ses"), Answer::Ended);
        assert!(line(&mut b"\xff\n".as_slice(), &[3]).is_err());
    }

    #[test]
    fn an_answer_comes_in_pieces_and_what_follows_it_stays() {
        let mut input = io::BufReader::with_capacity(2, "sesame\nnext".as_bytes());
        let answer = line(&mut input, &[3]).unwrap();
        assert_eq!(answer, Answer::Line(Zeroizing::new("sesame".to_owned())));
        let mut rest = String::new();
        io::Read::read_to_string(&mut input, &mut rest).unwrap();
        assert_eq!(rest, "next");
    }
}
