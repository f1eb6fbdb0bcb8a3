//! The form of a registry's token: `claw_<scope>_<32 characters><checksum>`.
//!
//! It tells a token from whatever else was in the clipboard. Whether one is valid only the registry can say.

use claw_registry_api::Scope;

/// Random characters of a token.
const RANDOM_CHARACTERS: usize = 32;
/// Characters that a CRC-32 takes.
const CHECKSUM_CHARACTERS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether `text` has the form of a token, and was copied as a whole.
pub(crate) fn has_form(text: &str) -> bool {
    let Some((scope, rest)) = text
        .strip_prefix("claw_")
        .and_then(|rest| rest.split_once('_'))
    else {
        return false;
    };
    let is_whole = rest.len() == RANDOM_CHARACTERS + CHECKSUM_CHARACTERS
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_whole || scope.parse::<Scope>().is_err() {
        return false;
    }
    let (said, claimed) = text.split_at(text.len() - CHECKSUM_CHARACTERS);
    checksum(said) == claimed
}

/// The CRC-32 that gzip uses, in the alphabet of tokens.
fn checksum(text: &str) -> String {
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
}
