//! The form of a token's secret: `claw_<kind>_<32 characters><checksum>`.
//!
//! Scanners of leaked text find it by its start, and a mistyped or cut one is known without asking
//! anybody. Whether a secret is good for anything only the registry that made it can say.

use crate::Scope;

/// Random characters of a secret: 190 bits.
pub const RANDOM_CHARACTERS: usize = 32;

/// What random characters and checksums are made of.
pub const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters that a CRC-32 takes.
const CHECKSUM_CHARACTERS: usize = 6;

/// Whether `text` has the form of a secret, and is whole.
pub fn has_form(text: &str) -> bool {
    let Some((kind, rest)) = text
        .strip_prefix("claw_")
        .and_then(|rest| rest.split_once('_'))
    else {
        return false;
    };
    let is_whole = rest.len() == RANDOM_CHARACTERS + CHECKSUM_CHARACTERS
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_whole || kind.parse::<Scope>().is_err() {
        return false;
    }
    let (said, claimed) = text.split_at(text.len() - CHECKSUM_CHARACTERS);
    checksum(said) == claimed
}

/// What stands after `text`, the part of a secret before its checksum: the CRC-32 that gzip uses, in
/// the alphabet of secrets.
pub fn checksum(text: &str) -> String {
    let remainder = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let mut rest = !remainder;
    let mut digits = [b'0'; CHECKSUM_CHARACTERS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_copied_as_a_whole_has_the_form_and_nothing_else_has() {
        let token = "claw_publish_0123456789ABCDEFabcdefghijXYZxyz2EF9Jq";
        assert!(has_form(token));
        let cut = &token[..token.len() - 1];
        let other = token.replace("_publish_", "_read_");
        let doubled = format!("{token}{token}");
        for text in ["", "hunter2", "claw_", "claw_é", cut, &other, &doubled] {
            assert!(!has_form(text), "{text}");
        }
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of the CRC catalogue for `123456789`, 0xcbf43926, in base 62.
        assert_eq!(checksum("123456789"), "3jZRME");
    }
}
