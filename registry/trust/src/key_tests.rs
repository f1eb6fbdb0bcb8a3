//! Names of keys, and private keys on their way to a file and back.

use super::*;
use crate::test_notes::key;

#[test]
fn a_key_name_is_a_namespace_and_one_word() {
    for text in ["acme/alice", "acme-labs/ci-two", "a/b"] {
        assert_eq!(text.parse::<KeyName>().unwrap().to_string(), text);
    }
    let long = format!("acme/{}", "a".repeat(65));
    for text in [
        "",
        "acme",
        "acme/",
        "/alice",
        "acme/alice/x",
        "acme/Alice",
        "Acme/alice",
        "acme/al ice",
        "acme/al+ice",
        "acme/-a",
        "acme/a-",
        "acme/a--b",
        "acme/1a",
        "acme/ci-2",
        "acme/älice",
        "acme/a_b",
        " acme/alice",
        "@acme/alice",
        &long,
    ] {
        assert!(text.parse::<KeyName>().is_err(), "{text}");
    }
}

#[test]
fn a_public_key_needs_the_name_of_a_publisher() {
    let text = key("acme/alice").public().to_string();
    assert_eq!(text.parse::<PublicKey>().unwrap().to_string(), text);
    let spec = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    assert!(matches!(
        spec.parse::<PublicKey>(),
        Err(KeyError::Name { .. })
    ));
}

#[test]
fn two_keys_of_one_name_are_two_keys() {
    let (one, two) = (key("acme/alice"), key("acme/alice"));
    assert_ne!(one.public(), two.public());
    assert_ne!(one.public().fingerprint(), two.public().fingerprint());
}

#[test]
fn an_open_private_key_comes_back() {
    let made = key("acme/alice");
    let text = made.to_openssh(None).unwrap();
    assert!(text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    assert!(!SigningKey::is_encrypted(&text));
    for passphrase in [None, Some("not needed")] {
        let read = SigningKey::from_openssh(&text, passphrase).unwrap();
        assert_eq!(read.public(), made.public());
        assert_eq!(
            read.sign_note("text\n").unwrap(),
            made.sign_note("text\n").unwrap()
        );
    }
}

#[test]
fn a_locked_private_key_opens_with_its_passphrase_only() {
    let made = key("acme/alice");
    let text = made.to_openssh(Some("correct horse")).unwrap();
    assert!(SigningKey::is_encrypted(&text));
    let read = SigningKey::from_openssh(&text, Some("correct horse")).unwrap();
    assert_eq!(read.public(), made.public());
    let wrong = SigningKey::from_openssh(&text, Some("battery staple"));
    assert!(matches!(wrong, Err(KeyError::PassphraseWrong)));
    assert!(matches!(
        SigningKey::from_openssh(&text, None),
        Err(KeyError::PassphraseMissing)
    ));
}

#[test]
fn a_damaged_private_key_is_refused() {
    let text = key("acme/alice").to_openssh(None).unwrap();
    for damaged in [
        "",
        "hello",
        &text[..text.len() / 2],
        &text.replace("OPENSSH", "RSA"),
    ] {
        let read = SigningKey::from_openssh(damaged, None);
        assert!(matches!(read, Err(KeyError::NotOpenSsh(_))), "{damaged}");
        assert!(!SigningKey::is_encrypted(damaged));
    }
}

/// An OpenSSH key that other software could have written.
fn openssh_key(secret: [u8; 32], public: [u8; 32], comment: &str) -> String {
    let pair = ssh_key::private::Ed25519Keypair {
        public: ssh_key::public::Ed25519PublicKey(public),
        private: ssh_key::private::Ed25519PrivateKey::from_bytes(&secret),
    };
    let key = ssh_key::PrivateKey::new(pair.into(), comment).unwrap();
    key.to_openssh(ssh_key::LineEnding::LF).unwrap().to_string()
}

fn public_of(secret: [u8; 32]) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(&secret)
        .verifying_key()
        .to_bytes()
}

#[test]
fn an_openssh_key_of_a_publisher_is_read_whoever_wrote_it() {
    let text = openssh_key([7; 32], public_of([7; 32]), "acme/alice");
    let read = SigningKey::from_openssh(&text, None).unwrap();
    assert_eq!(read.public().vkey().point(), &public_of([7; 32]));
    assert_eq!(read.public().name().to_string(), "acme/alice");
}

#[test]
fn a_private_key_with_another_public_half_is_refused() {
    let text = openssh_key([7; 32], public_of([8; 32]), "acme/alice");
    assert!(SigningKey::from_openssh(&text, None).is_err());
}

#[test]
fn an_openssh_key_without_a_publishers_name_is_refused() {
    let text = openssh_key([7; 32], public_of([7; 32]), "somebody");
    let error = SigningKey::from_openssh(&text, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key `somebody` is not named `namespace/word`"
    );
}

#[test]
fn a_private_key_shows_no_secret() {
    let made = key("acme/alice");
    let shown = format!("{made:?}");
    assert!(
        shown.contains(&made.public().to_string()) && !shown.contains("secret:"),
        "{shown}"
    );
}
