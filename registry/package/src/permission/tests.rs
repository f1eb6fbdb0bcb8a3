//! What the grammar reads, prints and refuses, and what sets make of it.

use super::*;
use crate::digest::Digest;
use crate::limits::{PERMISSION_BYTES_MAX, PERMISSIONS_MAX};

fn permission(text: &str) -> Permission {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn set(lines: &[&str]) -> PermissionSet {
    lines.iter().map(|line| permission(line)).collect()
}

fn lines(set: &PermissionSet) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

#[test]
#[rustfmt::skip]
fn a_line_is_printed_in_its_one_form() {
    for (text, printed) in [
        ("filesystem.read=.", "filesystem.read=."),
        ("filesystem.write=a/b c/é", "filesystem.write=a/b c/é"),
        ("network.external=https://api.example.com", "network.external=https://api.example.com:443"),
        ("network.external=http://a.b/", "network.external=http://a.b:80"),
        ("network.external=POST|GET https://*:*/v1/", "network.external=GET|POST https://*:*/v1"),
        ("network.external=https://*.a.b:8443/x/y", "network.external=https://*.a.b:8443/x/y"),
        ("network.internal=http://[0:0::1]:80", "network.internal=http://[::1]:80"),
        ("network.internal=http://[::ffff:127.0.0.1]", "network.internal=http://127.0.0.1:80"),
        ("network.tcp=10.0.0.0/8:5432", "network.tcp=10.0.0.0/8:5432"),
        ("network.tcp=1.2.3.4/32:1", "network.tcp=1.2.3.4:1"),
        ("network.tcp=0.0.0.0/0:*", "network.tcp=0.0.0.0/0:*"),
        ("network.tcp=[fd00:0::/8]:443", "network.tcp=[fd00::/8]:443"),
        ("network.tcp=[::ffff:10.0.0.0/104]:1", "network.tcp=10.0.0.0/8:1"),
        ("network.tcp=[::/0]:1", "network.tcp=[::/0]:1"),
        ("process.execute=git  log --format=%H **", "process.execute=git log --format=%H **"),
        ("process.execute=\"git\" 'a b' it\\'s '*' ''", r"process.execute=git 'a b' 'it'\''s' '*' ''"),
        ("process.execute=/usr/bin/env *", "process.execute=/usr/bin/env *"),
        ("process.execute=**", "process.execute=**"),
        ("environment=PATH_2", "environment=PATH_2"),
        ("secret=TOKEN https://*.a.b Authorization", "secret=TOKEN https://*.a.b authorization"),
        ("secret=TOKEN https://[::1] x", "secret=TOKEN https://[::1] x"),
    ] {
        assert_eq!(permission(text).to_string(), printed);
        assert_eq!(permission(printed), permission(text));
    }
}

#[test]
#[rustfmt::skip]
fn what_could_not_be_enforced_is_not_read() {
    for text in [
        "", "=", "filesystem.read", "filesystem.read=", "filesystem=.", "Filesystem.read=.",
        " filesystem.read=.", "filesystem.read=/etc", "filesystem.read=..", "filesystem.read=a/../b",
        "filesystem.read=./a", "filesystem.read=a/", "filesystem.read=a//b", "filesystem.read=*",
        "filesystem.read=a/*.txt", "filesystem.read=a\\b", "filesystem.read=~/a", "filesystem.read=a\nb",
        "filesystem.read=a ", "filesystem.read=e\u{301}", "filesystem.read=a\u{202e}b",
        "filesystem.read=a/ b", "network.external=api.example.com", "network.external=ftp://a.b",
        "network.external=https://", "network.external=https://A.b", "network.external=https://a.b:0",
        "network.external=https://a.b:65536", "network.external=https://a.b:080",
        "network.external=https://a.b:", "network.external=https://u@a.b", "network.external=https://a.b?q",
        "network.external=https://a.b/x#f", "network.external=https://a.b/%41",
        "network.external=https://a.b/../c", "network.external=https://a.b/x//y",
        "network.external=https://a.b//", "network.external=https://a.b/*",
        "network.external=https://a.*.b", "network.external=https://*a.b", "network.external=https://a.b.",
        "network.external=https://-a.b", "network.external=https://a_b.c", "network.external=https://127.1",
        "network.external=https://0x7f.1", "network.external=https://1.2.3.4.5",
        "network.external=https://0x7f000001", "network.external=https://2130706433",
        "network.external=https://::1", "network.external=https://[::1",
        "network.external=https://[1.2.3.4]", "network.external=https://[fe80::1%25eth0]",
        "network.external=https://*.1.2.3.4", "network.external=get https://a.b",
        "network.external=GET| https://a.b", "network.external=CONNECT https://a.b",
        "network.external=GET  https://a.b", "network.external=https://caf\u{e9}.fr",
        "network.tcp=example.com:80", "network.tcp=1.2.3.4", "network.tcp=1.2.3.4:0",
        "network.tcp=10.0.0.1/8:80", "network.tcp=1.2.3.4/33:80", "network.tcp=1.2.3.4/08:80",
        "network.tcp=*:80", "network.tcp=fd00::1:80", "network.tcp=[fd00::1]/8:80",
        "network.tcp=[fd00::1/8]:80", "network.tcp=[::1/129]:80", "network.tcp=[1.2.3.4]:80",
        "process.execute=", "process.execute= ", "process.execute=*", "process.execute=* a",
        "process.execute=** a", "process.execute=git ** log", "process.execute=git a*",
        "process.execute=git $HOME", "process.execute=git 'a", "process.execute=git \"$(x)\"",
        "process.execute=git a;b", "process.execute=git > x", "process.execute=git \\",
        "process.execute=./run", "process.execute=bin/run", "process.execute=''", "process.execute=ls ~",
        "environment=", "environment=1A", "environment=A-B", "environment=A=B", "environment=*",
        "secret=A https://a.b", "secret=A a.b x", "secret=A https://a.b:443 x", "secret=A https://a.b/p x",
        "secret=A https://a.b x y", "secret=A https://a.b x:y", "secret=1 https://a.b x", "ask",
        "memory.read", "llm", "ask=.", "filesystem:read",
    ] {
        assert!(text.parse::<Permission>().is_err(), "{text:?} was read");
    }
}

#[test]
fn a_line_ends_at_its_limit() {
    let folder = "filesystem.read=".len();
    let longest = format!(
        "filesystem.read={}",
        "a".repeat(PERMISSION_BYTES_MAX - folder)
    );
    assert!(longest.parse::<Permission>().is_ok());
    assert_eq!(
        format!("{longest}a").parse::<Permission>(),
        Err(PermissionError::TooLong)
    );
    let quoted = format!("process.execute=a {}", "\\'".repeat(400));
    assert_eq!(quoted.parse::<Permission>(), Err(PermissionError::TooLong));
}

#[test]
fn errors_say_what_to_write() {
    let message = |text: &str| text.parse::<Permission>().unwrap_err().to_string();
    insta::assert_snapshot!(message("filesystem.raed=."), @"`filesystem.raed` is not a kind of permission (did you mean `filesystem.read`?)");
    insta::assert_snapshot!(message("environment"), @"`environment` needs a scope: write `environment=LANG`");
    insta::assert_snapshot!(message("llm"), @"`llm` is not supported in this version");
    insta::assert_snapshot!(message("filesystem.read=src/**"), @"`src/**` is not a folder of the workspace: patterns are not supported; a folder includes all below it");
}

#[test]
#[rustfmt::skip]
fn meet_is_the_narrower_in_every_part() {
    for (a, b, both) in [
        ("filesystem.read=.", "filesystem.write=a", Some("filesystem.read=a")),
        ("filesystem.write=a/b", "filesystem.write=a", Some("filesystem.write=a/b")),
        ("filesystem.read=a", "filesystem.read=ab", None),
        ("filesystem.read=A", "filesystem.read=a", None),
        (
            "network.external=GET|PUT https://*.a.b:*/v1",
            "network.external=PUT|POST https://x.a.b/v1/y",
            Some("network.external=PUT https://x.a.b:443/v1/y"),
        ),
        ("network.external=https://*.a.b", "network.external=https://a.b", None),
        ("network.external=https://*.a.b", "network.external=https://xa.b", None),
        (
            "network.external=https://*.a.b",
            "network.external=https://*.c.a.b",
            Some("network.external=https://*.c.a.b:443"),
        ),
        (
            "network.external=https://*",
            "network.external=https://1.2.3.4",
            Some("network.external=https://1.2.3.4:443"),
        ),
        ("network.external=https://a.b/v1", "network.external=https://a.b/v10", None),
        ("network.external=https://a.b", "network.external=http://a.b", None),
        ("network.external=https://a.b", "network.internal=https://a.b", None),
        ("network.external=GET https://a.b", "network.external=PUT https://a.b", None),
        ("network.tcp=10.0.0.0/8:*", "network.tcp=10.1.0.0/16:22", Some("network.tcp=10.1.0.0/16:22")),
        ("network.tcp=10.0.0.0/8:1", "network.tcp=11.0.0.1:1", None),
        ("network.tcp=0.0.0.0/0:1", "network.tcp=[::/0]:1", None),
        ("process.execute=git * -v", "process.execute=git log *", Some("process.execute=git log -v")),
        ("process.execute=git **", "process.execute=git", Some("process.execute=git")),
        ("process.execute=**", "process.execute=git *", Some("process.execute=git *")),
        ("process.execute=git log **", "process.execute=git * x **", Some("process.execute=git log x **")),
        ("process.execute=git '*'", "process.execute=git a", None),
        ("process.execute=git", "process.execute=git a", None),
        ("environment=A", "environment=B", None),
        ("secret=A https://*.a.b x", "secret=A https://c.a.b X", Some("secret=A https://c.a.b x")),
        ("secret=A https://a.b x", "secret=A https://a.b y", None),
    ] {
        let both = both.map(permission);
        assert_eq!(permission(a).meet(&permission(b)), both, "{a} and {b}");
        assert_eq!(permission(b).meet(&permission(a)), both, "{b} and {a}");
    }
}

#[test]
fn a_set_is_in_normal_form() {
    let set = set(&[
        "filesystem.write=a",
        "environment=B",
        "filesystem.read=a/b",
        "filesystem.read=c",
        "environment=B",
    ]);
    assert_eq!(
        lines(&set),
        ["environment=B", "filesystem.read=c", "filesystem.write=a"]
    );
    assert_eq!(
        set.digest(),
        Digest::of(b"environment=B\nfilesystem.read=c\nfilesystem.write=a\n")
    );
    assert_eq!(PermissionSet::empty().digest(), Digest::of(b""));
    assert!(
        set.covers(&permission("filesystem.read=a/x"))
            && !set.contains_exactly(&permission("filesystem.read=a/x"))
    );
    let json = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<PermissionSet>(&json).unwrap(), set);
}

