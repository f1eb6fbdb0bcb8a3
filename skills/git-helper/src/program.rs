//! Running git and reading its answer.

use claw_sdk::process::Command;
use claw_sdk::{Error, Result};

/// Runs git with these words, and gives what it printed.
pub fn git<S: AsRef<str>>(words: &[S]) -> Result<String> {
    run(words, None)
}

/// The same, with something to read.
pub fn git_with_input(words: &[&str], input: &str) -> Result<String> {
    run(words, Some(input))
}

fn run<S: AsRef<str>>(words: &[S], input: Option<&str>) -> Result<String> {
    let mut command = Command::new("git").args(words.iter().map(AsRef::as_ref));
    if let Some(input) = input {
        command = command.stdin(input);
    }
    let name = words.first().map_or("", AsRef::as_ref);
    let output = command
        .run()
        .map_err(|error| Error::new(format!("could not run `git {name}`: {error}")))?;
    if output.is_success() && !output.stdout_truncated {
        return Ok(output.stdout_text());
    }
    if output.is_success() {
        return Err(Error::new(format!(
            "`git {name}` says more than can be read at once"
        )));
    }
    let said = output.stderr_text();
    let said = said
        .trim()
        .trim_start_matches("fatal: ")
        .trim_start_matches("error: ");
    let said = match said {
        "" => output.status.to_string(),
        said => said.to_owned(),
    };
    Err(Error::new(format!("`git {name}`: {said}")))
}

/// A name that git can't take for an option.
pub fn checked(name: &str) -> Result<&str> {
    if name.is_empty() || name.starts_with('-') {
        return Err(Error::new(format!("`{name}` is no name of a branch")));
    }
    Ok(name)
}
