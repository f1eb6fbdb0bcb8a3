//! Keysets and the small texts in them: keys, origins, references.

use claw_package::Digest;
use claw_trust::{Keyset, KeysetRef, Origin, PublicKey};

use super::text::{only_printed_is_read, printed_is_read_back};

/// Reads bytes as a keyset, and each line of them as what stands in one.
pub fn keyset(bytes: &[u8]) {
    if let Ok(keyset) = Keyset::verify(bytes) {
        assert_eq!(keyset.reference().digest, Digest::of(bytes));
        assert_eq!(keyset.reference().sequence, keyset.sequence);
        assert_eq!((keyset.manage.len(), keyset.release.len()), (1, 1));
        assert_eq!(keyset.manage, keyset.release);
        assert_eq!(keyset.release[0].name().namespace(), &keyset.namespace);
        only_printed_is_read::<KeysetRef>(&keyset.reference().to_string());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for value in text.lines().flat_map(|line| [line, value_of(line)]) {
        printed_is_read_back::<Digest>(value);
        printed_is_read_back::<KeysetRef>(value);
        printed_is_read_back::<Origin>(value);
        only_printed_is_read::<PublicKey>(value);
    }
}

/// What follows after the last space, as in `key release <vkey>`.
fn value_of(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or(line)
}
