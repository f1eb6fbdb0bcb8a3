//! Components as text: what they export and import, and what is refused of them.

use serde_json::{Value, json};

use super::*;
use crate::limits::*;
use crate::permission::PermissionSet;

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

/// The schema of a parameter of this type, and the type as WIT text.
fn parameter(definitions: &str, ty: &str) -> (Value, String) {
    let action = action(
        &format!(r#"{definitions} (export "f" (func (param "x" {ty})))"#),
        "f",
    );
    assert_eq!(action.not_callable, None);
    let signature = action
        .signature
        .strip_prefix("f: func(x: ")
        .unwrap()
        .strip_suffix(')')
        .unwrap();
    (
        action.input_schema["properties"]["x"].clone(),
        signature.to_owned(),
    )
}

#[test]
fn an_action_has_signature_and_schemas() {
    let action = action(
        r#"
        (type $files (list string))
        (type $commit' (record (field "id" string) (field "message" string) (field "files" $files)))
        (export "commit" (type $commit (eq $commit')))
        (type $flag (option bool))
        (type $result (result $commit (error string)))
        (export "smart-commit" (func (param "stage-all" $flag) (param "list" u8) (result $result)))
        "#,
        "smart-commit",
    );
    assert_eq!(action.interface.as_deref(), Some("acme:test/things@0.1.0"));
    assert_eq!(
        (action.interface_short(), action.function.as_str()),
        (Some("things"), "smart-commit")
    );
    insta::assert_snapshot!(action.signature, @"smart-commit: func(stage-all: option<bool>, %list: u8) -> result<commit, string>");
    assert_eq!(
        action.input_schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "stage-all": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                "list": {"type": "integer", "minimum": 0, "maximum": 255},
            },
            "required": ["list"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        action.output_schema,
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "message": {"type": "string"},
                "files": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["id", "message", "files"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn every_value_type_has_its_form_in_json() {
    let one_field = |name: &str, schema: Value| json!({"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": false});
    let nothing = json!({"type": "null"});
    let text = json!({"type": "string"});
    for (definitions, ty, wit, schema) in [
        ("", "bool", "bool", json!({"type": "boolean"})),
        (
            "",
            "s8",
            "s8",
            json!({"type": "integer", "minimum": -128, "maximum": 127}),
        ),
        (
            "",
            "u32",
            "u32",
            json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        ),
        (
            "",
            "s64",
            "s64",
            json!({"type": ["integer", "string"], "minimum": i64::MIN, "maximum": i64::MAX, "pattern": "^(0|-?[1-9][0-9]{0,18})$"}),
        ),
        (
            "",
            "u64",
            "u64",
            json!({"type": ["integer", "string"], "minimum": 0, "maximum": u64::MAX, "pattern": "^(0|[1-9][0-9]{0,19})$"}),
        ),
        (
            "",
            "f64",
            "f64",
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}),
        ),
        (
            "",
            "char",
            "char",
            json!({"type": "string", "minLength": 1, "maxLength": 1}),
        ),
        ("", "string", "string", text.clone()),
        (
            "(type $t (list u8))",
            "$t",
            "list<u8>",
            json!({"type": "string", "contentEncoding": "base64"}),
        ),
        (
            "(type $t (list s8))",
            "$t",
            "list<s8>",
            json!({"type": "array", "items": {"type": "integer", "minimum": -128, "maximum": 127}}),
        ),
        (
            r#"(type $b u8) (export "byte" (type $e (eq $b))) (type $t (list $e))"#,
            "$t",
            "list<byte>",
            json!({"type": "string", "contentEncoding": "base64"}),
        ),
        (
            "(type $t (tuple bool string))",
            "$t",
            "tuple<bool, string>",
            json!({"type": "array", "prefixItems": [{"type": "boolean"}, text], "items": false, "minItems": 2, "maxItems": 2}),
        ),
        (
            r#"(type $e (enum "a" "b-c")) (export "kind" (type $t (eq $e)))"#,
            "$t",
            "kind",
            json!({"type": "string", "enum": ["a", "b-c"]}),
        ),
        (
            r#"(type $e (flags "r" "w")) (export "from" (type $t (eq $e)))"#,
            "$t",
            "%from",
            json!({"type": "array", "items": {"enum": ["r", "w"]}, "uniqueItems": true}),
        ),
        (
            r#"(type $e (variant (case "none") (case "at" string))) (export "place" (type $t (eq $e)))"#,
            "$t",
            "place",
            json!({"oneOf": [{"const": "none"}, one_field("at", text.clone())]}),
        ),
        (
            "(type $t (option string))",
            "$t",
            "option<string>",
            json!({"anyOf": [text, nothing]}),
        ),
        (
            "(type $o (option string)) (type $t (option $o))",
            "$t",
            "option<option<string>>",
            json!({"anyOf": [one_field("some", json!({"anyOf": [text, nothing]})), nothing]}),
        ),
        (
            "(type $t (result))",
            "$t",
            "result",
            json!({"oneOf": [one_field("ok", nothing.clone()), one_field("err", nothing.clone())]}),
        ),
        (
            "(type $t (result string))",
            "$t",
            "result<string>",
            json!({"oneOf": [one_field("ok", text.clone()), one_field("err", nothing.clone())]}),
        ),
        (
            "(type $t (result (error string)))",
            "$t",
            "result<_, string>",
            json!({"oneOf": [one_field("ok", nothing.clone()), one_field("err", text.clone())]}),
        ),
    ] {
        assert_eq!(
            parameter(definitions, ty),
            (schema, wit.to_owned()),
            "{definitions} {ty}"
        );
    }
}

#[test]
fn an_option_in_a_record_may_be_left_out() {
    let (schema, _) = parameter(
        r#"(type $o (option u8)) (type $r (record (field "a" $o) (field "b" bool))) (export "r" (type $t (eq $r)))"#,
        "$t",
    );
    assert_eq!(schema["required"], json!(["b"]));
}

#[test]
fn what_returns_nothing_returns_null() {
    let output = |result: &str| {
        action(
            &format!(r#"(type $r (result (error u8))) (export "f" (func {result}))"#),
            "f",
        )
        .output_schema
    };
    for result in ["", "(result $r)"] {
        assert_eq!(output(result)["type"], "null");
    }
    assert_eq!(output("(result bool)")["type"], "boolean");
}

#[test]
fn functions_with_handles_are_listed_as_not_callable() {
    for (declarations, reason) in [
        (
            r#"(export "r" (type $r (sub resource))) (type $b (borrow $r)) (export "f" (func (param "x" $b)))"#,
            "it takes or returns a resource",
        ),
        (
            r#"(export "r" (type $r (sub resource))) (type $o (own $r)) (type $l (list $o)) (export "f" (func (result $l)))"#,
            "it takes or returns a resource",
        ),
        (
            r#"(type $s (stream u8)) (export "f" (func (result $s)))"#,
            "it takes or returns a stream",
        ),
        (
            r#"(type $s (future)) (type $e (result (error $s))) (export "f" (func (result $e)))"#,
            "it takes or returns a future",
        ),
        (r#"(export "f" (func async))"#, "it is asynchronous"),
    ] {
        let action = action(declarations, "f");
        assert_eq!(
            action.not_callable.as_deref(),
            Some(reason),
            "{}",
            action.signature
        );
        assert_eq!(
            (action.input_schema, action.output_schema),
            (json!(false), json!(false))
        );
    }
    let resource = r#"(export "r" (type $r (sub resource))) (type $o (own $r)) (type $b (borrow $r))
        (export "[constructor]r" (func (result $o))) (export "[method]r.go" (func (param "self" $b)))"#;
    let info = decode(&interface(resource)).unwrap();
    let listed: Vec<&str> = info
        .actions
        .iter()
        .map(|action| action.signature.as_str())
        .collect();
    assert_eq!(
        listed,
        [
            "[constructor]r: func() -> r",
            "[method]r.go: func(self: borrow<r>)"
        ]
    );
    assert!(
        info.actions
            .iter()
            .all(|action| action.not_callable.is_some())
    );
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

const WIT: &str = "
    package acme:test@0.1.0;
    /// Everyday things.
    interface things {
      /// How it went.
      record outcome {
        /// The name of it.
        id: string,
      }
      /// Runs.
      ///
      /// And\tstops.
      run: func();
    }
    world skill { import wasi:io/poll@0.2.6; export things; }
";

fn wit(text: &str) -> WitFile {
    WitFile {
        path: "test.wit".into(),
        text: text.into(),
    }
}

#[test]
fn docs_of_the_source_are_appended_and_read_back() {
    let io = vec![wit(
        "package wasi:io@0.2.6; interface poll { poll: func(); }",
    )];
    let documented = append_docs(&plain(), &[wit(WIT)], &[io.clone()]).unwrap();
    let info = decode(&documented).unwrap();
    assert_eq!(
        info.actions[0].description.as_deref(),
        Some("Runs. And stops.")
    );
    assert_eq!(decode(&plain()).unwrap().actions[0].description, None);
    assert!(matches!(
        append_docs(&documented, &[wit(WIT)], &[io]),
        Err(ComponentError::Docs(_))
    ));
    assert!(matches!(
        append_docs(&plain(), &[wit("package x")], &[]),
        Err(ComponentError::Wit(_))
    ));
    assert!(matches!(
        append_docs(b"", &[], &[]),
        Err(ComponentError::Invalid(_))
    ));
}

#[test]
fn docs_of_types_are_in_the_schema() {
    let component = interface(
        r#"(type $o (record (field "id" string))) (export "outcome" (type $outcome (eq $o)))
        (export "run" (func (result $outcome)))"#,
    );
    let io = vec![wit(
        "package wasi:io@0.2.6; interface poll { poll: func(); }",
    )];
    let info = decode(&append_docs(&component, &[wit(WIT)], &[io]).unwrap()).unwrap();
    let output = &info.actions[0].output_schema;
    assert_eq!(output["description"], "How it went.");
    assert_eq!(output["properties"]["id"]["description"], "The name of it.");
}

#[test]
fn a_docs_section_is_read_within_bounds() {
    let with = |sections: &[&[u8]]| {
        let mut bytes = plain();
        for data in sections {
            let section = wasm_encoder::CustomSection {
                name: "package-docs".into(),
                data: (*data).into(),
            };
            wasm_encoder::ComponentSection::append_to_component(&section, &mut bytes);
        }
        decode(&bytes)
    };
    let good: &[u8] = br#"{"interfaces":{"things":{"funcs":{"run":"Runs."}}}}"#;
    for version in [0, 1] {
        let info = with(&[&[&[version], good].concat()]).unwrap();
        assert_eq!(info.actions[0].description.as_deref(), Some("Runs."));
    }
    assert_eq!(
        with(&[b"\x02anything"]).unwrap().actions[0].description,
        None
    );
    let deep = [b"\x01{\"x\":".to_vec(), b"[".repeat(10_000)].concat();
    for bad in [
        &b""[..],
        b"\x01",
        b"\x01[]x",
        b"\x01{\"interfaces\":3}",
        &deep,
        &vec![b' '; DOCS_BYTES_MAX + 1],
    ] {
        assert!(
            matches!(with(&[bad]), Err(ComponentError::Docs(_))),
            "{:?}",
            &bad[..bad.len().min(20)]
        );
    }
    assert!(matches!(
        with(&[b"\x01{}", b"\x01{}"]),
        Err(ComponentError::Docs(_))
    ));
    let info = with(&[format!(
        "\x01{{\"interfaces\":{{\"things\":{{\"funcs\":{{\"run\":{{\"docs\":\"{}\"}}}}}}}}}}",
        "é\\u202e".repeat(2000)
    )
    .as_bytes()])
    .unwrap();
    assert_eq!(
        info.actions[0]
            .description
            .as_ref()
            .unwrap()
            .chars()
            .count(),
        DESCRIPTION_CHARACTERS_MAX
    );
}
