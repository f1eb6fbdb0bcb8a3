//! What is not a component, and what is too much of one.

use proptest::prelude::*;

use super::*;
use crate::limits::*;

#[test]
fn what_is_not_a_component_is_refused() {
    let refused = |bytes: &[u8]| decode(bytes).unwrap_err();
    assert_eq!(
        refused(&wat::parse_str("(module)").unwrap()),
        ComponentError::CoreModule
    );
    for bytes in [
        &b""[..],
        b"\0asm",
        b"#!/bin/sh\n",
        &plain()[..plain().len() - 1],
    ] {
        assert!(
            matches!(refused(bytes), ComponentError::Invalid(_)),
            "{bytes:?}"
        );
    }
    let mut trailing = plain();
    trailing.extend(b"\0\x05hello");
    assert!(matches!(refused(&trailing), ComponentError::Invalid(_)));
    let wit = r#"(component (type (component (type (component (export "acme:a/b" (instance)))) (export "acme:a/w" (component (type 0)))))
        (export "w" (type 0)))"#;
    assert_eq!(
        refused(&wat::parse_str(wit).unwrap()),
        ComponentError::WitPackage
    );
    let exports_a_module = r#"(component (core module $m) (export "m" (core module $m)))"#;
    assert_eq!(
        refused(&wat::parse_str(exports_a_module).unwrap()),
        ComponentError::ExportKind("m".into())
    );
    let bad_code = r#"(component (core module (func (result i32))))"#;
    assert!(matches!(
        refused(&wat::parse_str(bad_code).unwrap()),
        ComponentError::Invalid(_)
    ));
}

#[test]
fn depth_is_limited_before_anything_recurses() {
    let nested = |depth: usize| "(component ".repeat(depth) + &")".repeat(depth);
    assert!(decode(&wat::parse_str(nested(COMPONENT_DEPTH_MAX)).unwrap()).is_ok());
    assert_eq!(
        decode(&wat::parse_str(nested(COMPONENT_DEPTH_MAX + 1)).unwrap()),
        Err(ComponentError::TooDeep)
    );

    // One type section: an instance type that declares an instance type that declares …
    let typed = |depth: usize| {
        let mut types = vec![1];
        for _ in 1..depth {
            types.extend([0x42, 1, 1]);
        }
        types.extend([0x42, 0]);
        section(7, &types)
    };
    assert!(decode(&typed(COMPONENT_DEPTH_MAX)).is_ok());
    assert_eq!(
        decode(&typed(COMPONENT_DEPTH_MAX + 1)),
        Err(ComponentError::TooDeep)
    );
    assert_eq!(decode(&typed(300_000)), Err(ComponentError::TooDeep));
}

/// A component of one section.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(id);
    let mut left = content.len();
    loop {
        let byte = (left & 0x7f) as u8;
        left >>= 7;
        bytes.push(if left == 0 { byte } else { byte | 0x80 });
        if left == 0 {
            break;
        }
    }
    bytes.extend(content);
    bytes
}

