//! The form of notes and the rule of who signed them, with the vectors of the specification.

use proptest::prelude::*;

use super::*;
use crate::test_notes::{accepted_flips, key};

const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
/// The note that opens the specification: it has an empty line and letters outside ASCII.
const SPEC_POEM: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
    ed è subito sera.\n\n\u{2014} quasimodo.example/salvatore \
    NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

fn line(name: &str, payload: &[u8]) -> String {
    format!("{MARK}{name} {}\n", STANDARD.encode(payload))
}

fn parse(note: &str) -> Result<SignedNote, NoteError> {
    SignedNote::parse(note.as_bytes())
}

#[test]
fn the_published_note_verifies_under_the_published_key() {
    let vkey: Vkey = SPEC_VKEY.parse().unwrap();
    let note = parse(SPEC_NOTE).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.verify(&[&vkey], 1).unwrap(), [&vkey]);
    assert_eq!(note.to_bytes(), SPEC_NOTE.as_bytes());
}

#[test]
fn the_last_empty_line_ends_the_text() {
    let note = parse(SPEC_POEM).unwrap();
    assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
    let [signature] = note.signatures() else {
        panic!("one signature")
    };
    assert_eq!(signature.name(), "quasimodo.example/salvatore");
    assert_eq!(signature.id(), [0x36, 0x7b, 0xa0, 0x4b]);
    assert_eq!(format!("{}\n{signature}\n", note.text()), SPEC_POEM);
}

#[test]
fn no_flipped_bit_of_the_published_note_is_accepted() {
    let vkey: Vkey = SPEC_VKEY.parse().unwrap();
    let accepts =
        |bytes: &[u8]| SignedNote::parse(bytes).is_ok_and(|note| note.verify(&[&vkey], 1).is_ok());
    assert_eq!(accepted_flips(SPEC_NOTE.as_bytes(), accepts), []);
}

#[test]
fn every_other_form_is_refused_by_its_fault() {
    let good = line("a", b"idididid");
    for (note, fault) in [
        (String::new(), NoteError::NoSeparator),
        ("text\n".to_owned(), NoteError::NoSeparator),
        (format!("text\n{good}"), NoteError::NoSeparator),
        (format!("\n\n{good}"), NoteError::NoText),
        ("text\n\n".to_owned(), NoteError::NoSignatures),
        (
            format!("text\n\n{}", good.trim_end()),
            NoteError::NoSignatures,
        ),
        (format!("text\n\n{good}\n"), NoteError::NoSignatures),
        (
            format!("te\rxt\n\n{good}"),
            NoteError::ControlCharacter { byte: b'\r', at: 2 },
        ),
        (
            format!("te\txt\n\n{good}"),
            NoteError::ControlCharacter { byte: b'\t', at: 2 },
        ),
        (
            format!("text\0\n\n{good}"),
            NoteError::ControlCharacter { byte: 0, at: 4 },
        ),
    ] {
        assert_eq!(parse(&note), Err(fault), "{note:?}");
    }
    assert_eq!(
        SignedNote::parse(b"te\xff\n\n"),
        Err(NoteError::NotUtf8 { at: 2 })
    );
}

#[test]
fn every_other_signature_line_is_refused() {
    let good = line("a", b"idididid");
    for bad in [
        "no mark\n".to_owned(),
        good.replace('\u{2014}', "-"),
        good.replace("\u{2014} ", "\u{2014}"),
        line("", b"idididid"),
        line("a+b", b"idididid"),
        line("a\u{a0}b", b"idididid"),
        line("a\u{3000}b", b"idididid"),
        line("a b", b"idididid"),
        line("a", b"idid"),
        line("a", b""),
        "\u{2014} a\n".to_owned(),
        "\u{2014} a aWRpZGlkaWQ\n".to_owned(),
        "\u{2014} a aWRpZGlkaWR=\n".to_owned(),
        "\u{2014} a aWRpZGlkaWQ= \n".to_owned(),
        "\u{2014} a aWRpZ GlkaWQ=\n".to_owned(),
        "\u{2014} a aWRpZGlka-_=\n".to_owned(),
    ] {
        let first = parse(&format!("text\n\n{bad}"));
        assert!(
            matches!(first, Err(NoteError::BadSignatureLine { line: 1, .. })),
            "{bad:?}"
        );
        let second = parse(&format!("text\n\n{good}{bad}"));
        assert!(
            matches!(second, Err(NoteError::BadSignatureLine { line: 2, .. })),
            "{bad:?}"
        );
    }
}

#[test]
fn sixteen_signatures_are_read_and_seventeen_refused() {
    let lines = |count: usize| -> String {
        (0..count)
            .map(|index| line(&format!("key{index}"), b"idididid"))
            .collect()
    };
    assert_eq!(
        parse(&format!("text\n\n{}", lines(16)))
            .unwrap()
            .signatures()
            .len(),
        16
    );
    assert_eq!(
        parse(&format!("text\n\n{}", lines(17))),
        Err(NoteError::TooManySignatures { actual: 17 })
    );
}

#[test]
fn a_note_one_byte_too_long_is_refused() {
    let signature = line("a", b"idididid");
    let text = "x".repeat(NOTE_BYTES_MAX - signature.len() - 2);
    assert!(parse(&format!("{text}\n\n{signature}")).is_ok());
    assert_eq!(
        parse(&format!("{text}x\n\n{signature}")),
        Err(NoteError::TooLong {
            actual: NOTE_BYTES_MAX + 1
        })
    );
}

