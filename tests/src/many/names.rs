//! Names, descriptions and permissions as a public index has them: many of a few words, a few of many.
//!
//! Everything follows from a number, so that the same registry is made again.

use claw_package::PackageName;

const VERBS: [&str; 40] = [
    "extract",
    "convert",
    "merge",
    "split",
    "search",
    "sort",
    "format",
    "check",
    "fetch",
    "send",
    "read",
    "write",
    "plan",
    "track",
    "sync",
    "clean",
    "translate",
    "summarize",
    "compare",
    "render",
    "sign",
    "encrypt",
    "resize",
    "crop",
    "parse",
    "validate",
    "schedule",
    "deploy",
    "watch",
    "archive",
    "query",
    "index",
    "label",
    "review",
    "draft",
    "book",
    "count",
    "map",
    "scan",
    "tag",
];

const NOUNS: [&str; 60] = [
    "pdf",
    "image",
    "video",
    "audio",
    "table",
    "invoice",
    "calendar",
    "mail",
    "ticket",
    "issue",
    "branch",
    "commit",
    "release",
    "log",
    "metric",
    "alert",
    "cluster",
    "bucket",
    "database",
    "schema",
    "report",
    "slide",
    "document",
    "contract",
    "receipt",
    "weather",
    "flight",
    "hotel",
    "route",
    "recipe",
    "contact",
    "lead",
    "order",
    "parcel",
    "stock",
    "price",
    "currency",
    "tax",
    "payroll",
    "budget",
    "note",
    "task",
    "board",
    "wiki",
    "page",
    "feed",
    "podcast",
    "song",
    "photo",
    "barcode",
    "spreadsheet",
    "chart",
    "diagram",
    "font",
    "icon",
    "archive",
    "backup",
    "secret",
    "certificate",
    "domain",
];

const SUFFIXES: [&str; 10] = [
    "", "-helper", "-tools", "-lite", "-plus", "-kit", "-bot", "-cloud", "-local", "-express",
];

const TEAMS: [&str; 20] = [
    "acme",
    "northwind",
    "contoso",
    "initech",
    "globex",
    "umbra",
    "stark",
    "wayne",
    "hooli",
    "vandelay",
    "soylent",
    "tyrell",
    "cyberdyne",
    "aperture",
    "oscorp",
    "massive",
    "pied",
    "gringotts",
    "monarch",
    "zenith",
];

const SYLLABLES: [&str; 16] = [
    "ka", "ro", "mi", "la", "ten", "shu", "vor", "bel", "qui", "zan", "dor", "fi", "gra", "hul",
    "pex", "wy",
];

/// Namespaces that the packages are in.
pub(super) const NAMESPACES: usize = 200;

/// The namespace of that number.
pub(super) fn namespace(number: usize) -> String {
    let team = TEAMS[number % TEAMS.len()];
    match number / TEAMS.len() {
        0 => team.to_owned(),
        unit => format!("{team}-unit{unit}"),
    }
}

/// The package of that number, and the number of its namespace.
pub(super) fn package(number: usize) -> (PackageName, usize) {
    let verb = VERBS[number % VERBS.len()];
    let noun = NOUNS[number / VERBS.len() % NOUNS.len()];
    let suffix = SUFFIXES[number / (VERBS.len() * NOUNS.len()) % SUFFIXES.len()];
    let owner = mixed(number) % NAMESPACES;
    let round = number / (VERBS.len() * NOUNS.len() * SUFFIXES.len());
    let edition = match round {
        0 => String::new(),
        round => format!("-v{round}"),
    };
    let name = format!("{}/{verb}-{noun}{suffix}{edition}", namespace(owner));
    (name.parse().expect("the words make a name"), owner)
}

/// What the package of that number is for.
pub(super) fn description(number: usize) -> String {
    let pick = |list: &[&'static str], salt: usize| list[mixed(number * 31 + salt) % list.len()];
    let made_up: String = (0..3).map(|salt| pick(&SYLLABLES, 90 + salt)).collect();
    let (verb, noun) = (
        VERBS[number % VERBS.len()],
        NOUNS[number / VERBS.len() % NOUNS.len()],
    );
    match number % 4 {
        0 => format!(
            "Use it to {verb} a {noun} or every {noun} in a folder. Works with {made_up} and {}s.",
            pick(&NOUNS, 1)
        ),
        1 => format!(
            "{made_up}: {verb} each {noun}, then {} the {} and {} what is left for review",
            pick(&VERBS, 2),
            pick(&NOUNS, 3),
            pick(&VERBS, 4)
        ),
        2 => format!(
            "Helps an agent {verb} {noun} data from {made_up}, with {} and {} reports",
            pick(&NOUNS, 5),
            pick(&NOUNS, 6)
        ),
        _ => format!(
            "{verb} {noun} files for teams that {} {} by hand today",
            pick(&VERBS, 7),
            pick(&NOUNS, 8)
        ),
    }
}

/// Two keywords and where a catalogue lists it.
pub(super) fn keywords(number: usize) -> Vec<String> {
    let noun = NOUNS[number / VERBS.len() % NOUNS.len()];
    let other = NOUNS[mixed(number + 5) % NOUNS.len()];
    let mut keywords = vec![noun.to_owned(), other.to_owned()];
    keywords.dedup();
    keywords
}

/// What it asks for, and which of the [components](super::component) fits that.
pub(super) fn permissions(number: usize) -> (Vec<String>, usize) {
    let noun = NOUNS[number / VERBS.len() % NOUNS.len()];
    match mixed(number + 17) % 6 {
        0 => (Vec::new(), 0),
        1 => (vec!["filesystem.read=.".to_owned()], 1),
        2 => (
            vec![
                format!("filesystem.write={noun}s"),
                "filesystem.read=.".to_owned(),
            ],
            1,
        ),
        3 => (
            vec![format!(
                "network.external=GET https://api.{noun}.example/v1"
            )],
            2,
        ),
        4 => (
            vec![
                format!("network.external=https://{noun}.example"),
                "filesystem.read=config".to_owned(),
                "environment=LANG".to_owned(),
            ],
            2,
        ),
        _ => (
            vec!["filesystem.read=.".to_owned(), "environment=TZ".to_owned()],
            0,
        ),
    }
}

/// Another number, the same every time, that shares no pattern with this one.
fn mixed(number: usize) -> usize {
    let mut x = (number as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((x ^ (x >> 31)) >> 33).expect("31 bits")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_package_has_a_name_of_its_own() {
        let names: HashSet<_> = (0..50_000).map(|number| package(number).0).collect();
        assert_eq!(names.len(), 50_000);
        let namespaces: HashSet<_> = (0..NAMESPACES).map(namespace).collect();
        assert_eq!(namespaces.len(), NAMESPACES);
    }
}
