//! Every hostile case, through every door: the same verdicts.
//!
//! The cases themselves are in `tests/src/hostile`; `cargo hostile` runs them by hand.

mod afterwards;

use claw_tests::hostile::{self, Configuration, Level, Row, User, Way};

/// Every case ended as it must, or the table is shown.
#[track_caller]
fn all_as_they_must(user: User, configuration: Configuration, rows: &[Row]) {
    let table = hostile::print(user, configuration, rows);
    println!("{table}");
    let wrong = rows.iter().filter(|row| row.verdict.is_err()).count();
    assert_eq!(wrong, 0, "\n{table}");
}

fn through(way: Way, level: Level, families: &[&str]) {
    as_somebody(User::current(), way, level, families);
}

/// Where the tests are not root, whoever runs them is the ordinary user.
fn as_somebody(user: User, way: Way, level: Level, families: &[&str]) {
    let configuration = Configuration { way, level };
    let rows = hostile::run_as(user, configuration, families);
    all_as_they_must(user, configuration, &rows);
}

#[test]
fn there_are_at_least_eighty_cases_each_with_a_name_of_its_own() {
    let mut names: Vec<_> = hostile::families()
        .into_iter()
        .flat_map(|family| family.cases().map(|case| (family.name, case.name)))
        .collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two cases have one name");
    assert!(count >= 80, "{count} cases");
}

#[test]
fn every_case_ends_as_it_must_through_claw_mcp() {
    through(Way::Mcp, Level::Full, &[]);
}

#[test]
fn every_case_ends_as_it_must_in_the_library() {
    through(Way::Library, Level::Full, &[]);
}

#[test]
fn files_are_as_safe_through_claw_run() {
    through(
        Way::Run,
        Level::Full,
        &["paths", "links", "devices", "output"],
    );
}

#[test]
fn requests_and_git_are_as_safe_through_claw_run() {
    through(Way::Run, Level::Full, &["network", "git"]);
}

#[test]
fn requests_are_as_safe_for_an_ordinary_user() {
    as_somebody(User::Ordinary, Way::Mcp, Level::Full, &["network"]);
}

#[test]
fn files_and_programs_are_as_safe_for_an_ordinary_user() {
    let families = ["paths", "links", "devices", "process", "git"];
    as_somebody(User::Ordinary, Way::Mcp, Level::Full, &families);
}

#[test]
fn programs_are_as_safe_at_basic_for_an_ordinary_user() {
    as_somebody(
        User::Ordinary,
        Way::Library,
        Level::Basic,
        &["process", "git"],
    );
}

#[test]
fn programs_are_as_safe_at_basic_in_the_library() {
    through(Way::Library, Level::Basic, &["process", "git"]);
}

#[test]
fn programs_are_as_safe_at_basic_through_claw_run() {
    through(Way::Run, Level::Basic, &["process"]);
}

#[test]
fn the_security_page_has_the_table_of_cases() {
    let file = std::fs::read_to_string(hostile::page_file()).unwrap_or_default();
    assert!(
        file == hostile::page(),
        "docs/security.md is stale; renew it with: cargo reference"
    );
}