#[test]
fn the_same_key_twice_is_refused() {
    let twice = format!("text\n\n{}{}", line("a", b"ididone"), line("a", b"ididtwo"));
    let id = *b"idid";
    assert_eq!(
        parse(&twice),
        Err(NoteError::DuplicateSignature {
            name: "a".to_owned(),
            id
        })
    );
    let same_name = format!(
        "text\n\n{}{}",
        line("a", b"ididone"),
        line("a", b"otherone")
    );
    assert!(parse(&same_name).is_ok());
    let same_id = format!("text\n\n{}{}", line("a", b"ididone"), line("b", b"ididone"));
    assert!(parse(&same_id).is_ok());
}

/// A note signed by all of these.
fn signed_by(keys: &[&crate::SigningKey]) -> SignedNote {
    let text = "text\n";
    let lines = keys.iter().map(|key| {
        let note = SignedNote::parse(&key.sign_note(text).unwrap()).unwrap();
        note.signatures()[0].clone()
    });
    SignedNote::assemble(text, lines.collect()).unwrap()
}

#[test]
fn unknown_keys_are_ignored_and_known_ones_counted() {
    let (alice, bob, eve) = (key("acme/alice"), key("acme/bob"), key("acme/eve"));
    let known = [alice.public().vkey(), bob.public().vkey()];
    assert_eq!(
        signed_by(&[&eve, &alice]).verify(&known, 1).unwrap(),
        [known[0]]
    );
    assert_eq!(
        signed_by(&[&bob, &alice]).verify(&known, 2).unwrap(),
        [known[1], known[0]]
    );
    for (note, needed) in [(signed_by(&[&alice]), 2), (signed_by(&[&eve]), 1)] {
        let error = note.verify(&known, needed).unwrap_err();
        assert!(
            matches!(error, NoteError::TooFewSignatures { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_note_that_no_known_key_signed_is_never_believed() {
    let (alice, eve) = (key("acme/alice"), key("acme/eve"));
    let note = signed_by(&[&eve]);
    assert!(note.verify(&[], 0).is_err());
    assert!(note.verify(&[alice.public().vkey()], 0).is_err());
    let other_alice = key("acme/alice");
    let message = note
        .verify(&[other_alice.public().vkey()], 1)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("`acme/alice+") && message.contains("`acme/eve+"),
        "{message}"
    );
}

#[test]
fn one_wrong_signature_of_a_known_key_spoils_the_note() {
    let (alice, bob) = (key("acme/alice"), key("acme/bob"));
    let mut note = signed_by(&[&alice, &bob]);
    note.signatures[1].signature[10] ^= 1;
    let error = note
        .verify(&[alice.public().vkey(), bob.public().vkey()], 1)
        .unwrap_err();
    assert!(
        matches!(&error, NoteError::WrongSignature { name, .. } if name == "acme/bob"),
        "{error}"
    );
    assert!(note.verify(&[alice.public().vkey()], 1).is_ok());
}

#[test]
fn text_that_would_be_no_note_is_not_signed() {
    let alice = key("acme/alice");
    for text in ["", "no end", "\n", "tab\there\n"] {
        assert!(alice.sign_note(text).is_err(), "{text:?}");
    }
    let long = "x".repeat(NOTE_BYTES_MAX) + "\n";
    assert!(alice.sign_note(&long).is_err());
}

#[test]
fn a_text_that_looks_like_a_signed_note_stays_text() {
    let (alice, eve) = (key("acme/alice"), key("acme/eve"));
    let inner = String::from_utf8(eve.sign_note("inner\n").unwrap()).unwrap();
    let note = SignedNote::parse(&alice.sign_note(&inner).unwrap()).unwrap();
    assert_eq!(note.text(), inner);
    assert!(note.verify(&[alice.public().vkey()], 1).is_ok());
    assert!(note.verify(&[eve.public().vkey()], 1).is_err());
}

proptest! {
    #[test]
    fn what_is_read_prints_as_it_was(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(note) = SignedNote::parse(&bytes) {
            prop_assert_eq!(note.to_bytes(), bytes);
        }
    }

    #[test]
    fn what_is_put_together_is_read_back(
        text in "[ -~é\n]{0,80}",
        signatures in proptest::collection::vec(("[!-*,-~]{1,12}", any::<[u8; 4]>(), proptest::collection::vec(any::<u8>(), 1..80)), 1..17),
    ) {
        let text = format!("x{text}\n");
        let lines: Vec<_> = signatures
            .into_iter()
            .map(|(name, id, signature)| NoteSignature { name, id, signature })
            .collect();
        let distinct =
            lines.iter().enumerate().all(|(i, a)| lines[..i].iter().all(|b| !a.is_of_same_key(b)));
        match SignedNote::assemble(&text, lines.clone()) {
            Ok(note) => {
                prop_assert_eq!(note.text(), &text);
                prop_assert_eq!(note.signatures(), &lines[..]);
                let printed: String = lines.iter().map(|line| format!("{line}\n")).collect();
                prop_assert_eq!(note.to_bytes(), format!("{text}\n{printed}").into_bytes());
            }
            Err(error) => prop_assert!(!distinct, "{}", error),
        }
    }
}
