//! Index files: the promised line, what is skipped, what is refused, and the comparison with notes.

use claw_package::Measured;
use claw_trust::{Keyset, Release, SigningKey};

use super::*;

const PERMISSION: &str = "filesystem.read=.";

fn permissions() -> PermissionSet {
    PermissionSet::new([PERMISSION.parse().unwrap()])
}

/// A signed release and its line.
fn release_and_line() -> (VerifiedRelease, IndexLine) {
    let key = SigningKey::generate("acme/alice".parse().unwrap()).unwrap();
    let origin = "skills.acme.example".parse().unwrap();
    let keyset = Keyset::verify(&Keyset::genesis(&origin, &key)).unwrap();
    let release = Release {
        registry: origin,
        package: "acme/x".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        tarball: Measured::of(b"tarball"),
        content: Measured::of(b"content"),
        component: Measured::of(b"component"),
        manifest: Measured::of(b"manifest"),
        permissions: permissions().digest(),
        keyset: keyset.reference(),
        source: None,
    };
    let release = VerifiedRelease::verify(&release.sign(&key), &keyset).unwrap();
    let host = Some("^0.1".parse().unwrap());
    let line = IndexLine::of(
        &release,
        permissions(),
        host,
        Timestamp::from_unix_seconds(0),
        3,
    );
    (release, line)
}

fn line() -> IndexLine {
    release_and_line().1
}

fn lines(count: u64) -> Vec<IndexLine> {
    let line = line();
    let numbered = |leaf| {
        let version = format!("1.{leaf}.0").parse().unwrap();
        IndexLine {
            version,
            leaf,
            ..line.clone()
        }
    };
    (0..count).map(numbered).collect()
}

fn file(lines: &[IndexLine]) -> String {
    lines.iter().map(IndexLine::to_json_line).collect()
}

#[test]
fn a_line_is_written_as_promised() {
    let line = line();
    let text = line.to_json_line();
    assert_eq!(
        text,
        format!(
            "{{\"v\":1,\"name\":\"acme/x\",\"version\":\"1.0.0\",\"note\":\"{}\",\
             \"tarball\":\"{}\",\"size\":7,\"component\":\"{}\",\
             \"permissions\":[\"{PERMISSION}\"],\"host\":\"^0.1\",\
             \"published\":\"1970-01-01T00:00:00Z\",\"leaf\":3,\"yanked\":null}}\n",
            line.note,
            Digest::of(b"tarball"),
            Digest::of(b"component"),
        )
    );
    assert_eq!(parse(text.as_bytes()).unwrap(), [line]);
}

#[test]
fn every_release_is_read_in_order() {
    let lines = lines(12);
    assert_eq!(parse(file(&lines).as_bytes()).unwrap(), lines);
    assert_eq!(parse(b"").unwrap(), []);
}

#[test]
fn a_yanked_release_keeps_its_line() {
    let yanked = IndexLine {
        yanked: Some(Digest::of(b"yank note")),
        ..line()
    };
    assert_eq!(parse(yanked.to_json_line().as_bytes()).unwrap(), [yanked]);
}

#[test]
fn lines_of_later_versions_are_skipped() {
    let good = file(&lines(1));
    let later = "{\"v\":2,\"name\":{\"of\":\"another form\"}}\n";
    assert_eq!(
        parse(format!("{later}{good}{later}").as_bytes()).unwrap(),
        lines_of(&good)
    );
}

fn lines_of(file: &str) -> Vec<IndexLine> {
    parse(file.as_bytes()).unwrap()
}

#[test]
fn a_field_that_this_version_does_not_know_is_passed_over() {
    let line = line();
    let more = line
        .to_json_line()
        .replace("{\"v\":1,", "{\"v\":1,\"shiny\":[true],");
    assert_eq!(parse(more.as_bytes()).unwrap(), [line]);
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    let good = line().to_json_line();
    for (from, to) in [
        ("\"v\":1", "\"v\":0"),
        ("\"v\":1", "\"v\":-1"),
        ("\"v\":1", "\"v\":\"1\""),
        ("\"v\":1,", ""),
        ("\"v\":1,", "\"v\":1,\"v\":1,"),
        ("\"name\":\"acme/x\"", "\"name\":\"acme\""),
        ("\"version\":\"1.0.0\"", "\"version\":\"1.0\""),
        ("\"version\":\"1.0.0\"", "\"version\":\"1.0.0+build\""),
        ("\"note\":\"sha256:", "\"note\":\"sha1:"),
        ("\"size\":7", "\"size\":0"),
        ("\"size\":7", "\"size\":-7"),
        ("\"size\":7", "\"size\":7.5"),
        ("\"size\":7", "\"size\":33554433"),
        ("\"size\":7", "\"size\":18446744073709551616"),
        (PERMISSION, "filesystem.read=.."),
        (PERMISSION, "everything"),
        ("\"host\":\"^0.1\"", "\"host\":\"latest\""),
        ("\"host\":\"^0.1\",", ""),
        ("\"published\":\"1970", "\"published\":\"70"),
        ("\"leaf\":3", "\"leaf\":-3"),
        ("\"yanked\":null", "\"yanked\":true"),
        (",\"yanked\":null", ""),
        ("\"yanked\":null", "\"zanked\":null"),
        ("}\n", "\n"),
        ("}\n", "} {}\n"),
        ("{\"v\"", "[{\"v\""),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        let error = parse(bad.as_bytes()).unwrap_err();
        assert!(
            error.to_string().starts_with("line 1 of the index "),
            "{bad}{error}"
        );
    }
    for bad in ["\n", "\r\n", "null\n", "\u{feff}{}\n", "\0\n"] {
        assert!(
            matches!(
                parse(bad.as_bytes()),
                Err(IndexError::Malformed { line: 1, .. })
            ),
            "{bad:?}"
        );
    }
    assert!(matches!(
        parse(b"\xff\n"),
        Err(IndexError::Malformed { line: 1, .. })
    ));
}

