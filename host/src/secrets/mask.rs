//! Masks values in a stream of bytes, whatever pieces it comes in.
//!
//! Each byte of a value becomes `*`, so that lengths that were announced stay true. What could be
//! the beginning of a value waits for the next piece.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::Held;

/// The state of one stream.
pub(crate) struct Mask {
    values: Vec<Zeroizing<Vec<u8>>>,
    held: Vec<u8>,
}

impl Mask {
    /// Nothing where there is nothing to mask.
    pub(crate) fn of(held: &Held) -> Option<Self> {
        let values: Vec<_> = held
            .values()
            .map(|(_, value)| Zeroizing::new(value.as_bytes().to_vec()))
            .collect();
        (!values.is_empty()).then(|| Self {
            values,
            held: Vec::new(),
        })
    }

    /// What of the stream so far can go on.
    pub(crate) fn pass(&mut self, piece: &[u8]) -> Bytes {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let waiting = self
            .values
            .iter()
            .map(|value| beginning(&bytes, value))
            .max()
            .unwrap_or(0);
        // What begins in the part that waits is looked at with what comes next.
        let ready = bytes.len() - waiting;
        for value in &self.values {
            cover(&mut bytes, value, ready);
        }
        self.held = bytes.split_off(bytes.len() - waiting);
        bytes.into()
    }

    /// What was held back: at most a value that another one begins with.
    pub(crate) fn finish(&mut self) -> Bytes {
        let mut bytes = std::mem::take(&mut self.held);
        let end = bytes.len();
        for value in &self.values {
            cover(&mut bytes, value, end);
        }
        bytes.into()
    }
}

/// Covers the value wherever it begins before `end`.
fn cover(bytes: &mut [u8], value: &[u8], end: usize) {
    let mut at = 0;
    while let Some(window) = bytes.get_mut(at..at + value.len()) {
        if at >= end {
            return;
        }
        if window == value {
            window.fill(b'*');
            at += value.len();
        } else {
            at += 1;
        }
    }
}

/// How many of the last bytes could be the beginning of `value`.
fn beginning(bytes: &[u8], value: &[u8]) -> usize {
    let longest = bytes.len().min(value.len() - 1);
    (1..=longest)
        .rev()
        .find(|length| bytes[bytes.len() - length..] == value[..*length])
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(values: &[&str], pieces: &[&[u8]]) -> Vec<u8> {
        let values = values
            .iter()
            .map(|value| Zeroizing::new(value.as_bytes().to_vec()));
        let mut mask = Mask {
            values: values.collect(),
            held: Vec::new(),
        };
        let mut all: Vec<u8> = pieces.iter().flat_map(|piece| mask.pass(piece)).collect();
        all.extend(mask.finish());
        all
    }

    #[test]
    fn a_value_is_found_across_pieces() {
        let pieces: [&[u8]; 4] = [b"a sec", b"ret-", b"va", b"lue b secret"];
        assert_eq!(
            masked(&["secret-value"], &pieces),
            b"a ************ b secret"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever the pieces, no value is left and no byte is lost.
        #[test]
        fn no_value_is_left_and_no_byte_is_lost(text in "[ab]{0,40}", cuts in prop::collection::vec(0_usize..40, 0..6)) {
            let values = ["abab", "bbb", "aba"];
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]]).collect();
            let masked = masked(&values, &pieces);
            prop_assert_eq!(masked.len(), text.len());
            for value in values {
                let shown = String::from_utf8(masked.clone()).unwrap();
                prop_assert!(!shown.contains(value), "{} in {}", value, shown);
            }
        }
    }
}
