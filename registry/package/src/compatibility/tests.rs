//! What breaks callers, tried on components as text and on generated ones, and the arithmetic of versions.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::component::{ComponentInfo, decode};
use crate::name::Version;
use crate::permission::PermissionSet;

/// A component that exports what it imports, so that no code is needed: interfaces by name.
fn component(interfaces: &[(&str, &str)]) -> ComponentInfo {
    let mut text = String::from("(component");
    for (index, (name, declarations)) in interfaces.iter().enumerate() {
        text += &format!("(import \"{name}\" (instance $i{index} {declarations}))");
    }
    for (index, (name, _)) in interfaces.iter().enumerate() {
        text += &format!("(export \"{name}\" (instance $i{index}))");
    }
    decode(&wat::parse_str(text + ")").unwrap()).unwrap()
}

fn things(declarations: &str) -> ComponentInfo {
    component(&[("acme:test/things@0.1.0", declarations)])
}

/// Each change on a line, those that break marked.
fn shown(previous: &ComponentInfo, next: &ComponentInfo) -> String {
    let changes = compare(previous, next);
    let mark = |change: &Change| if change.breaking { "breaks" } else { "adds" };
    let lines: Vec<String> = changes
        .iter()
        .map(|c| format!("{}: {c}", mark(c)))
        .collect();
    lines.join("\n")
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn the_same_is_no_change_and_additions_break_nobody() {
    let before = things(r#"(export "get" (func (param "path" string)))"#);
    assert_eq!(compare(&before, &before), []);
    let after = component(&[
        ("acme:test/more@0.1.0", r#"(export "ask" (func))"#),
        (
            "acme:test/things@0.1.0",
            r#"(export "get" (func (param "path" string)))
               (export "put" (func))
               (type $e' (enum "a" "b"))
               (export "e" (type $e (eq $e')))"#,
        ),
    ]);
    insta::assert_snapshot!(shown(&before, &after), @"
    adds: the action `things.put` is new
    adds: the type `things.e` is new
    adds: the interface `acme:test/more@0.1.0` is new
    ");
    insta::assert_snapshot!(shown(&after, &before), @"
    breaks: the interface `acme:test/more@0.1.0` is gone
    breaks: the action `things.put` is gone
    breaks: the type `things.e` is gone
    ");
}

#[test]
fn names_order_and_types_of_parameters_and_results_are_promised() {
    let form = |function: &str| things(&format!(r#"(export "f" (func {function}))"#));
    let before = form(r#"(param "a" u32) (param "b" string) (result s64)"#);
    for other in [
        r#"(param "a" u32) (param "c" string) (result s64)"#,
        r#"(param "b" string) (param "a" u32) (result s64)"#,
        r#"(param "a" u32) (result s64)"#,
        r#"(param "a" u32) (param "b" string) (param "c" u8) (result s64)"#,
        r#"(param "a" s32) (param "b" string) (result s64)"#,
        r#"(param "a" u32) (param "b" char) (result s64)"#,
        r#"(param "a" u32) (param "b" string) (result f64)"#,
        r#"(param "a" u32) (param "b" string)"#,
    ] {
        let changes = compare(&before, &form(other));
        assert!(
            changes.len() == 1 && changes[0].breaking,
            "{other}: {changes:?}"
        );
    }
    insta::assert_snapshot!(
        shown(&before, &form(r#"(param "a" u32) (result s64)"#)),
        @"breaks: the action `things.f` changed from `f: func(a: u32, b: string) -> s64` to `f: func(a: u32) -> s64`"
    );
    // Numbers of another width look the same in no schema, and floats do.
    assert!(compare(&form(r#"(result f32)"#), &form(r#"(result f64)"#))[0].breaking);
}

/// A component with one named type and a function that returns a list of it.
fn named(definition: &str) -> ComponentInfo {
    things(&format!(
        r#"(type $t' {definition}) (export "thing" (type $t (eq $t')))
           (type $l (list $t)) (export "all" (func (result $l)))"#
    ))
}

#[test]
fn every_change_of_a_record_variant_enum_or_flags_breaks() {
    let cases = [
        (
            r#"(record (field "a" u8) (field "b" u8))"#,
            r#"(record (field "a" u8) (field "b" u8) (field "c" (option u8)))"#,
        ),
        (
            r#"(record (field "a" u8) (field "b" u8))"#,
            r#"(record (field "b" u8) (field "a" u8))"#,
        ),
        (
            r#"(variant (case "a" u8) (case "b"))"#,
            r#"(variant (case "a" u16) (case "c"))"#,
        ),
        (r#"(enum "a" "b")"#, r#"(enum "a" "b" "c")"#),
        (r#"(flags "a" "b")"#, r#"(flags "a")"#),
        (r#"(enum "a" "b")"#, r#"(flags "a" "b")"#),
        (r#"u8"#, r#"u16"#),
        (r#"(tuple u8 u8)"#, r#"(tuple u8 u16)"#),
        (r#"(result u8)"#, r#"(result (error u8))"#),
    ];
    let all: Vec<String> = cases
        .iter()
        .map(|(was, is)| shown(&named(was), &named(is)))
        .collect();
    insta::assert_snapshot!(all.join("\n"), @"
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: the field `c` is new
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: its fields are in another order
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: the case `b` is gone, the case `c` is new, the case `a` has another type
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: the case `c` is new
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: the flag `b` is gone
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: enum became flags
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: `u8` became `u16`
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: it is made of other types
    breaks: the action `things.all` uses a type that changed: `all: func() -> list<thing>`
    breaks: the type `things.thing` changed: it is made of other types
    ");
}

#[test]
fn an_alias_is_the_type_that_it_stands_for_and_a_new_name_is_another() {
    let direct = things(r#"(type $l (list u8)) (export "f" (func (result $l)))"#);
    let alias = things(
        r#"(type $b' u8) (export "b" (type $b (eq $b')))
           (type $l (list $b)) (export "f" (func (result $l)))"#,
    );
    insta::assert_snapshot!(shown(&direct, &alias), @"adds: the type `things.b` is new");
    let renamed = things(
        r#"(type $b' u8) (export "byte" (type $b (eq $b')))
           (type $l (list $b)) (export "f" (func (result $l)))"#,
    );
    insta::assert_snapshot!(shown(&alias, &renamed), @"
    breaks: the type `things.b` is gone
    adds: the type `things.byte` is new
    ");
}

#[test]
fn resources_are_compared_by_name() {
    let with = |name: &str| {
        things(&format!(
            r#"(export "{name}" (type $r (sub resource)))
               (export "[constructor]{name}" (func (result (own $r))))
               (export "take" (func (param "it" (borrow $r))))"#
        ))
    };
    assert_eq!(compare(&with("file"), &with("file")), []);
    insta::assert_snapshot!(shown(&with("file"), &with("folder")), @"
    breaks: the action `things.[constructor]file` is gone
    breaks: the action `things.take` changed from `take: func(it: borrow<file>)` to `take: func(it: borrow<folder>)`
    breaks: the type `things.file` is gone
    adds: the action `things.[constructor]folder` is new
    adds: the type `things.folder` is new
    ");
}

#[test]
fn an_interface_lives_on_in_a_compatible_version_and_in_no_other() {
    let at = |version: &str| {
        component(&[(
            &format!("acme:test/things@{version}"),
            r#"(export "f" (func))"#,
        )])
    };
    for (was, is) in [("0.1.0", "0.1.3"), ("1.2.0", "1.3.0"), ("1.0.0", "1.0.0")] {
        assert_eq!(compare(&at(was), &at(is)), [], "{was} to {is}");
    }
    for (was, is) in [
        ("0.1.0", "0.2.0"),
        ("0.0.1", "0.0.2"),
        ("1.2.0", "2.0.0"),
        ("0.1.3", "0.1.0"),
        ("1.0.0", "1.1.0-rc.1"),
        ("1.0.0-rc.1", "1.0.0"),
    ] {
        assert!(compare(&at(was), &at(is))[0].breaking, "{was} to {is}");
    }
}

#[test]
fn an_addition_that_takes_a_short_name_away_breaks() {
    let read = ("acme:test/a@0.1.0", r#"(export "read" (func))"#);
    let other = ("acme:test/b@0.1.0", r#"(export "read" (func))"#);
    insta::assert_snapshot!(shown(&component(&[read]), &component(&[read, other])), @"
    breaks: the action `read` has to be called `a.read` now
    adds: the interface `acme:test/b@0.1.0` is new
    ");
}

#[test]
fn imports_are_not_between_a_skill_and_its_callers() {
    let before = things(r#"(export "f" (func))"#);
    let after = decode(
        &wat::parse_str(
            r#"(component
                (import "wasi:cli/environment@0.2.6" (instance))
                (import "acme:test/things@0.1.0" (instance $i (export "f" (func))))
                (export "acme:test/things@0.1.0" (instance $i)))"#,
        )
        .unwrap(),
    )
    .unwrap();
    assert_eq!(compare(&before, &after), []);
}

#[test]
fn a_surface_of_one_type_under_many_names_is_refused() {
    let long = "a".repeat(20_000);
    let mut text = format!(r#"(type $e (enum "{long}"))"#);
    for index in 0..900 {
        text += &format!(r#"(export "e{index}" (type (eq $e)))"#);
    }
    let text = format!(
        r#"(component (import "acme:t/t@0.1.0" (instance $i {text})) (export "acme:t/t@0.1.0" (instance $i)))"#
    );
    let refused = decode(&wat::parse_str(text).unwrap());
    assert_eq!(refused, Err(crate::ComponentError::SurfaceTooLarge));
}

#[test]
#[rustfmt::skip]
fn a_step_is_as_large_as_what_callers_have_to_expect() {
    for (previous, next, step) in [
        ("1.2.3", "1.2.4", Bump::Patch), ("1.2.3", "1.3.0", Bump::Minor), ("1.2.3", "2.0.0", Bump::Major),
        ("0.1.3", "0.1.4", Bump::Patch), ("0.1.3", "0.2.0", Bump::Major), ("0.1.3", "1.0.0", Bump::Major),
        ("0.0.3", "0.0.4", Bump::Major), ("0.0.3", "0.1.0", Bump::Major),
        ("1.2.3", "1.3.0-rc.1", Bump::Minor), ("1.2.3", "2.0.0-rc.1", Bump::Major),
        ("1.3.0-rc.1", "1.3.0-rc.2", Bump::Major), ("1.3.0-rc.1", "1.3.0", Bump::Major),
    ] {
        assert_eq!(Bump::between(&version(previous), &version(next)), step, "{previous} to {next}");
    }
    for (step, previous, next) in [
        (Bump::Major, "1.2.3", "2.0.0"), (Bump::Minor, "1.2.3", "1.3.0"), (Bump::Patch, "1.2.3", "1.2.4"),
        (Bump::Major, "0.1.3", "0.2.0"), (Bump::Minor, "0.1.3", "0.2.0"), (Bump::Patch, "0.1.3", "0.1.4"),
        (Bump::Major, "0.0.3", "0.0.4"), (Bump::Minor, "0.0.3", "0.0.4"), (Bump::Patch, "0.0.3", "0.0.4"),
    ] {
        assert_eq!(step.after(&version(previous)), Some(version(next)), "{step} after {previous}");
    }
    let end = crate::limits::VERSION_PART_MAX;
    assert_eq!(Bump::Major.after(&version(&format!("{end}.0.0"))), None);
}

#[test]
fn grown_permissions_ask_for_a_minor_step_and_breaking_changes_for_a_major_one() {
    let before = things(r#"(export "f" (func)) (export "g" (func))"#);
    let after = things(r#"(export "f" (func))"#);
    let lines = |lines: &[&str]| -> PermissionSet {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    };
    let narrow = lines(&["filesystem.read=a"]);
    let grown = narrow.difference_added(&lines(&["filesystem.read=."]));
    assert_eq!(required(&compare(&before, &before), &[]), Bump::Patch);
    assert_eq!(required(&compare(&after, &before), &[]), Bump::Patch);
    assert_eq!(required(&[], &grown), Bump::Minor);
    assert_eq!(required(&compare(&before, &after), &grown), Bump::Major);
    let shrunk = lines(&["filesystem.read=."]).difference_added(&narrow);
    assert_eq!(required(&[], &shrunk), Bump::Patch);
}

#[test]
fn the_baseline_is_the_highest_full_release_below_that_is_not_yanked() {
    let releases: Vec<(Version, bool)> = [
        ("1.0.0", false),
        ("1.1.0", false),
        ("1.2.0", true),
        ("1.3.0-rc.1", false),
        ("2.0.0", false),
    ]
    .map(|(text, yanked)| (version(text), yanked))
    .into();
    let held_against = |next: &str| {
        baseline(&releases, &version(next), |r| &r.0, |r| r.1).map(|r| r.0.to_string())
    };
    assert_eq!(held_against("1.2.1").as_deref(), Some("1.1.0"));
    assert_eq!(held_against("1.3.0").as_deref(), Some("1.1.0"));
    assert_eq!(held_against("1.1.0").as_deref(), Some("1.0.0"));
    assert_eq!(held_against("2.0.0-rc.1").as_deref(), Some("1.1.0"));
    assert_eq!(held_against("3.0.0").as_deref(), Some("2.0.0"));
    assert_eq!(held_against("0.9.0"), None);
}

#[test]
fn the_smallest_version_that_would_do_is_not_one_that_is_taken() {
    let taken: Vec<Version> = ["1.4.2", "2.0.0", "2.1.0"].map(version).into();
    let smallest = |step, previous: &str| {
        super::smallest(step, &version(previous), &taken).map(|v| v.to_string())
    };
    assert_eq!(smallest(Bump::Minor, "1.4.2").as_deref(), Some("1.5.0"));
    assert_eq!(smallest(Bump::Major, "1.4.2").as_deref(), Some("3.0.0"));
    assert_eq!(smallest(Bump::Major, "2.1.0").as_deref(), Some("3.0.0"));
}

#[test]
fn an_objection_names_what_changed_and_what_would_do() {
    let before = things(r#"(export "f" (func)) (export "g" (func))"#);
    let after = things(r#"(export "f" (func))"#);
    let verdict = |next: &str, grown: &[&str]| {
        let grown = grown.iter().map(|line| line.parse().unwrap()).collect();
        let changes = compare(&before, &after);
        Verdict::new(&version("1.4.2"), &version(next), changes, grown, &[])
    };
    insta::assert_snapshot!(
        verdict("1.5.0", &["filesystem.read=."]).objection().unwrap(),
        @"the action `things.g` is gone; it asks for `filesystem.read=.` in addition, and the step from 1.4.2 is a minor one where a major one is needed; the smallest version that would do is 2.0.0"
    );
    assert_eq!(verdict("2.0.0", &["filesystem.read=."]).objection(), None);
}

/// A type of the small world below, as text, with what it needs declared before it.
fn types() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "u8", "s32", "u64", "f32", "f64", "bool", "char", "string",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|ty| format!("(list {ty})")),
                inner.clone().prop_map(|ty| format!("(option {ty})")),
                (inner.clone(), inner.clone())
                    .prop_map(|(a, b)| format!("(result {a} (error {b}))")),
                vec(inner, 1..4).prop_map(|types| format!("(tuple {})", types.join(" "))),
            ]
        })
}

/// A function: its parameters by name, and its result.
type Function = (BTreeMap<String, String>, String);

fn functions() -> impl Strategy<Value = BTreeMap<String, Function>> {
    let parameters = btree_map(
        select(vec!["a", "b", "c"]).prop_map(str::to_owned),
        types(),
        0..3,
    );
    let name = select(vec!["f", "g", "h", "k"]).prop_map(str::to_owned);
    btree_map(name, (parameters, types()), 0..4)
}

fn built(functions: &BTreeMap<String, Function>) -> ComponentInfo {
    let mut text = String::new();
    for (name, (parameters, result)) in functions {
        text += &format!("(export \"{name}\" (func");
        for (name, ty) in parameters {
            text += &format!("(param \"{name}\" {ty})");
        }
        text += &format!("(result {result})))");
    }
    things(&text)
}

proptest! {
    #[test]
    fn exactly_the_functions_that_went_or_changed_break(a in functions(), b in functions()) {
        let changes = compare(&built(&a), &built(&b));
        let broken = a.iter().filter(|(name, function)| b.get(*name) != Some(function)).count();
        let added = b.keys().filter(|name| !a.contains_key(*name)).count();
        prop_assert_eq!(changes.iter().filter(|change| change.breaking).count(), broken);
        prop_assert_eq!(changes.len(), broken + added);
    }

    #[test]
    fn what_is_equal_is_compatible_both_ways(a in functions()) {
        prop_assert_eq!(compare(&built(&a), &built(&a)), []);
        let empty = built(&BTreeMap::new());
        prop_assert!(compare(&empty, &built(&a)).iter().all(|change| !change.breaking));
        prop_assert!(compare(&built(&a), &empty).iter().all(|change| change.breaking));
    }

    #[test]
    fn no_smaller_version_makes_the_step(
        numbers in (0u64..4, 0u64..4, 0u64..4),
        other in (0u64..5, 0u64..5, 0u64..5),
        step in select(vec![Bump::Patch, Bump::Minor, Bump::Major]),
    ) {
        let of = |(a, b, c): (u64, u64, u64)| version(&format!("{a}.{b}.{c}"));
        let (previous, other) = (of(numbers), of(other));
        let next = step.after(&previous).unwrap();
        prop_assert!(next > previous && Bump::between(&previous, &next) >= step);
        if other > previous && other < next {
            prop_assert!(Bump::between(&previous, &other) < step);
        }
    }
}