#[test]
fn revoking_fails_closed() {
    let without = |grants: &[&str], revoked: &[&str]| lines(&set(grants).without(&set(revoked)));
    let none: [&str; 0] = [];
    assert_eq!(
        without(&["filesystem.read=."], &["filesystem.read=a"]),
        none
    );
    assert_eq!(
        without(&["filesystem.read=a"], &["filesystem.read=."]),
        none
    );
    assert_eq!(
        without(&["filesystem.write=."], &["filesystem.read=a"]),
        none
    );
    assert_eq!(
        without(&["filesystem.write=."], &["filesystem.write=a"]),
        ["filesystem.read=."]
    );
    assert_eq!(
        without(
            &["filesystem.write=."],
            &["filesystem.write=a", "filesystem.read=b"]
        ),
        none
    );
    assert_eq!(
        without(&["filesystem.read=."], &["filesystem.write=."]),
        ["filesystem.read=."]
    );
    assert_eq!(
        without(&["filesystem.write=b"], &["filesystem.write=a"]),
        ["filesystem.write=b"]
    );
    assert_eq!(
        without(
            &["process.execute=git **"],
            &["process.execute=git push **"]
        ),
        none
    );
    assert_eq!(
        without(&["environment=A", "environment=B"], &["environment=A"]),
        ["environment=B"]
    );
}

