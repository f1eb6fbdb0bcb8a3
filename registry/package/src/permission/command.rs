//! Commands: a program and the arguments it may be given, word by word.
//!
//! `*` is one argument, whatever it is; `**` at the end is any rest. The program itself is a name or
//! an absolute path, or `**` alone for any program at all.

use std::fmt;
use std::str::FromStr;

use super::error::{PermissionError, shown};
use super::shell;

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// Exactly this.
    Literal(String),
    /// `*`: any one argument.
    Any,
}

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    words: Vec<Word>,
    any_rest: bool,
}

impl Command {
    /// The program and its arguments, without the final `**`. No words at all means any program.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Whether it ends in `**`: any further arguments.
    pub fn any_rest(&self) -> bool {
        self.any_rest
    }

    /// Whether it is `**`: any program with any arguments.
    pub fn is_any(&self) -> bool {
        self.words.is_empty()
    }

    /// The command of exactly these words. None when the first is no program's name.
    pub fn exactly(words: impl IntoIterator<Item = impl Into<String>>) -> Option<Self> {
        let words: Vec<Word> = words
            .into_iter()
            .map(|word| Word::Literal(word.into()))
            .collect();
        check_program(words.first()?).ok()?;
        Some(Self {
            words,
            any_rest: false,
        })
    }

    /// Whether these words, the program first, are among what it allows: word by word, byte for byte.
    pub fn allows(&self, words: &[impl AsRef<str>]) -> bool {
        let length_fits = match self.any_rest {
            true => words.len() >= self.words.len(),
            false => words.len() == self.words.len(),
        };
        let fits = |(own, word): (&Word, &_)| match own {
            Word::Literal(text) => text == AsRef::<str>::as_ref(word),
            Word::Any => true,
        };
        !words.is_empty() && length_fits && self.words.iter().zip(words).all(fits)
    }

    /// The program that it names; none when it is any.
    pub fn program(&self) -> Option<&str> {
        match self.words.first()? {
            Word::Literal(program) => Some(program),
            Word::Any => None,
        }
    }

    pub(super) fn meet(&self, other: &Self) -> Option<Self> {
        let (short, long) = if self.words.len() <= other.words.len() {
            (self, other)
        } else {
            (other, self)
        };
        if short.words.len() < long.words.len() && !short.any_rest {
            return None;
        }
        let mut words = Vec::with_capacity(long.words.len());
        for (a, b) in short.words.iter().zip(&long.words) {
            words.push(match (a, b) {
                (Word::Any, word) | (word, Word::Any) => word.clone(),
                (a, b) if a == b => a.clone(),
                _ => return None,
            });
        }
        words.extend_from_slice(&long.words[short.words.len()..]);
        Some(Self {
            words,
            any_rest: short.any_rest && long.any_rest,
        })
    }

    pub(super) fn describe(&self) -> String {
        let line = self.to_string();
        match &self.words[..] {
            [] => "run any program with any arguments: full power over this machine's tools".into(),
            [Word::Literal(program)] if self.any_rest => {
                format!(
                    "run `{}` with any arguments: everything that program can do",
                    shell::quote(program)
                )
            }
            _ if self.any_rest => format!("run `{line}` (`**`: any further arguments)"),
            words if words.contains(&Word::Any) => format!("run `{line}` (`*`: any one argument)"),
            _ => format!("run `{line}`"),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.any_rest.then(|| "**".to_owned());
        let words = self.words.iter().map(|word| match word {
            Word::Literal(text) => shell::quote(text),
            Word::Any => "*".into(),
        });
        f.write_str(&Vec::from_iter(words.chain(rest)).join(" "))
    }
}

impl FromStr for Command {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, PermissionError> {
        parse(text).map_err(|reason| PermissionError::Command {
            scope: shown(text),
            reason,
        })
    }
}

fn parse(text: &str) -> Result<Command, &'static str> {
    let mut shell_words = shell::split(text)?;
    let any_rest = shell_words
        .pop_if(|last| last.bare && last.text == "**")
        .is_some();
    let mut words = Vec::with_capacity(shell_words.len());
    for (index, word) in shell_words.into_iter().enumerate() {
        let word = match (word.bare, word.text.as_str()) {
            (true, "*") => Word::Any,
            (true, "**") => return Err("`**` is the last word"),
            (true, text) if text.contains('*') => {
                return Err("`*` stands for a whole argument; quote it to mean the character");
            }
            (_, _) => Word::Literal(word.text),
        };
        if index == 0 {
            check_program(&word)?;
        }
        words.push(word);
    }
    if words.is_empty() && !any_rest {
        return Err("it names no program");
    }
    Ok(Command { words, any_rest })
}

fn check_program(word: &Word) -> Result<(), &'static str> {
    let Word::Literal(program) = word else {
        return Err("the first word is the program; only `**` alone means any");
    };
    if program.is_empty() {
        return Err("it names no program");
    }
    if program.contains('/') && !program.starts_with('/') {
        return Err("a program is a name or an absolute path");
    }
    Ok(())
}
