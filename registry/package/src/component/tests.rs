//! Components as text: what they export and import, and what is refused of them.

use serde_json::{Value, json};

use super::*;
use crate::permission::PermissionSet;

mod bounds;
mod docs;
mod schema;

/// A component that exports one interface which it also imports, so that no code is needed.
fn interface(declarations: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (import "acme:test/things@0.1.0" (instance $i {declarations}))
            (export "acme:test/things@0.1.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

/// A component that exports one interface with one function of no parameters, and imports nothing.
fn plain() -> Vec<u8> {
    wat::parse_str(PLAIN).unwrap()
}

const PLAIN: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func $f (canon lift (core func $m "f")))
    (instance $things (export "run" (func $f)))
    (export "acme:test/things@0.1.0" (instance $things)))"#;

fn action(declarations: &str, name: &str) -> Action {
    let info = decode(&interface(declarations)).unwrap();
    info.action(name)
        .unwrap_or_else(|| panic!("no `{name}` in {info:?}"))
        .clone()
}

#[test]
fn names_are_short_where_that_is_unambiguous() {
    let text = r#"(component
        (import "acme:a/read@0.1.0" (instance $a (export "get" (func)) (export "only" (func))))
        (import "acme:a/write@0.1.0" (instance $b (export "get" (func))))
        (import "acme:a/write@0.2.0" (instance $c (export "get" (func))))
        (import "plain" (func $f))
        (export "acme:a/read@0.1.0" (instance $a))
        (export "acme:a/write@0.1.0" (instance $b))
        (export "acme:a/write@0.2.0" (instance $c))
        (export "inline" (instance $a))
        (export "solo" (func $f)))"#;
    let info = decode(&wat::parse_str(text).unwrap()).unwrap();
    let names: Vec<&str> = info
        .actions
        .iter()
        .map(|action| action.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "read.get",
            "read.only",
            "acme:a/write@0.1.0.get",
            "acme:a/write@0.2.0.get",
            "inline.get",
            "inline.only",
            "solo",
        ]
    );
    for (asked, function, interface) in [
        ("solo", "solo", None),
        ("read.only", "only", Some("acme:a/read@0.1.0")),
        ("acme:a/read@0.1.0.get", "get", Some("acme:a/read@0.1.0")),
        ("inline.get", "get", Some("inline")),
    ] {
        let action = info.action(asked).unwrap();
        assert_eq!(
            (action.function.as_str(), action.interface.as_deref()),
            (function, interface)
        );
    }
    assert!(
        ["get", "only", "read.", ".get", "read.solo", ""]
            .iter()
            .all(|name| info.action(name).is_none())
    );
    assert_eq!(
        decode(&plain()).unwrap().action("things.run").unwrap().name,
        "run"
    );
    assert_eq!(
        decode(&plain()).unwrap().hint("rnu"),
        " (did you mean `run`?)"
    );
}

#[test]
fn imports_are_ambient_gated_or_unknown() {
    let names = [
        ("wasi:cli/environment@0.2.6", ImportClass::Ambient),
        ("wasi:io/streams@0.2.12", ImportClass::Ambient),
        ("wasi:filesystem/types@0.2.0", ImportClass::Ambient),
        ("claw:skill/log@0.1.0", ImportClass::Ambient),
        (
            "wasi:http/outgoing-handler@0.2.6",
            ImportClass::Gated(Gate::Http),
        ),
        ("wasi:sockets/tcp@0.2.6", ImportClass::Gated(Gate::Sockets)),
        (
            "claw:skill/process@0.1.0",
            ImportClass::Gated(Gate::Process),
        ),
        ("wasi:cli/environment@0.3.0", ImportClass::Unknown),
        (
            "wasi:cli/environment@0.2.0-rc-2023-11-10",
            ImportClass::Unknown,
        ),
        ("wasi:cli/stdin", ImportClass::Unknown),
        ("wasi:keyvalue/store@0.2.0", ImportClass::Unknown),
        ("claw:skill/log@0.2.0", ImportClass::Unknown),
        ("claw:skill/llm@0.1.0", ImportClass::Unknown),
        ("acme:other/thing@1.0.0", ImportClass::Unknown),
        ("inline", ImportClass::Unknown),
    ];
    let mut text = String::from("(component (import \"bare\" (func))");
    for (name, _) in names {
        text.push_str(&format!("(import \"{name}\" (instance))"));
    }
    let info = decode(&wat::parse_str(text + ")").unwrap()).unwrap();
    let found: Vec<_> = info
        .imports
        .iter()
        .map(|i| (i.name.as_str(), i.class))
        .collect();
    assert_eq!(found[0], ("bare", ImportClass::Unknown));
    assert_eq!(found[1..], names);
}

#[test]
fn gated_imports_need_their_kind_and_unknown_ones_are_named() {
    let import = |name: &str, class| Import {
        name: name.into(),
        class,
    };
    let permissions =
        |lines: &[&str]| -> PermissionSet { lines.iter().map(|l| l.parse().unwrap()).collect() };
    let http = [
        import("wasi:io/poll@0.2.6", ImportClass::Ambient),
        import("wasi:http/types@0.2.6", ImportClass::Gated(Gate::Http)),
    ];
    assert_eq!(
        check_imports(&http, &permissions(&["network.internal=http://localhost"])),
        Ok(())
    );
    let refused = check_imports(&http, &permissions(&["filesystem.write=."])).unwrap_err();
    insta::assert_snapshot!(refused, @"the import `wasi:http/types@0.2.6` needs a permission of kind `network.external` or `network.internal`");
    let unknown = [
        http[1].clone(),
        import("acme:x/y@1.0.0", ImportClass::Unknown),
    ];
    insta::assert_snapshot!(check_imports(&unknown, &PermissionSet::empty()).unwrap_err(), @"the import `acme:x/y@1.0.0` is not one that a skill may have");
}
