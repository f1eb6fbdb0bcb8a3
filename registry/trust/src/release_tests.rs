//! Release notes: their one form, who may sign them, and what they vouch for.

use proptest::prelude::*;

use super::*;
use crate::test_notes::{accepted_flips, key, keyset, release, verified_release};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What a check between two things says.
fn mismatch(error: TrustError) -> (&'static str, String, String) {
    match error {
        TrustError::Mismatch {
            field,
            expected,
            actual,
            ..
        } => (field, expected, actual),
        other => panic!("{other}"),
    }
}

#[test]
fn a_release_note_is_written_as_promised() {
    let keyset = keyset(&key("acme/alice"));
    let source = Some(Source::git("https://git.acme.example/pdf", COMMIT).unwrap());
    let release = Release {
        source,
        ..release(&keyset)
    };
    let measured = |text: &str| format!("{} {}", Digest::of(text.as_bytes()), text.len());
    assert_eq!(
        release.to_text(),
        format!(
            "claw release v1\nregistry skills.acme.example\npackage acme/pdf-extract\n\
             version 1.4.2\ntarball {}\ncontent {}\ncomponent {}\nmanifest {}\npermissions {}\n\
             world acme:pdf-extract/skill\nkeyset {}\n\
             source git+https://git.acme.example/pdf#{COMMIT}\n",
            measured("tarball"),
            measured("content"),
            measured("component"),
            measured("manifest"),
            Digest::of(b"permissions"),
            keyset.reference(),
        )
    );
    assert_eq!(Release::from_text(&release.to_text()).unwrap(), release);
}

#[test]
fn a_signed_release_is_believed() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let note = release(&keyset).sign(&alice);
    let verified = VerifiedRelease::verify(&note, &keyset).unwrap();
    assert_eq!(verified.release(), &release(&keyset));
    assert_eq!(verified.signer(), alice.public());
    assert_eq!(verified.note_bytes(), note);
    assert_eq!(verified.note_digest(), Digest::of(&note));
    assert_eq!(verified.title(), "acme/pdf-extract@1.4.2");
}

#[test]
fn no_flipped_bit_of_a_release_is_accepted() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let note = release(&keyset).sign(&alice);
    let flips = accepted_flips(&note, |bytes| {
        VerifiedRelease::verify(bytes, &keyset).is_ok()
    });
    assert_eq!(flips, []);
}

#[test]
fn another_namespaces_key_makes_no_release() {
    let (alice, eve) = (key("acme/alice"), key("evil/eve"));
    let error =
        VerifiedRelease::verify(&release(&keyset(&alice)).sign(&eve), &keyset(&alice)).unwrap_err();
    assert!(
        matches!(
            error,
            TrustError::Signature {
                kind: NoteKind::Release,
                ..
            }
        ),
        "{error}"
    );

    // A keyset that is right for its own namespace says nothing about others.
    let evil = keyset(&eve);
    let stolen = Release {
        keyset: evil.reference(),
        ..release(&keyset(&alice))
    };
    let (field, expected, actual) =
        mismatch(VerifiedRelease::verify(&stolen.sign(&eve), &evil).unwrap_err());
    assert_eq!((field, &*expected, &*actual), ("namespace", "evil", "acme"));
}

#[test]
fn a_release_counts_for_its_registry_and_keyset_only() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let other = "hub.example".parse().unwrap();
    let elsewhere = Release {
        registry: other,
        ..release(&keyset)
    };
    let (field, expected, actual) =
        mismatch(VerifiedRelease::verify(&elsewhere.sign(&alice), &keyset).unwrap_err());
    assert_eq!(
        (field, &*expected, &*actual),
        ("registry", "skills.acme.example", "hub.example")
    );

    let older = KeysetRef {
        sequence: 1,
        digest: Digest::of(b"older"),
    };
    let stale = Release {
        keyset: older,
        ..release(&keyset)
    };
    let (field, expected, actual) =
        mismatch(VerifiedRelease::verify(&stale.sign(&alice), &keyset).unwrap_err());
    assert_eq!(field, "keyset");
    assert_eq!(
        (expected, actual),
        (keyset.reference().to_string(), older.to_string())
    );
}

