//! Canonical bytes, and everything that is almost them.

use super::*;
use crate::component::decode;
use crate::limits::{JSON_CONTAINERS_MAX, JSON_DEPTH_MAX};

fn skill() -> (SkillJson, ComponentInfo) {
    let component = wat::parse_str(
        r#"(component
            (import "wasi:io/poll@0.2.6" (instance))
            (import "wasi:io/streams@0.2.6" (instance $i (export "go" (func (param "n" u64)))))
            (export "acme:x/things@0.1.0" (instance $i)))"#,
    )
    .unwrap();
    let manifest = Manifest::from_skill_toml(
        r#"
        name = "acme/x"
        version = "1.0.0"
        description = "Café"
        permissions = ["filesystem.write=a", "environment=LANG"]
        triggers = [{ type = "cron", schedule = "* * * * *", action = "things.go", input = { n = 1 } }]
        "#,
    )
    .unwrap();
    let info = decode(&component).unwrap();
    let toolchain = Toolchain {
        compiler: "rustc 1.95.0".into(),
        target: "wasm32-wasip2".into(),
        builder: "cargo-claw 0.1.0".into(),
    };
    (SkillJson::new(manifest, &info, toolchain), info)
}

#[test]
fn the_bytes_are_canonical_and_read_back() {
    let (skill, info) = skill();
    let bytes = skill.to_bytes();
    insta::assert_snapshot!(String::from_utf8(bytes.clone()).unwrap(), @r#"{"derived":{"actions":[{"function":"go","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"properties":{"n":{"maximum":18446744073709551615,"minimum":0,"pattern":"^(0|[1-9][0-9]{0,19})$","type":["integer","string"]}},"required":["n"],"type":"object"},"interface":"acme:x/things@0.1.0","name":"go","output_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"null"},"signature":"go: func(n: u64)"}],"imports":["wasi:io/poll@0.2.6","wasi:io/streams@0.2.6"],"v":1,"world":"acme:x/skill"},"manifest":{"description":"Café","name":"acme/x","permissions":["environment=LANG","filesystem.write=a"],"triggers":[{"action":"things.go","input":{"n":1},"schedule":"* * * * *","type":"cron"}],"type":"action","version":"1.0.0"},"toolchain":{"builder":"cargo-claw 0.1.0","compiler":"rustc 1.95.0","target":"wasm32-wasip2"},"v":1}"#);
    assert_eq!(SkillJson::parse(&bytes), Ok(skill.clone()));
    assert_eq!(skill.check_component(&info), Ok(()));
}

#[test]
fn any_other_spelling_is_refused() {
    let (skill, _) = skill();
    let text = String::from_utf8(skill.to_bytes()).unwrap();
    for (from, to) in [
        ("{\"derived\"", "{ \"derived\""),
        ("\"v\":1}\n", "\"v\":1}"),
        ("\"v\":1}\n", "\"v\":1}\n\n"),
        ("\"v\":1}\n", "\"v\":1}\n{}"),
        ("\"v\":1}\n", "\"v\":1.0}\n"),
        ("\"v\":1}\n", "\"v\":2}\n"),
        ("\"v\":1}\n", "\"v\":1,\"x\":1}\n"),
        ("\"v\":1}\n", "\"v\":1,\"v\":1}\n"),
        ("Café", "Caf\\u00e9"),
        ("Café", "Caf\\u00e9\\u202e"),
        ("Café", "Café "),
        ("Café", ""),
        (
            "environment=LANG\",\"filesystem.write=a",
            "filesystem.write=a\",\"environment=LANG",
        ),
        (
            "environment=LANG\",",
            "environment=LANG\",\"filesystem.read=a\",",
        ),
        ("environment=LANG", "filesystem:read"),
        ("environment=LANG", "environment"),
        ("\"name\":\"acme/x\"", "\"name\":\"@acme/x\""),
        (
            "\"name\":\"acme/x\"",
            "\"name\":\"acme/x\",\"name\":\"acme/x\"",
        ),
        ("\"type\":\"action\"", "\"type\":\"prompt\""),
        ("\"version\":\"1.0.0\"", "\"version\":\"1.0\""),
        (
            "\"version\":\"1.0.0\"",
            "\"version\":\"1.0.0\",\"license\":null",
        ),
        ("\"input\":{\"n\":1}", "\"input\":{\"n\":1,\"n\":1}"),
        ("\"input\":{\"n\":1}", "\"input\":null"),
        ("rustc 1.95.0", ""),
        ("rustc 1.95.0", "rustc\\u001b[31m"),
        (
            "\"type\":\"null\"",
            "\"type\":\"null\",\"title\":\"\u{202e}\"",
        ),
        ("\"signature\"", "\"description\":\"a\\nb\",\"signature\""),
        ("\"target\"", "\"host\""),
    ] {
        assert!(text.contains(from), "{from}");
        let other = text.replacen(from, to, 1);
        assert!(
            SkillJson::parse(other.as_bytes()).is_err(),
            "{from} as {to}"
        );
    }
    for bytes in [&b""[..], b"{}\n", b"\xff\n", b"null\n", b"\xef\xbb\xbf{}\n"] {
        assert!(SkillJson::parse(bytes).is_err());
    }
}

#[test]
fn size_depth_and_count_are_limited() {
    let shape = |text: String| SkillJson::parse(text.as_bytes());
    assert_eq!(
        shape("[".repeat(JSON_DEPTH_MAX + 1)),
        Err(SkillJsonError::Shape(ShapeFault::TooDeep))
    );
    assert_eq!(
        shape("{}".repeat(JSON_CONTAINERS_MAX + 1)),
        Err(SkillJsonError::Shape(ShapeFault::TooMany))
    );
    let large = vec![b' '; SKILL_JSON_BYTES_MAX as usize + 1];
    assert_eq!(SkillJson::parse(&large), Err(SkillJsonError::TooLarge));
    let (mut skill, _) = skill();
    skill.derived.actions = vec![skill.derived.actions[0].clone(); ACTIONS_MAX + 1];
    assert!(matches!(
        SkillJson::parse(&skill.to_bytes()),
        Err(SkillJsonError::Syntax(_))
    ));
}

#[test]
fn what_decides_is_held_against_the_component() {
    let (skill, info) = skill();
    let differs = |change: &dyn Fn(&mut SkillJson)| {
        let mut changed = skill.clone();
        change(&mut changed);
        changed.check_component(&info)
    };
    assert_eq!(
        differs(&|s| s.derived.world = "acme:y/skill".into()),
        Err(SkillJsonError::Differs("world"))
    );
    assert_eq!(
        differs(&|s| drop(s.derived.imports.pop())),
        Err(SkillJsonError::Differs("imports"))
    );
    assert_eq!(
        differs(&|s| s.derived.actions.clear()),
        Err(SkillJsonError::Differs("actions"))
    );
    assert_eq!(
        differs(&|s| s.derived.actions[0].signature.push(' ')),
        Err(SkillJsonError::Differs("actions"))
    );
    assert_eq!(
        differs(&|s| s.derived.actions[0].name = "come".into()),
        Err(SkillJsonError::Differs("actions"))
    );
    // What is only shown may come from an older or newer way of writing it.
    assert_eq!(
        differs(&|s| s.derived.actions[0].description = Some("Goes".into())),
        Ok(())
    );
    assert_eq!(
        differs(&|s| s.derived.actions[0].input_schema = Value::Bool(true)),
        Ok(())
    );
    let Trigger::Cron { action, .. } = &skill.manifest.triggers[0] else {
        panic!("it is a cron trigger")
    };
    assert_eq!(action, "things.go");
    let gone = differs(&|s| {
        s.manifest.triggers[0] = Trigger::Cron {
            schedule: "* * * * *".into(),
            action: "come".into(),
            input: None,
        }
    });
    assert_eq!(gone, Err(SkillJsonError::TriggerAction("come".into())));
}
