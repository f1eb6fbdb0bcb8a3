//! `cargo hostile`: runs every hostile case and prints what became of it.

use std::process::ExitCode;

use claw_tests::hostile::{self, Configuration, Level, User, Way};

const USAGE: &str = "usage: cargo hostile [-- [--way run|mcp|library] [--level full|basic] \
                     [--ordinary] [--lines] [FAMILY…]]";

/// What was asked for.
struct Asked<'a> {
    configuration: Configuration,
    user: User,
    as_lines: bool,
    families: Vec<&'a str>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(asked) = read(&words) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let rows = hostile::run_as(asked.user, asked.configuration, &asked.families);
    if asked.as_lines {
        rows.iter().for_each(|row| println!("{}", row.to_json()));
    } else {
        print!("{}", hostile::print(asked.user, asked.configuration, &rows));
    }
    if rows.iter().all(|row| row.verdict.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn read(words: &[String]) -> Option<Asked<'_>> {
    let mut asked = Asked {
        configuration: Configuration {
            way: Way::Mcp,
            level: Level::Full,
        },
        user: User::current(),
        as_lines: false,
        families: Vec::new(),
    };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--way" => {
                let word = words.next()?;
                asked.configuration.way = Way::ALL.into_iter().find(|way| way.word() == word)?;
            }
            "--level" => {
                let word = words.next()?;
                let mut levels = Level::ALL.into_iter();
                asked.configuration.level = levels.find(|level| level.word() == word)?;
            }
            "--ordinary" => asked.user = User::Ordinary,
            "--lines" => asked.as_lines = true,
            family => {
                hostile::families()
                    .iter()
                    .find(|known| known.name == family)?;
                asked.families.push(family);
            }
        }
    }
    Some(asked)
}
