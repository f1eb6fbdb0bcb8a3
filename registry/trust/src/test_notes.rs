//! Keys, keysets and notes for the tests of this crate.

use claw_package::{Digest, Measured};

use crate::{Keyset, Release, SigningKey, VerifiedRelease, Yank, YankAction};

pub(crate) const ORIGIN: &str = "skills.acme.example";

/// A new key of this name.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::generate(name.parse().unwrap()).unwrap()
}

/// The genesis keyset of the key's namespace.
pub(crate) fn keyset(key: &SigningKey) -> Keyset {
    Keyset::verify(&Keyset::genesis(&ORIGIN.parse().unwrap(), key)).unwrap()
}

/// A release of `acme/pdf-extract` whose parts are named after themselves.
pub(crate) fn release(keyset: &Keyset) -> Release {
    Release {
        registry: keyset.origin.clone(),
        package: "acme/pdf-extract".parse().unwrap(),
        version: "1.4.2".parse().unwrap(),
        tarball: Measured::of(b"tarball"),
        content: Measured::of(b"content"),
        component: Measured::of(b"component"),
        manifest: Measured::of(b"manifest"),
        permissions: Digest::of(b"permissions"),
        keyset: keyset.reference(),
        source: None,
    }
}

/// The same, signed and verified.
pub(crate) fn verified_release(key: &SigningKey) -> VerifiedRelease {
    let keyset = keyset(key);
    VerifiedRelease::verify(&release(&keyset).sign(key), &keyset).unwrap()
}

/// A yank of that release.
pub(crate) fn yank(key: &SigningKey) -> Yank {
    let reason = Some("leaks the path of the file".parse().unwrap());
    Yank::of(YankAction::Yank, &verified_release(key), 1, reason)
}

/// Flips every bit of every byte, one at a time, and says where `accepts` still said yes.
pub(crate) fn accepted_flips(note: &[u8], accepts: impl Fn(&[u8]) -> bool) -> Vec<(usize, u8)> {
    assert!(accepts(note), "the untouched note is accepted");
    let mut accepted = Vec::new();
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut flipped = note.to_vec();
            flipped[at] ^= 1 << bit;
            if accepts(&flipped) {
                accepted.push((at, bit));
            }
        }
    }
    accepted
}
