//! Doc comments, appended and read.

use super::*;
use crate::limits::{DESCRIPTION_CHARACTERS_MAX, DOCS_BYTES_MAX};

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
    let documented = append_docs(&plain(), &[wit(WIT)], std::slice::from_ref(&io)).unwrap();
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