#[test]
fn a_note_of_another_kind_is_no_release() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let yank = crate::test_notes::yank(&alice).sign(&alice);
    let error = VerifiedRelease::verify(&yank, &keyset).unwrap_err();
    assert!(
        matches!(
            error,
            TrustError::Statement {
                kind: NoteKind::Release,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn every_other_form_of_the_text_is_refused() {
    let text = release(&keyset(&key("acme/alice"))).to_text();
    let lines: Vec<&str> = text.lines().collect();
    let joined =
        |lines: &[&str]| -> String { lines.iter().map(|line| format!("{line}\n")).collect() };
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut swapped = lines.clone();
        swapped.swap(at, (at + 1) % lines.len());
        let (blank, trailing) = (format!("\n{}", lines[at]), format!("{} ", lines[at]));
        let wide = lines[at].replacen(' ', "  ", 1);
        for form in [
            joined(&missing),
            joined(&doubled),
            joined(&swapped),
            text.replacen(lines[at], &blank, 1),
            text.replacen(lines[at], &trailing, 1),
            text.replacen(lines[at], &wide, 1),
            text.replacen(lines[at], &lines[at].to_uppercase(), 1),
        ] {
            assert!(Release::from_text(&form).is_err(), "{form}");
        }
    }
    for (from, to) in [
        ("package acme/pdf-extract", "package @acme/pdf-extract"),
        ("package acme/pdf-extract", "package acme:pdf-extract"),
        ("version 1.4.2", "version 1.4.2+build"),
        ("version 1.4.2", "version v1.4.2"),
        ("world acme:pdf-extract/skill", "world acme:other/skill"),
        (
            "world acme:pdf-extract/skill",
            "world acme:pdf-extract/skill@1.0.0",
        ),
        (" 7\n", " 07\n"),
        ("keyset 1:", "keyset 01:"),
        ("source none", "source None"),
        ("source none", "source git+https://h/x"),
        ("source none\n", "source none\nnote more\n"),
        ("claw release v1", "claw release v1 "),
        ("claw release v1", "claw reléase v1"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(
            Release::from_text(&text.replacen(from, to, 1)).is_err(),
            "{from} -> {to}"
        );
    }
}

#[test]
fn other_bytes_are_named_with_both_digests() {
    let verified = verified_release(&key("acme/alice"));
    verified.check_component(b"component").unwrap();
    verified.check_manifest(b"manifest").unwrap();
    let error = verified.check_component(b"componenT").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the component of acme/pdf-extract@1.4.2 does not match: expected `{}`, found `{}`",
            Measured::of(b"component"),
            Measured::of(b"componenT"),
        )
    );
    assert_eq!(
        mismatch(verified.check_manifest(b"").unwrap_err()).0,
        "manifest"
    );
}

proptest! {
    #[test]
    fn what_is_read_prints_as_it_was(
        line in 0_usize..13, at in 0_usize..80, replacement in "[ -~\n]{0,3}"
    ) {
        let text = release(&keyset(&key("acme/alice"))).to_text();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if let Some(line) = lines.get_mut(line) {
            let at = at.min(line.len());
            let end = (at + 1).min(line.len());
            line.replace_range(at..end, &replacement);
        }
        let changed: String = lines.iter().map(|line| format!("{line}\n")).collect();
        if let Ok(release) = Release::from_text(&changed) {
            prop_assert_eq!(release.to_text(), changed);
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        name in "[a-z][a-z0-9]{0,8}q/[a-z][a-z0-9]{0,8}q",
        version in (0_u64..99, 0_u64..99, 0_u64..99),
        sizes in any::<[u64; 4]>(),
        seed in any::<[u8; 32]>(),
        sequence in 1_u64..,
    ) {
        let digest = Digest::from_bytes(seed);
        let [tarball, content, component, manifest] = sizes.map(|size| Measured { digest, size });
        let release = Release {
            registry: "skills.acme.example".parse().unwrap(),
            package: name.parse().unwrap(),
            version: format!("{}.{}.{}", version.0, version.1, version.2).parse().unwrap(),
            tarball, content, component, manifest,
            permissions: digest,
            keyset: KeysetRef { sequence, digest },
            source: Some(Source::git("ssh://git@h/x", COMMIT).unwrap()),
        };
        prop_assert_eq!(Release::from_text(&release.to_text()).unwrap(), release);
    }
}
