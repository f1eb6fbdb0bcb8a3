//! Spells a fingerprint in words that two people can compare by voice.
//!
//! The words are proquints, <https://arxiv.org/html/0901.4016>: sixteen bits become consonant,
//! vowel, consonant, vowel, consonant. They are for eyes and ears only and never read back.

use claw_package::Digest;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

/// How much of a digest is spoken: 128 bits can't be met by trying.
const SPOKEN_BYTES: usize = 16;

/// The eight words of the first 16 bytes of `digest`, joined by `-`.
pub fn fingerprint_words(digest: &Digest) -> String {
    spell(&digest.as_bytes()[..SPOKEN_BYTES])
}

fn spell(bytes: &[u8]) -> String {
    let words: Vec<_> = bytes
        .chunks_exact(2)
        .map(|pair| word(u16::from_be_bytes([pair[0], pair[1]])))
        .collect();
    words.join("-")
}

fn word(bits: u16) -> String {
    let consonant = |shift: u16| char::from(CONSONANTS[usize::from(bits >> shift & 0xf)]);
    let vowel = |shift: u16| char::from(VOWELS[usize::from(bits >> shift & 0x3)]);
    [
        consonant(12),
        vowel(10),
        consonant(6),
        vowel(4),
        consonant(0),
    ]
    .iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_addresses_are_spelled_as_published() {
        assert_eq!(spell(&[127, 0, 0, 1]), "lusab-babad");
        assert_eq!(spell(&[63, 84, 220, 193]), "gutih-tugad");
        assert_eq!(spell(&[147, 67, 119, 2]), "natag-lisaf");
        assert_eq!(spell(&[216, 35, 68, 215]), "tobog-higil");
    }

    #[test]
    fn a_fingerprint_has_eight_words() {
        assert_eq!(fingerprint_words(&Digest::of(b"")).split('-').count(), 8);
    }
}
