//! Words as a POSIX shell writes them, without any of a shell's powers.
//!
//! Quotes and backslashes group characters; whatever a shell would expand, run or redirect is
//! refused unless quoted, because no shell will ever see it.

use std::iter::Peekable;
use std::str::Chars;

/// One word, and whether it was written without any quoting.
pub(super) struct ShellWord {
    pub(super) text: String,
    pub(super) bare: bool,
}

/// Splits a line into its words.
pub(super) fn split(line: &str) -> Result<Vec<ShellWord>, &'static str> {
    let mut words = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        while rest.next_if_eq(&' ').is_some() {}
        if rest.peek().is_none() {
            return Ok(words);
        }
        words.push(word(&mut rest)?);
    }
}

fn word(rest: &mut Peekable<Chars<'_>>) -> Result<ShellWord, &'static str> {
    let mut word = ShellWord {
        text: String::new(),
        bare: true,
    };
    while let Some(c) = rest.next_if(|c| *c != ' ') {
        match c {
            '\'' => {
                word.bare = false;
                single_quoted(rest, &mut word.text)?;
            }
            '"' => {
                word.bare = false;
                double_quoted(rest, &mut word.text)?;
            }
            '\\' => {
                word.bare = false;
                word.text.push(rest.next().ok_or("it ends in a backslash")?);
            }
            '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']' | '?'
            | '!' | '#' | '~' => {
                return Err("no shell runs it: quote `$ ` ; & | < > ( ) { } [ ] ? ! # ~`");
            }
            _ => word.text.push(c),
        }
    }
    Ok(word)
}

fn single_quoted(rest: &mut Peekable<Chars<'_>>, text: &mut String) -> Result<(), &'static str> {
    loop {
        match rest.next() {
            Some('\'') => return Ok(()),
            Some(c) => text.push(c),
            None => return Err("a quote is not closed"),
        }
    }
}

fn double_quoted(rest: &mut Peekable<Chars<'_>>, text: &mut String) -> Result<(), &'static str> {
    loop {
        match rest.next() {
            Some('"') => return Ok(()),
            Some('$' | '`') => return Err("no shell runs it: nothing is expanded in quotes"),
            Some('\\') => match rest.next() {
                Some(c @ ('$' | '`' | '"' | '\\')) => text.push(c),
                Some(c) => text.extend(['\\', c]),
                None => return Err("a quote is not closed"),
            },
            Some(c) => text.push(c),
            None => return Err("a quote is not closed"),
        }
    }
}

/// Writes a word so that it is read back as itself.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-^".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
