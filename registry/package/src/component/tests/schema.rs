//! Signatures, and the form of every value type in JSON.

use super::*;

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
#[rustfmt::skip]
fn every_value_type_has_its_form_in_json() {
    let one_field = |name: &str, schema: Value| json!({"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": false});
    let nothing = json!({"type": "null"});
    let text = json!({"type": "string"});
    for (definitions, ty, wit, schema) in [
        ("", "bool", "bool", json!({"type": "boolean"})),
        ("", "s8", "s8", json!({"type": "integer", "minimum": -128, "maximum": 127})),
        ("", "u32", "u32", json!({"type": "integer", "minimum": 0, "maximum": u32::MAX})),
        ("", "s64", "s64", json!({"type": ["integer", "string"], "minimum": i64::MIN, "maximum": i64::MAX, "pattern": "^(0|-?[1-9][0-9]{0,18})$"})),
        ("", "u64", "u64", json!({"type": ["integer", "string"], "minimum": 0, "maximum": u64::MAX, "pattern": "^(0|[1-9][0-9]{0,19})$"})),
        ("", "f64", "f64", json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})),
        ("", "char", "char", json!({"type": "string", "minLength": 1, "maxLength": 1})),
        ("", "string", "string", text.clone()),
        ("(type $t (list u8))", "$t", "list<u8>", json!({"type": "string", "contentEncoding": "base64"})),
        ("(type $t (list s8))", "$t", "list<s8>", json!({"type": "array", "items": {"type": "integer", "minimum": -128, "maximum": 127}})),
        (r#"(type $b u8) (export "byte" (type $e (eq $b))) (type $t (list $e))"#, "$t", "list<byte>", json!({"type": "string", "contentEncoding": "base64"})),
        ("(type $t (tuple bool string))", "$t", "tuple<bool, string>", json!({"type": "array", "prefixItems": [{"type": "boolean"}, text], "items": false, "minItems": 2, "maxItems": 2})),
        (r#"(type $e (enum "a" "b-c")) (export "kind" (type $t (eq $e)))"#, "$t", "kind", json!({"type": "string", "enum": ["a", "b-c"]})),
        (r#"(type $e (flags "r" "w")) (export "from" (type $t (eq $e)))"#, "$t", "%from", json!({"type": "array", "items": {"enum": ["r", "w"]}, "uniqueItems": true})),
        (r#"(type $e (variant (case "none") (case "at" string))) (export "place" (type $t (eq $e)))"#, "$t", "place", json!({"oneOf": [{"const": "none"}, one_field("at", text.clone())]})),
        ("(type $t (option string))", "$t", "option<string>", json!({"anyOf": [text, nothing]})),
        ("(type $o (option string)) (type $t (option $o))", "$t", "option<option<string>>", json!({"anyOf": [one_field("some", json!({"anyOf": [text, nothing]})), nothing]})),
        ("(type $t (result))", "$t", "result", json!({"oneOf": [one_field("ok", nothing.clone()), one_field("err", nothing.clone())]})),
        ("(type $t (result string))", "$t", "result<string>", json!({"oneOf": [one_field("ok", text.clone()), one_field("err", nothing.clone())]})),
        ("(type $t (result (error string)))", "$t", "result<_, string>", json!({"oneOf": [one_field("ok", nothing.clone()), one_field("err", text.clone())]})),
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
