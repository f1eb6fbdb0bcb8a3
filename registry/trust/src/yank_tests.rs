//! Yank and unyank notes: their one form, who may sign them, which release they are about.

use proptest::prelude::*;

use super::*;
use crate::test_notes::{accepted_flips, key, keyset, release, verified_release, yank};

#[test]
fn both_kinds_are_written_as_promised() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let released = verified_release(&alice);
    let rest = |reason: &str| {
        format!(
            "registry skills.acme.example\npackage acme/pdf-extract\nversion 1.4.2\n\
             release {}\nsequence 2\nreason {reason}\nkeyset {}\n",
            released.note_digest(),
            keyset.reference(),
        )
    };
    let reason = Some("a bug".parse().unwrap());
    let yank = Yank::of(YankAction::Yank, &released, 2, reason);
    let unyank = Yank::of(YankAction::Unyank, &released, 2, None);
    assert_eq!(yank.to_text(), format!("claw yank v1\n{}", rest("a bug")));
    assert_eq!(
        unyank.to_text(),
        format!("claw unyank v1\n{}", rest("none"))
    );
    for yank in [yank, unyank] {
        assert_eq!(Yank::from_text(&yank.to_text()).unwrap(), yank);
        let note = yank.sign(&alice);
        let verified = VerifiedYank::verify(&note, &keyset).unwrap();
        assert_eq!(verified.yank(), &yank);
        assert_eq!(verified.note_bytes(), note);
        assert_eq!(verified.note_digest(), Digest::of(&note));
        verified.check_release(&released).unwrap();
    }
}

#[test]
fn no_flipped_bit_of_either_kind_is_accepted() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    for action in [YankAction::Yank, YankAction::Unyank] {
        let note = Yank {
            action,
            ..yank(&alice)
        }
        .sign(&alice);
        let flips = accepted_flips(&note, |bytes| VerifiedYank::verify(bytes, &keyset).is_ok());
        assert_eq!(flips, []);
    }
}

#[test]
fn another_key_registry_or_keyset_yanks_nothing() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let forged = VerifiedYank::verify(&yank(&alice).sign(&key("acme/alice")), &keyset);
    assert!(matches!(
        forged,
        Err(TrustError::Signature {
            kind: NoteKind::Yank,
            ..
        })
    ));

    let elsewhere = Yank {
        registry: "hub.example".parse().unwrap(),
        ..yank(&alice)
    };
    let stale = KeysetRef {
        sequence: 2,
        ..keyset.reference()
    };
    let later = Yank {
        keyset: stale,
        ..yank(&alice)
    };
    let other = Yank {
        package: "evil/x".parse().unwrap(),
        ..yank(&alice)
    };
    for (yank, expected) in [
        (elsewhere, "registry"),
        (later, "keyset"),
        (other, "namespace"),
    ] {
        let error = VerifiedYank::verify(&yank.sign(&alice), &keyset).unwrap_err();
        assert!(
            matches!(error, TrustError::Mismatch { field, .. } if field == expected),
            "{error}"
        );
    }
}

#[test]
fn a_yank_is_about_one_release() {
    let alice = key("acme/alice");
    let keyset = keyset(&alice);
    let yank = VerifiedYank::verify(&yank(&alice).sign(&alice), &keyset).unwrap();
    let verified =
        |release: crate::Release| VerifiedRelease::verify(&release.sign(&alice), &keyset).unwrap();
    for (field, other) in [
        (
            "package",
            crate::Release {
                package: "acme/x".parse().unwrap(),
                ..release(&keyset)
            },
        ),
        (
            "version",
            crate::Release {
                version: "1.4.3".parse().unwrap(),
                ..release(&keyset)
            },
        ),
        (
            "release",
            crate::Release {
                permissions: Digest::of(b""),
                ..release(&keyset)
            },
        ),
    ] {
        let error = yank.check_release(&verified(other)).unwrap_err();
        assert!(
            matches!(error, TrustError::Mismatch { field: f, .. } if f == field),
            "{error}"
        );
    }
}

#[test]
fn a_release_note_is_no_yank() {
    let alice = key("acme/alice");
    let note = verified_release(&alice).note_bytes();
    assert!(matches!(
        VerifiedYank::verify(&note, &keyset(&alice)),
        Err(TrustError::Statement {
            kind: NoteKind::Yank,
            ..
        })
    ));
}

#[test]
fn sequences_start_at_one() {
    let text = yank(&key("acme/alice")).to_text();
    for sequence in ["0", "01", "-1", "", "x"] {
        let changed = text.replace("sequence 1", &format!("sequence {sequence}"));
        assert!(Yank::from_text(&changed).is_err(), "{sequence}");
    }
}

#[test]
fn a_reason_is_one_printable_line() {
    for text in ["x", "CVE-2026-1 ~ see the advisory", &"x".repeat(200)] {
        assert_eq!(text.parse::<Reason>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "none",
        " x",
        "x ",
        "a\nb",
        "ä",
        "\u{7f}",
        &"x".repeat(201),
    ] {
        assert!(text.parse::<Reason>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        name in "[a-z][a-z0-9]{0,8}q/[a-z][a-z0-9]{0,8}q",
        yanks in any::<bool>(),
        seed in any::<[u8; 32]>(),
        sequences in (1_u64.., 1_u64..),
        reason in proptest::option::of("[!-~]([ -~]{0,198}[!-~])?"),
    ) {
        let digest = Digest::from_bytes(seed);
        let yank = Yank {
            action: if yanks { YankAction::Yank } else { YankAction::Unyank },
            registry: "skills.acme.example".parse().unwrap(),
            package: name.parse().unwrap(),
            version: "1.0.0-rc.1".parse().unwrap(),
            release: digest,
            sequence: sequences.0,
            reason: reason.filter(|text| text != "none").map(|text| text.parse().unwrap()),
            keyset: KeysetRef { sequence: sequences.1, digest },
        };
        prop_assert_eq!(Yank::from_text(&yank.to_text()).unwrap(), yank);
    }
}
