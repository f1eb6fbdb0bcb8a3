//! Public keys: the published one, the weak ones, and signatures that only a lax reader accepts.

use ed25519_dalek::Signer as _;

use super::*;

const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

/// The order of the group, little-endian: S and S + L are the same to a lax reader.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The eight points of small order, and every other spelling of one of them.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn point(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

fn vkey(secret: &ed25519_dalek::SigningKey) -> Vkey {
    Vkey::new("acme/alice", secret.verifying_key().as_bytes()).unwrap()
}

#[test]
fn the_published_key_prints_as_it_was_read() {
    let vkey: Vkey = SPEC_VKEY.parse().unwrap();
    assert_eq!(vkey.name(), "example.com/foo");
    assert_eq!(vkey.id(), [0x53, 0x0d, 0x90, 0x3a]);
    assert_eq!(vkey.fingerprint().as_bytes()[..4], vkey.id());
    assert_eq!(vkey.to_string(), SPEC_VKEY);
}

#[test]
fn every_changed_character_of_a_key_is_refused() {
    let original: Vkey = SPEC_VKEY.parse().unwrap();
    for at in 0..SPEC_VKEY.len() {
        for replacement in ["x", "+", " ", "A", "0", ""] {
            let changed = format!("{}{replacement}{}", &SPEC_VKEY[..at], &SPEC_VKEY[at + 1..]);
            let read = changed.parse::<Vkey>();
            assert!(
                changed == SPEC_VKEY || read.is_err(),
                "{changed} is {original} no more"
            );
        }
    }
    for text in [
        "",
        "a",
        "a+b",
        "a+530d903a+",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ] {
        assert!(text.parse::<Vkey>().is_err(), "{text}");
    }
}

#[test]
fn names_that_no_note_can_carry_are_refused() {
    let good: Vkey = SPEC_VKEY.parse().unwrap();
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb"] {
        assert!(
            matches!(Vkey::new(name, good.point()), Err(KeyError::Name { .. })),
            "{name:?}"
        );
    }
}

#[test]
fn keys_of_small_order_are_refused() {
    for hex in SMALL_ORDER {
        assert!(Vkey::new("a", &point(hex)).is_err(), "{hex}");
    }
}

#[test]
fn other_spellings_of_a_point_are_refused() {
    // The y coordinates from 2^255 - 19 up are those from 0 up, written again.
    for low in 0xed..=0xff {
        for top in [0x7f, 0xff] {
            let mut spelling = [0xff; 32];
            (spelling[0], spelling[31]) = (low, top);
            assert!(
                matches!(Vkey::new("a", &spelling), Err(KeyError::Weak { .. })),
                "{low:x}"
            );
        }
    }
}

#[test]
fn bytes_off_the_curve_are_refused() {
    let off = (2..=255).find(|byte| {
        let mut point = [0; 32];
        point[0] = *byte;
        matches!(Vkey::new("a", &point), Err(KeyError::NoPoint { .. }))
    });
    assert!(off.is_some());
}

#[test]
fn a_signature_has_one_form_only() {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signature = secret.sign(b"text\n").to_bytes();
    let vkey = vkey(&secret);
    assert!(vkey.verifies(b"text\n", &signature));
    assert!(!vkey.verifies(b"text", &signature));
    assert!(!vkey.verifies(b"text\n", &signature[..63]));
    assert!(!vkey.verifies(b"text\n", &[&signature[..], &[0]].concat()));
    assert!(!vkey.verifies(b"text\n", &[]));

    let mut larger = signature;
    let mut carry = 0_u16;
    for (byte, order) in larger[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S + L fits in 32 bytes");
    assert!(!vkey.verifies(b"text\n", &larger));
}

#[test]
fn a_signature_over_a_point_of_small_order_is_refused() {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let vkey = vkey(&secret);
    for hex in SMALL_ORDER {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&point(hex));
        assert!(!vkey.verifies(b"text\n", &signature), "{hex}");
    }
}