#[test]
fn an_update_shows_what_it_adds() {
    let old = set(&["filesystem.read=.", "environment=A"]);
    let new = set(&["filesystem.read=a", "filesystem.write=a", "environment=B"]);
    let added = old.difference_added(&new);
    assert_eq!(
        added,
        [
            permission("environment=B"),
            permission("filesystem.write=a")
        ]
    );
    assert!(
        new.difference_added(&set(&["filesystem.read=a/b"]))
            .is_empty()
    );
}

#[test]
fn bare_kinds_and_the_strings_of_openclaw_are_written_out() {
    let read = |list: &[&str]| {
        PermissionSet::from_manifest(&list.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map(|set| lines(&set))
    };
    assert_eq!(read(&["filesystem:read"]).unwrap(), ["filesystem.read=."]);
    assert_eq!(
        read(&["filesystem.write", "filesystem.read"]).unwrap(),
        ["filesystem.write=."]
    );
    assert_eq!(
        read(&["network:external", "network.internal"]).unwrap(),
        [
            "network.external=http://*:*",
            "network.external=https://*:*",
            "network.internal=http://*:*",
            "network.internal=https://*:*",
        ]
    );
    assert_eq!(
        read(&["process:execute", "environment=A"]).unwrap(),
        ["environment=A", "process.execute=**"]
    );
    for bare in ["network.tcp", "environment", "secret"] {
        assert!(
            matches!(read(&[bare]), Err(PermissionError::NoScope(_))),
            "{bare}"
        );
    }
    assert!(matches!(
        read(&["ask"]),
        Err(PermissionError::NotSupported(_))
    ));
    assert!(matches!(
        read(&["filesystem:execute"]),
        Err(PermissionError::UnknownKind { .. })
    ));
    assert_eq!(
        read(&["environment=A"; PERMISSIONS_MAX + 1]),
        Err(PermissionError::TooMany)
    );
}

#[test]
fn people_are_told_in_plain_words() {
    let told: Vec<String> = [
        "filesystem.read=.",
        "filesystem.write=docs/a",
        "network.external=GET https://*.example.com/v1",
        "network.internal=http://*:*",
        "network.tcp=10.0.0.0/8:5432",
        "network.tcp=[::1]:*",
        "process.execute=**",
        "process.execute=git **",
        "process.execute=git log * **",
        "process.execute=git show *",
        "environment=LANG",
        "secret=TOKEN https://api.example.com authorization",
    ]
    .iter()
    .map(|line| permission(line).describe())
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    read files in the workspace
    read, change and delete files in `docs/a`
    send GET requests to any host below `example.com` over https, below `/v1` on the internet
    send any request to any host over http, any port on this machine or the local network
    open TCP connections to any address in `10.0.0.0/8`, port 5432
    open TCP connections to `::1`, any port
    run any program with any arguments: full power over this machine's tools
    run `git` with any arguments: everything that program can do
    run `git log * **` (`**`: any further arguments)
    run `git show *` (`*`: any one argument)
    see the environment variable `LANG`
    have the secret `TOKEN` sent to `api.example.com` over https, in the header `authorization`
    ");
}
