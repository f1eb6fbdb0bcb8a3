//! Resolution over 100,000 releases: of one list, and of the index files of 20,000 skills.

use claw_package::{Digest, PermissionSet, Requirement, Version, ranked};
use claw_registry_api::index::{self, IndexLine};
use serde_json::Value;

use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};

const SKILLS: usize = 20_000;
const RELEASES_EACH: usize = 5;
const ROUNDS: usize = 10;

pub(crate) fn measure(table: &mut Table) {
    one_list(table);
    index_files(table);
}

/// The rule alone, against the semver crate's matching and a plain maximum.
fn one_list(table: &mut Table) {
    let texts: Vec<String> = (0..SKILLS * RELEASES_EACH)
        .map(|index| format!("{}.{}.{}", index % 10, index / 10 % 100, index / 1_000))
        .collect();
    let versions: Vec<Version> = texts
        .iter()
        .map(|text| text.parse().expect("a version"))
        .collect();
    let plain: Vec<semver::Version> = texts
        .iter()
        .map(|text| text.parse().expect("a version"))
        .collect();
    let requirement: Requirement = "^3.14".parse().expect("a requirement");
    let plainly: semver::VersionReq = "^3.14".parse().expect("a requirement");
    let ours = || ranked(&versions, &requirement, |version| version).next();
    let bare = || {
        plain
            .iter()
            .filter(|version| plainly.matches(version))
            .max()
    };
    assert_eq!(
        ours().map(ToString::to_string),
        bare().map(ToString::to_string)
    );
    let compared = interleaved(ROUNDS, || seconds(20, ours), || seconds(20, bare));
    table.compared(
        "resolution: one requirement over 100,000 releases, against semver's matching and a maximum",
        compared,
        time,
        Target::None,
    );
}

/// From the bytes of each index file to its chosen release, against reading the same lines with serde_json alone.
fn index_files(table: &mut Table) {
    let files: Vec<String> = (0..SKILLS).map(index_file).collect();
    let requirement: Requirement = "^1".parse().expect("a requirement");
    let ours = || {
        let chosen = files.iter().filter(|file| {
            let lines = index::parse(file.as_bytes()).expect("an index file");
            ranked(&lines, &requirement, |line| &line.version)
                .next()
                .is_some()
        });
        assert_eq!(chosen.count(), SKILLS);
    };
    let bare = || {
        for line in files.iter().flat_map(|file| file.lines()) {
            let _: Value = serde_json::from_str(line).expect("JSON");
        }
    };
    let compared = interleaved(5, || seconds(1, ours), || seconds(1, bare));
    table.compared(
        "resolution of 20,000 skills over 100,000 index lines, bytes included, against serde_json alone",
        compared,
        time,
        Target::None,
    );
}

fn index_file(skill: usize) -> String {
    (0..RELEASES_EACH)
        .map(|release| {
            let digest = |what: &str| Digest::of(format!("{what} {skill} {release}").as_bytes());
            let line = IndexLine {
                v: index::VERSION,
                name: format!("acme/skill-x{}", letters(skill))
                    .parse()
                    .expect("a name"),
                version: format!("1.{release}.0").parse().expect("a version"),
                note: digest("note"),
                tarball: digest("tarball"),
                size: 40_000,
                component: digest("component"),
                permissions: PermissionSet::new(["filesystem.read=."
                    .parse()
                    .expect("a permission")]),
                host: None,
                published: "2026-11-20T12:00:00Z".parse().expect("a time"),
                leaf: (skill * RELEASES_EACH + release) as u64,
                yanked: None,
            };
            line.to_json_line()
        })
        .collect()
}

/// A number as letters, which every part of a name may begin with.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}
