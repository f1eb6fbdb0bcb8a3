//! The laws of the grant algebra, tried on generated permissions from a small world, so that
//! overlaps are common.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

pub(super) fn permissions() -> impl Strategy<Value = Permission> {
    let folder = select(vec![".", "a", "a/b", "a/b/c", "ab", "b"]);
    let file_kind = select(vec!["filesystem.read", "filesystem.write"]);
    let files = (file_kind, folder).prop_map(|(kind, folder)| format!("{kind}={folder}"));

    let methods = select(vec!["", "GET ", "GET|POST ", "POST|PUT "]);
    let scheme = select(vec!["http", "https"]);
    let host = select(vec![
        "*", "*.a.b", "*.c.a.b", "c.a.b", "a.b", "10.0.0.1", "[::1]",
    ]);
    let port = select(vec!["", ":*", ":8080"]);
    let path = select(vec!["", "/", "/v1", "/v1/x", "/v10"]);
    let net_kind = select(vec!["network.external", "network.internal"]);
    let http = (net_kind, methods, scheme.clone(), host.clone(), port, path)
        .prop_map(|(kind, m, s, h, p, path)| format!("{kind}={m}{s}://{h}{p}{path}"));

    let block = select(vec![
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.3",
        "10.2.0.0/16",
        "[::/0]",
        "[fd00::/8]",
        "[fd00::1]",
        "[2001::/16]",
    ]);
    let tcp =
        (block, select(vec!["*", "22", "443"])).prop_map(|(b, p)| format!("network.tcp={b}:{p}"));

    let word = select(vec!["*", "log", "-v", "'*'", "'a b'", "\"it's\"", "''"]);
    let program = select(vec!["git", "/bin/ls", "'my tool'"]);
    let command = (program, vec(word, 0..4), any::<bool>()).prop_map(|(program, words, rest)| {
        let words = words.join(" ");
        format!(
            "process.execute={program} {words} {}",
            if rest { "**" } else { "" }
        )
    });

    let environment = select(vec!["A", "B"]).prop_map(|name| format!("environment={name}"));
    let secret = (select(vec!["A", "B"]), scheme, host, select(vec!["x", "Y"])).prop_map(
        |(name, scheme, host, header)| format!("secret={name} {scheme}://{host} {header}"),
    );

    prop_oneof![
        3 => files,
        4 => http,
        2 => tcp,
        3 => command,
        1 => Just("process.execute=**".to_owned()),
        1 => environment,
        1 => secret,
    ]
    .prop_map(|line| line.parse().expect("the strategy writes only permissions"))
}

pub(super) fn sets() -> impl Strategy<Value = PermissionSet> {
    vec(permissions(), 0..8).prop_map(PermissionSet::new)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(permission in permissions()) {
        prop_assert_eq!(permission.to_string().parse::<Permission>().unwrap(), permission);
    }

    #[test]
    fn any_words_survive_quoting(words in vec("[ -~é]{0,12}", 1..5)) {
        let line = words.iter().map(|word| shell::quote(word)).collect::<Vec<_>>().join(" ");
        let read: Vec<String> = shell::split(&line).unwrap().into_iter().map(|word| word.text).collect();
        prop_assert_eq!(read, words);
    }

    #[test]
    fn no_text_panics(text in "(filesystem.read|network.external|network.tcp|process.execute|secret)=\\PC{0,40}") {
        if let Ok(permission) = text.parse::<Permission>() {
            prop_assert_eq!(permission.to_string().parse::<Permission>().unwrap(), permission);
        }
    }

    #[test]
    fn meet_of_lines_is_a_meet(a in permissions(), b in permissions(), c in permissions()) {
        prop_assert_eq!(a.meet(&a), Some(a.clone()));
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        let left = a.meet(&b).and_then(|ab| ab.meet(&c));
        let right = b.meet(&c).and_then(|bc| a.meet(&bc));
        prop_assert_eq!(left, right);
        if let Some(both) = a.meet(&b) {
            prop_assert!(a.covers(&both) && b.covers(&both));
        }
    }

    #[test]
    fn covering_is_an_order(a in permissions(), b in permissions(), c in permissions()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }

    #[test]
    fn meet_of_sets_is_commutative_associative_and_idempotent(a in sets(), b in sets(), c in sets()) {
        prop_assert_eq!(a.meet(&a), a.clone());
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
        prop_assert_eq!(a.meet(&PermissionSet::empty()), PermissionSet::empty());
    }

    #[test]
    fn meet_is_never_wider_than_either(a in sets(), b in sets(), probe in permissions()) {
        let both = a.meet(&b);
        for line in &both {
            prop_assert!(a.covers(line) && b.covers(line));
        }
        // And never narrower than it could be.
        prop_assert_eq!(both.covers(&probe), a.covers(&probe) && b.covers(&probe));
    }

    #[test]
    fn union_covers_both_and_meets_back(a in sets(), b in sets()) {
        let either = a.union(&b);
        prop_assert!(a.iter().chain(&b).all(|line| either.covers(line)));
        prop_assert_eq!(either.meet(&a), a.clone());
        prop_assert!(either.difference_added(&a).is_empty());
    }

    #[test]
    fn normal_form_is_the_same_in_any_order(mut lines in vec(permissions(), 0..8)) {
        let forward = PermissionSet::new(lines.clone());
        lines.reverse();
        prop_assert_eq!(PermissionSet::new(lines).digest(), forward.digest());
        prop_assert_eq!(PermissionSet::new(forward.iter().cloned()), forward);
    }

    #[test]
    fn nothing_revoked_is_left(grants in sets(), revoked in sets()) {
        let left = grants.without(&revoked);
        prop_assert!(left.iter().all(|line| grants.covers(line)));
        for line in &left {
            for gone in &revoked {
                let only_writing = matches!(gone, Permission::FilesystemWrite(_))
                    && matches!(line, Permission::FilesystemRead(_));
                prop_assert!(line.meet(gone).is_none() || only_writing, "{} left by {}", line, gone);
            }
        }
    }
}
