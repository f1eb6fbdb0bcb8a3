//! How releases, permissions and commands are shown to people.

use std::fmt::Display;

use claw_package::{Permission, PermissionSet};
use claw_trust::{Keyset, PublicKey, VerifiedRelease, fingerprint_words};

/// What a skill wants, in plain words, one permission a line.
pub(crate) fn permissions<'a>(
    permissions: impl IntoIterator<Item = &'a Permission>,
    indent: &str,
) -> String {
    let lines: Vec<_> = permissions
        .into_iter()
        .map(|permission| format!("{indent}{}  ({permission})", permission.describe()))
        .collect();
    lines.join("\n")
}

/// A set in one line, for lists.
pub(crate) fn one_line(permissions: &PermissionSet) -> String {
    if permissions.is_empty() {
        return "nothing".to_owned();
    }
    permissions
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A key by its name and the words that its owner can read aloud.
pub(crate) fn key(key: &PublicKey) -> String {
    format!("{} {}", key.name(), fingerprint_words(&key.fingerprint()))
}

/// Who signed a release.
pub(crate) fn signer(release: &VerifiedRelease) -> String {
    key(release.signer())
}

/// The keys that may sign for a namespace.
pub(crate) fn release_keys(keyset: &Keyset) -> String {
    keyset
        .release
        .iter()
        .map(key)
        .collect::<Vec<_>>()
        .join(", ")
}

/// A length as people say it.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let value = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{:.1} KiB", value / 1_024.0),
        _ => format!("{:.1} MiB", value / 1_048_576.0),
    }
}

/// How many of something there are: `1 release`, `2 releases`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// A word as a shell reads it.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// `--allow` for each permission.
pub(crate) fn allow_flags<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> String {
    permissions
        .into_iter()
        .map(|permission| format!(" --allow {}", shell_word(&permission.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let counts = [0, 1, 2].map(|count| counted(count, "release"));
        assert_eq!(counts, ["0 releases", "1 release", "2 releases"]);
    }

    #[test]
    fn hints_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("filesystem.read=."), "filesystem.read=.");
        assert_eq!(
            shell_word("process.execute=git *"),
            "'process.execute=git *'"
        );
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
        let permission: Permission = "filesystem.read=docs".parse().unwrap();
        assert_eq!(allow_flags([&permission]), " --allow filesystem.read=docs");
    }
}