#[test]
fn permissions_are_read_in_normal_form_only() {
    let with = |list: &[String]| {
        let json = serde_json::to_string(list).unwrap();
        line()
            .to_json_line()
            .replace(&format!("[\"{PERMISSION}\"]"), &json)
    };
    let folders = |count: usize| -> Vec<String> {
        (0..count)
            .map(|index| format!("filesystem.read=a{index:04}"))
            .collect()
    };
    let most = folders(PERMISSIONS_MAX);
    assert_eq!(
        parse(with(&most).as_bytes()).unwrap()[0].permissions.len(),
        PERMISSIONS_MAX
    );
    let [a, b] = [0, 1].map(|index| most[index].clone());
    for list in [
        folders(PERMISSIONS_MAX + 1),
        folders(7_000),
        vec![b.clone(), a.clone()],
        vec![a.clone(), a.clone()],
        vec![PERMISSION.to_owned(), a],
    ] {
        let error = parse(with(&list).as_bytes()).unwrap_err();
        assert!(
            matches!(error, IndexError::Malformed { line: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn files_that_make_no_sense_are_refused() {
    let two = lines(2);
    let other = IndexLine {
        name: "acme/y".parse().unwrap(),
        ..two[1].clone()
    };
    let again = IndexLine {
        version: two[0].version.clone(),
        ..two[1].clone()
    };
    let same_leaf = IndexLine {
        leaf: 0,
        ..two[1].clone()
    };
    for second in [other, again, same_leaf] {
        let error = parse(file(&[two[0].clone(), second]).as_bytes()).unwrap_err();
        assert!(
            matches!(error, IndexError::Absurd { line: 2, .. }),
            "{error}"
        );
    }
    let whole = file(&two);
    let error = parse(whole.trim_end().as_bytes()).unwrap_err();
    assert!(matches!(error, IndexError::CutShort { line: 2 }), "{error}");
}

#[test]
fn a_line_of_the_greatest_length_is_read_and_a_longer_one_is_not() {
    let good = line().to_json_line();
    let padded = |length: usize| {
        let padding = " ".repeat(length + 1 - good.len());
        good.replacen("\"v\":1,", &format!("\"v\":1,{padding}"), 1)
    };
    assert_eq!(parse(padded(LINE_BYTES_MAX).as_bytes()).unwrap().len(), 1);
    assert!(matches!(
        parse(padded(LINE_BYTES_MAX + 1).as_bytes()),
        Err(IndexError::LineTooLong { line: 1, actual }) if actual == LINE_BYTES_MAX + 1
    ));
}

#[test]
fn a_file_that_is_too_long_is_refused_unread() {
    let long = vec![b'\n'; FILE_BYTES_MAX + 1];
    assert!(matches!(parse(&long), Err(IndexError::FileTooLong { .. })));
}

#[test]
fn a_line_that_contradicts_the_note_is_named_by_its_field() {
    let (release, line) = release_and_line();
    line.check_release(&release).unwrap();
    let other = Digest::of(b"other");
    for (field, changed) in [
        (
            "note",
            IndexLine {
                note: other,
                ..line.clone()
            },
        ),
        (
            "name",
            IndexLine {
                name: "acme/y".parse().unwrap(),
                ..line.clone()
            },
        ),
        (
            "version",
            IndexLine {
                version: "1.0.1".parse().unwrap(),
                ..line.clone()
            },
        ),
        (
            "tarball",
            IndexLine {
                tarball: other,
                ..line.clone()
            },
        ),
        (
            "size",
            IndexLine {
                size: 8,
                ..line.clone()
            },
        ),
        (
            "component",
            IndexLine {
                component: other,
                ..line.clone()
            },
        ),
        (
            "permissions",
            IndexLine {
                permissions: PermissionSet::empty(),
                ..line.clone()
            },
        ),
    ] {
        let error = changed.check_release(&release).unwrap_err();
        assert!(
            matches!(&error, TrustError::Mismatch { field: named, .. } if *named == field),
            "{error}"
        );
    }
}

#[test]
fn the_longest_permissions_fit_a_line() {
    use claw_package::limits::{PERMISSION_BYTES_MAX, PERMISSIONS_MAX};
    const { assert!(PERMISSIONS_MAX * PERMISSION_BYTES_MAX * 3 / 2 < LINE_BYTES_MAX) };
}
