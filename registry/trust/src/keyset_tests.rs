//! Genesis keysets: what one has to say, and that only its own key can say it.

use proptest::prelude::*;

use super::*;
use crate::test_notes::{ORIGIN, accepted_flips, key};

fn genesis(key: &SigningKey) -> Vec<u8> {
    Keyset::genesis(&ORIGIN.parse().unwrap(), key)
}

/// The genesis note with `from` replaced by `to` in its text, signed again.
fn changed(key: &SigningKey, from: &str, to: &str) -> Result<Keyset, TrustError> {
    let note = SignedNote::parse(&genesis(key)).unwrap();
    assert!(note.text().contains(from), "{from}");
    Keyset::verify(&key.sign_note(&note.text().replacen(from, to, 1)).unwrap())
}

#[test]
fn a_genesis_note_is_written_as_promised() {
    let alice = key("acme/alice");
    let bytes = genesis(&alice);
    let note = SignedNote::parse(&bytes).unwrap();
    let vkey = alice.public();
    assert_eq!(
        note.text(),
        format!(
            "claw keyset v1\nregistry skills.acme.example\nnamespace acme\nsequence 1\n\
             previous none\nthreshold manage 1\nthreshold release 1\n\
             key manage {vkey}\nkey release {vkey}\n"
        )
    );
    let keyset = Keyset::verify(&bytes).unwrap();
    assert_eq!(keyset.namespace.to_string(), "acme");
    assert_eq!(
        (&keyset.manage[..], &keyset.release[..]),
        (&[vkey.clone()][..], &[vkey.clone()][..])
    );
    assert_eq!(
        keyset.reference().to_string(),
        format!("1:{}", Digest::of(&bytes))
    );
}

#[test]
fn no_flipped_bit_of_a_keyset_is_accepted() {
    let flips = accepted_flips(&genesis(&key("acme/alice")), |bytes| {
        Keyset::verify(bytes).is_ok()
    });
    assert_eq!(flips, []);
}

#[test]
fn a_keyset_that_another_key_signed_is_refused() {
    let (alice, eve) = (key("acme/alice"), key("acme/eve"));
    let text = SignedNote::parse(&genesis(&alice))
        .unwrap()
        .text()
        .to_owned();
    for signer in [&eve, &key("acme/alice")] {
        let error = Keyset::verify(&signer.sign_note(&text).unwrap()).unwrap_err();
        assert!(
            matches!(
                error,
                TrustError::Signature {
                    kind: NoteKind::Keyset,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn what_no_first_keyset_says_is_refused() {
    let alice = key("acme/alice");
    let mallory = key("acme/mallory").public().to_string();
    let vkey = alice.public().to_string();
    let previous = format!("previous {}", Digest::of(b""));
    for (from, to) in [
        ("keyset v1", "keyset v2"),
        ("claw keyset v1\n", ""),
        ("registry skills", "registry Skills"),
        ("namespace acme", "namespace other"),
        ("sequence 1", "sequence 2"),
        ("sequence 1", "sequence 01"),
        ("sequence 1", "sequence +1"),
        ("sequence 1\n", ""),
        ("sequence 1", "sequence  1"),
        ("previous none", &previous),
        ("previous none", "previous"),
        ("threshold manage 1", "threshold manage 0"),
        ("threshold manage 1", "threshold manage 2"),
        ("threshold release 1", "threshold release 0"),
        ("threshold release 1\n", "threshold release 1\n\n"),
        ("key manage ", "key  manage "),
        (
            &format!("key manage {vkey}"),
            &format!("key manage {mallory}"),
        ),
        (
            &format!("key release {vkey}"),
            &format!("key release {mallory}"),
        ),
        (
            &format!("key release {vkey}"),
            &format!("key release {vkey}\nkey release {mallory}"),
        ),
        (
            &format!("key release {vkey}\n"),
            &format!("key release {vkey} \n"),
        ),
        (
            &format!("key release {vkey}\n"),
            &format!("key release {vkey}\nand more\n"),
        ),
        (&format!("key release {vkey}\n"), ""),
    ] {
        let error = changed(&alice, from, to).unwrap_err();
        assert!(
            matches!(error, TrustError::Statement { .. }),
            "{from} -> {to}: {error}"
        );
    }
}

#[test]
fn a_reference_is_read_as_it_prints() {
    let digest = Digest::of(b"");
    let text = format!("1:{digest}");
    assert_eq!(
        text.parse(),
        Ok(KeysetRef {
            sequence: 1,
            digest
        })
    );
    for text in [
        "",
        "1",
        "1:",
        &digest.to_string(),
        &format!("0:{digest}"),
        &format!("-1:{digest}"),
    ] {
        assert!(text.parse::<KeysetRef>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_is_read_back(
        name in "[a-z][a-z0-9]{0,8}q/[a-z][a-z0-9]{0,8}q", origin in "[a-z0-9]{1,8}([.][a-z0-9]{1,8}){0,3}",
    ) {
        let (key, origin) = (key(&name), origin.parse::<Origin>().unwrap());
        let note = Keyset::genesis(&origin, &key);
        let keyset = Keyset::verify(&note).unwrap();
        prop_assert_eq!(&keyset.origin, &origin);
        prop_assert_eq!(&keyset.namespace, key.public().name().namespace());
        prop_assert_eq!([&keyset.manage[..], &keyset.release], [&[key.public().clone()], &[key.public().clone()]]);
        prop_assert_eq!(keyset.reference(), KeysetRef { sequence: 1, digest: Digest::of(&note) });
        prop_assert_eq!(keyset.reference().to_string().parse(), Ok(keyset.reference()));
    }
}