#[test]
fn sizes_and_counts_are_limited() {
    assert_eq!(
        decode(&vec![0; COMPONENT_BYTES_MAX as usize + 1]),
        Err(ComponentError::TooLarge)
    );

    let mut types = vec![0xff, 0xff, 0x3f];
    types.resize(3 + (1 << 20) - 1, 0x7f);
    assert_eq!(
        decode(&section(7, &types)),
        Err(ComponentError::TooManyDeclarations)
    );

    let functions = |count: usize| {
        (0..count)
            .map(|n| format!(r#"(export "f{n}" (func))"#))
            .collect::<String>()
    };
    assert!(decode(&interface(&functions(ACTIONS_MAX))).is_ok());
    assert_eq!(
        decode(&interface(&functions(ACTIONS_MAX + 1))),
        Err(ComponentError::TooManyActions)
    );

    let imports = |count: usize| {
        let imports = (0..count)
            .map(|n| format!(r#"(import "f{n}" (func))"#))
            .collect::<String>();
        wat::parse_str(format!("(component {imports})")).unwrap()
    };
    assert!(decode(&imports(IMPORTS_MAX)).is_ok());
    assert_eq!(
        decode(&imports(IMPORTS_MAX + 1)),
        Err(ComponentError::TooManyImports)
    );
}

#[test]
fn types_that_explode_when_written_out_are_refused() {
    let doubled = |levels: usize| {
        let mut text = String::from("(type $t0 (tuple string string))");
        for level in 1..=levels {
            text.push_str(&format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1));
        }
        text + &format!(r#"(export "f" (func (param "x" $t{levels})))"#)
    };
    assert!(decode(&interface(&doubled(8))).is_ok());
    assert_eq!(
        decode(&interface(&doubled(14))),
        Err(ComponentError::TypesTooLarge("f".into()))
    );

    let deep = |levels: usize| {
        let mut text = String::from("(type $t0 (list string))");
        for level in 1..=levels {
            text.push_str(&format!("(type $t{level} (option $t{}))", level - 1));
        }
        text + &format!(r#"(export "f" (func (param "x" $t{levels})))"#)
    };
    let deepest = decode(&interface(&deep(TYPE_DEPTH_MAX - 1))).unwrap();
    assert_eq!(
        decode(&interface(&deep(TYPE_DEPTH_MAX))),
        Err(ComponentError::TypesTooLarge("f".into()))
    );
    let text = deepest.actions[0].input_schema.to_string();
    assert!(
        serde_json::from_str::<Value>(&text).is_ok(),
        "our own schema is too deep to read"
    );

    let many = |functions: usize| {
        let uses: String = (0..functions)
            .map(|n| format!(r#"(export "g{n}" (func (param "x" $t8)))"#))
            .collect();
        doubled(8) + &uses
    };
    assert_eq!(
        decode(&interface(&many(200))),
        Err(ComponentError::AllTypesTooLarge)
    );
}

/// Few bytes, and minutes of a validator's time if nobody counted.
#[test]
fn declarations_that_are_compared_without_end_are_refused() {
    let doubled = |name: &str| {
        let mut text = format!("(type ${name}0 (tuple u8 u8))");
        for level in 1..=15 {
            text.push_str(&format!(
                "(type ${name}{level} (tuple ${name}{0} ${name}{0}))",
                level - 1
            ));
        }
        text
    };
    let parsed = |text: String| wat::parse_str(format!("(component $root {text})")).unwrap();
    let (a, b) = (doubled("a"), doubled("b"));

    let instantiated = |uses: usize| {
        let inner = format!(r#"(component $c {b} (import "f" (func (param "x" $b15))))"#);
        let each = r#"(instance (instantiate $c (with "f" (func $f))))"#.repeat(uses);
        parsed(format!(
            r#"{inner} {a} (import "f" (func $f (param "x" $a15))) {each}"#
        ))
    };
    let declared = |uses: usize| {
        let alias = r#"(alias outer $root $a15 (type $t)) (alias outer $root $b15 (type $u))"#;
        let ascribed =
            r#"(import "f" (func $f (param "x" $t))) (export "g" (func $f) (func (param "x" $u)))"#;
        parsed(format!("{a} {b}") + &format!("(component {alias} {ascribed})").repeat(uses))
    };
    let linked = |uses: usize| {
        let imports: String = (0..4000)
            .map(|n| format!(r#"(import "n" "f{n}" (func))"#))
            .collect();
        let exports: String = (0..4000)
            .map(|n| format!(r#"(export "f{n}" (func $f))"#))
            .collect();
        let modules = format!("(core module $m {imports}) (core module $n (func $f) {exports})");
        let each = r#"(core instance (instantiate $m (with "n" (instance $n))))"#.repeat(uses);
        parsed(format!(
            "{modules} (core instance $n (instantiate $n)) {each}"
        ))
    };
    for explode in [
        &instantiated as &dyn Fn(usize) -> Vec<u8>,
        &declared,
        &linked,
    ] {
        assert!(decode(&explode(5)).is_ok());
        assert_eq!(decode(&explode(600)), Err(ComponentError::TooMuchCompared));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = interface(
            r#"(export "r" (type $r (sub resource))) (type $b (borrow $r)) (type $p (record (field "x" u8)))
            (export "point" (type $point (eq $p))) (type $l (list $point))
            (export "[method]r.go" (func (param "self" $b) (result $l)))"#,
        );
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = decode(&bytes);
    }
}
