//! Names of MCP tools: a prefix per skill, fixed when the skill is added, and one name per action.
//!
//! A client that learnt `files__read` must never find another publisher behind it, so a prefix is
//! given once and never again to another package, even after its skill is gone.

use claw_package::{Digest, PackageName};

/// What MCP clients accept.
const TOOL_NAME_BYTES_MAX: usize = 64;

/// Enough of a digest to keep cut names apart.
const HEX_DIGITS: usize = 6;

/// The first free prefix for `name`: its own name, then with its namespace, then with a piece of
/// its digest.
///
/// `owner` tells whose a prefix is or was.
pub(crate) fn choose(name: &PackageName, owner: impl Fn(&str) -> Option<PackageName>) -> String {
    let [short, long, unique] = candidates(name);
    let free = |prefix: &str| owner(prefix).is_none_or(|owner| owner == *name);
    if free(&short) {
        short
    } else if free(&long) {
        long
    } else {
        unique
    }
}

/// Whether `prefix` is one that `name` could have been given. A lock file may say no other.
pub(crate) fn may_belong_to(prefix: &str, name: &PackageName) -> bool {
    candidates(name).iter().any(|candidate| candidate == prefix)
}

fn candidates(name: &PackageName) -> [String; 3] {
    let short = name.name().to_owned();
    let long = format!("{}-{}", name.namespace(), name.name());
    let unique = format!("{long}_{}", digits(&name.to_string()));
    [short, long, unique]
}

/// The name of the tool that an action is offered as.
pub(crate) fn tool_name(prefix: &str, action: &str) -> String {
    let full = format!("{prefix}__{}", action.replace('.', "_"));
    // An action that needs its interface in full has characters that clients refuse; `_` alone
    // could make two equal.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if full.len() <= TOOL_NAME_BYTES_MAX && full.chars().all(plain) {
        return full;
    }
    let kept = full
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(TOOL_NAME_BYTES_MAX - HEX_DIGITS - 1);
    format!("{}_{}", kept.collect::<String>(), digits(&full))
}

fn digits(text: &str) -> String {
    let mut hex = Digest::of(text.as_bytes()).hex();
    hex.truncate(HEX_DIGITS);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_to_come_keeps_the_short_prefix() {
        assert_eq!(choose(&name("acme/files"), |_| None), "files");
        let taken = |prefix: &str| (prefix == "files").then(|| name("acme/files"));
        assert_eq!(choose(&name("acme/files"), taken), "files");
        assert_eq!(choose(&name("evil/files"), taken), "evil-files");
    }

    #[test]
    fn two_ways_to_join_the_same_words_stay_apart() {
        let taken = |prefix: &str| match prefix {
            "b-c" => Some(name("z/b-c")),
            "a-b-c" => Some(name("a-b/c")),
            _ => None,
        };
        let prefix = choose(&name("a/b-c"), taken);
        assert!(prefix.starts_with("a-b-c_"), "{prefix}");
        assert!(may_belong_to(&prefix, &name("a/b-c")));
        assert!(!may_belong_to(&prefix, &name("a-b/c")));
    }

    #[test]
    fn a_lock_can_not_give_a_skill_somebody_elses_name() {
        assert!(may_belong_to("files", &name("evil/files")));
        assert!(may_belong_to("evil-files", &name("evil/files")));
        assert!(!may_belong_to("git", &name("evil/files")));
        assert!(!may_belong_to("acme-files", &name("evil/files")));
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        assert_eq!(
            tool_name("files", "git.smart-commit"),
            "files__git_smart-commit"
        );
        let (one, two) = (
            tool_name("files", &"a".repeat(70)),
            tool_name("files", &"a".repeat(71)),
        );
        assert_eq!((one.len(), two.len()), (64, 64));
        assert_ne!(one, two);
        assert_eq!(&one[..57], &two[..57]);
        assert_eq!(one.as_bytes()[57], b'_');
        assert_eq!(tool_name("files", &"a".repeat(57)).len(), 64);
        let (one, two) = (
            tool_name("x", "a:b/c@1.0.0.read"),
            tool_name("x", "a:b/c@2.0.0.read"),
        );
        assert!(one.starts_with("x__a_b_c_1_0_0_read_") && one != two);
    }
}
