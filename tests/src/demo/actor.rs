//! The people of the story: what each types is shown as they would type it, and what comes of it below.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use claw_tests::environment::Person;
use claw_tests::programs::{self, Run};

/// One of the people of the story.
pub(crate) struct Actor {
    name: &'static str,
    pub(crate) person: Person,
}

impl Actor {
    /// Somebody with a name that is shown before the prompt.
    pub(crate) fn new(name: &'static str, person: Person) -> Actor {
        Actor { name, person }
    }

    /// The same person in another folder.
    pub(crate) fn in_folder(&self, folder: PathBuf) -> Actor {
        Actor::new(
            self.name,
            Person {
                home: self.person.home.clone(),
                folder,
            },
        )
    }

    /// Runs a command that has to succeed, shows it and what it says, and gives its standard output.
    pub(crate) fn run(&self, program: &str, words: &[&str]) -> Result<String> {
        self.expect(0, program, words)
    }

    /// Runs a command that has to exit with `code`.
    pub(crate) fn expect(&self, code: i32, program: &str, words: &[&str]) -> Result<String> {
        self.show(program, words, "");
        let run = self.person.run(program, words);
        print_indented(&run.stdout);
        print_indented(&run.stderr);
        if code != 0 {
            println!("  (exit {})", run.code.unwrap_or(-1));
        }
        checked(run, code)
    }

    /// Runs a command whose output goes into a file.
    pub(crate) fn run_into(&self, program: &str, words: &[&str], file: &Path) -> Result<String> {
        self.show(
            program,
            words,
            &format!(
                " > {}",
                file.file_name().unwrap_or_default().to_string_lossy()
            ),
        );
        let run = self.person.run(program, words);
        print_indented(&run.stderr);
        let output = checked(run, 0)?;
        std::fs::write(file, &output)
            .with_context(|| format!("`{}` cannot be written", file.display()))?;
        Ok(output)
    }

    /// Runs a command whose output is a secret.
    pub(crate) fn run_quietly(&self, program: &str, words: &[&str]) -> Result<String> {
        self.show(program, words, "");
        let output = checked(self.person.run(program, words), 0)?;
        println!("  (a token)");
        Ok(output)
    }

    /// Runs a command and gives it a secret on standard input.
    pub(crate) fn run_with_input(
        &self,
        program: &str,
        words: &[&str],
        input: &str,
    ) -> Result<String> {
        self.show(program, words, " < token");
        let run = self.person.run_with_input(program, words, input);
        print_indented(&run.stderr);
        checked(run, 0)
    }

    fn show(&self, program: &str, words: &[&str], end: &str) {
        let program = if program == "cargo-claw" {
            "cargo claw"
        } else {
            program
        };
        let words: Vec<String> = words.iter().map(|word| programs::quoted(word)).collect();
        println!("\n{}$ {program} {}{end}", self.name, words.join(" "));
    }
}

/// The standard output of a run that ended with `code`.
fn checked(run: Run, code: i32) -> Result<String> {
    if run.code != Some(code) {
        bail!(
            "`{}` should exit with {code}, not {:?}:\n{}{}",
            run.typed,
            run.code,
            run.stdout,
            run.stderr
        );
    }
    Ok(run.stdout)
}

/// Prints what a program said.
pub(crate) fn print_indented(text: &str) {
    for line in text.lines() {
        println!("  {}", shortened(line, 300));
    }
}

/// At most `characters` of `text`, saying when there was more.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
