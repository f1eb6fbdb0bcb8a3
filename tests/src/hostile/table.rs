//! The table: on a terminal, as lines for another process, and as the part of the documentation.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Configuration, Family, User, Verdict, families};
use crate::programs;

/// What became of one case.
#[derive(Debug, Clone)]
pub struct Row {
    /// The family's word.
    pub family: String,
    /// The case's name.
    pub case: String,
    /// Whether what must happen has happened.
    pub verdict: Verdict,
    /// How long it took, with everything around it.
    pub took: Duration,
}

impl Row {
    /// One line for another process.
    pub fn to_json(&self) -> Value {
        json!({
            "family": self.family,
            "case": self.case,
            "wrong": self.verdict.clone().err(),
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Reads such a line back.
    pub fn from_json(line: &Value) -> Option<Row> {
        Some(Row {
            family: line["family"].as_str()?.to_owned(),
            case: line["case"].as_str()?.to_owned(),
            verdict: line["wrong"]
                .as_str()
                .map_or(Ok(()), |why| Err(why.to_owned())),
            took: Duration::from_millis(line["took_ms"].as_u64()?),
        })
    }
}

/// The table as text, with everything that went wrong below it.
pub fn print(user: User, configuration: Configuration, rows: &[Row]) -> String {
    let mut text = format!(
        "{} hostile cases {configuration}, as {user}\n\n",
        rows.len()
    );
    for row in rows {
        let case = families()
            .into_iter()
            .filter(|family| family.name == row.family)
            .flat_map(Family::cases)
            .find(|case| case.name == row.case);
        let (tries, must) = case.map_or(("", ""), |case| (case.tries, case.must));
        let verdict = if row.verdict.is_ok() { "ok" } else { "WRONG" };
        line(
            &mut text,
            format_args!(
                "{verdict:5} {:>6} ms  {:12} {:28} {tries} -> {must}",
                row.took.as_millis(),
                row.family,
                row.case
            ),
        );
    }
    let wrong: Vec<_> = rows.iter().filter(|row| row.verdict.is_err()).collect();
    for row in &wrong {
        let why = row.verdict.as_ref().err().map_or("", String::as_str);
        line(
            &mut text,
            format_args!("\n{}, {}: {why}", row.family, row.case),
        );
    }
    line(
        &mut text,
        format_args!(
            "\n{} as they must, {} not",
            rows.len() - wrong.len(),
            wrong.len()
        ),
    );
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("text can always be written to text");
}

/// Where the table of the documentation begins and ends.
const MARKS: [&str; 2] = [
    "<!-- The table of cases is made by `cargo reference`. -->\n",
    "<!-- End of the table of cases. -->\n",
];

/// The page with the table in it.
pub fn page_file() -> PathBuf {
    programs::repository().join("docs/security.md")
}

/// The page as it should be: what people wrote, with the table as the cases say it.
pub fn page() -> String {
    let page = std::fs::read_to_string(page_file()).unwrap_or_default();
    let (head, rest) = page.split_once(MARKS[0]).unwrap_or((&page, ""));
    let (_, tail) = rest.split_once(MARKS[1]).unwrap_or(("", ""));
    let mut text = format!("{head}{}", MARKS[0]);
    for family in families() {
        line(
            &mut text,
            format_args!("\n### `{}`: {}\n", family.name, family.about),
        );
        line(
            &mut text,
            format_args!("| case | tries | must |\n|---|---|---|"),
        );
        for case in family.cases() {
            line(
                &mut text,
                format_args!("| {} | {} | {} |", case.name, case.tries, case.must),
            );
        }
    }
    format!("{text}\n{}{tail}", MARKS[1])
}
