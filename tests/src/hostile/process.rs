//! What a program that a skill may run tries: everything that a program can try, and words that were not granted.

mod confinement;
mod taking;
mod words;

use serde_json::{Value, json};

use super::{Answer, Family, Guest, Stage};

pub(super) const FAMILY: Family = Family {
    name: "process",
    about: "what a program that a skill may run tries, and words that were not granted",
    cases: &[confinement::CASES, taking::CASES, words::CASES],
};

fn argv(stage: &Stage<'_>, words: &[&str]) -> Value {
    let program = stage.program();
    let first = std::iter::once(program.as_str());
    json!(first.chain(words.iter().copied()).collect::<Vec<_>>())
}

/// Runs the probing program with these words.
fn run(stage: &mut Stage<'_>, words: &[&str]) -> Answer {
    stage.grant_program();
    let input = json!({ "argv": argv(stage, words) });
    stage.call_of(&Guest::PROCESS, "run", &input)
}

/// Tries everything that the probing program knows; gives its lines.
fn attempt(stage: &mut Stage<'_>) -> Result<String, String> {
    stage.file("note.txt", "a note\n");
    std::fs::copy(stage.program(), stage.path("program")).expect("copied");
    let mut neighbour = stage.neighbour();
    let id = neighbour.id().to_string();
    let workspace = stage.workspace.display().to_string();
    let outside = stage.root.join("outside").display().to_string();
    let answer = run(stage, &["try", &workspace, &outside, &id]);
    let runs_on = matches!(neighbour.try_wait(), Ok(None));
    // It may be gone already, which is told below.
    let _ = neighbour.kill();
    let _ = neighbour.wait();
    if !runs_on {
        return Err("the neighbour has ended".to_owned());
    }
    let ran = answer.ok()?;
    match (ran["status"].as_str(), ran["stdout"].as_str()) {
        (Some("exit code 0"), Some(text)) if text.lines().count() > 70 => Ok(text.to_owned()),
        _ => Err(format!("it did not try everything: {answer}")),
    }
}

/// What became of one try.
fn said<'a>(tried: &'a str, name: &str) -> &'a str {
    let lines = tried.lines().filter_map(|line| line.rsplit_once(' '));
    let mut found = lines.filter(|(tried, _)| *tried == name);
    found.next().map_or("never tried", |(_, said)| said)
}
