//! Every hostile case, through every door: the same verdicts.
//!
//! The cases themselves are in `tests/src/hostile`; `cargo hostile` runs them by hand.

use claw_tests::hostile::{self, Configuration, Row, Way};

/// Every case ended as it must, or the table is shown.
#[track_caller]
fn all_as_they_must(configuration: Configuration, rows: &[Row]) {
    let table = hostile::print(configuration, rows);
    println!("{table}");
    let wrong = rows.iter().filter(|row| row.verdict.is_err()).count();
    assert_eq!(wrong, 0, "\n{table}");
}

fn through(way: Way, families: &[&str]) {
    let families: Vec<_> = families.iter().map(|&family| family.to_owned()).collect();
    let configuration = Configuration { way };
    all_as_they_must(configuration, &hostile::run(configuration, &families));
}

#[test]
fn there_are_at_least_eighty_cases_each_with_a_name_of_its_own() {
    let mut names: Vec<_> = hostile::families()
        .into_iter()
        .flat_map(|family| family.cases.iter().map(|case| (family.name, case.name)))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two cases have one name");
    assert!(count >= 80, "{count} cases");
}

#[test]
fn every_case_ends_as_it_must_through_claw_mcp() {
    through(Way::Mcp, &[]);
}

#[test]
fn every_case_ends_as_it_must_in_the_library() {
    through(Way::Library, &[]);
}

#[test]
fn files_are_as_safe_through_claw_run() {
    through(Way::Run, &["paths", "links", "devices", "output"]);
}

#[test]
fn the_security_page_has_the_table_of_cases() {
    let file = std::fs::read_to_string(hostile::page_file()).unwrap_or_default();
    assert!(
        file == hostile::page(),
        "docs/security.md is stale; renew it with: cargo reference"
    );
}
