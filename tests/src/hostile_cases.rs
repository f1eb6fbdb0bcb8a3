//! `cargo hostile`: runs every hostile case and prints what became of it.

use std::process::ExitCode;

use claw_tests::hostile::{self, Configuration, Way};

const USAGE: &str = "usage: cargo hostile [-- [--way run|mcp|library] [--lines] [FAMILY…]]";

fn main() -> ExitCode {
    let mut configuration = Configuration { way: Way::Mcp };
    let mut as_lines = false;
    let mut families = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--way" => match words.next().map(|way| way.parse()) {
                Some(Ok(way)) => configuration.way = way,
                _ => return usage(),
            },
            "--lines" => as_lines = true,
            family if hostile::families().iter().any(|known| known.name == family) => {
                families.push(word);
            }
            _ => return usage(),
        }
    }
    let rows = hostile::run(configuration, &families);
    if as_lines {
        rows.iter().for_each(|row| println!("{}", row.to_json()));
    } else {
        print!("{}", hostile::print(configuration, &rows));
    }
    if rows.iter().all(|row| row.verdict.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
