//! The variables that a child gets: a few fixed ones, those of its profile, and what was named and granted.
//!
//! Names that decide what a program loads, runs or asks are never handed on, granted or not: what is granted is a
//! program, and those would make another one of it.

use std::path::Path;

/// Variables in one command.
pub(super) const NAMES_MAX: usize = 64;

/// All names and values together.
pub(super) const BYTES_MAX: usize = 64 * 1024;

/// Beginnings of names that many programs obey.
const REFUSED_PREFIXES: [&str; 17] = [
    "LD_", "DYLD_", "GLIBC_", "MALLOC_", "GIT_", "SSH_", "GPG_", "DBUS_", "XDG_", "BASH_",
    "PYTHON", "PERL", "RUBY", "NODE_", "JAVA_", "_JAVA_", "GCONV_",
];

/// Names that one program or another runs, loads or follows.
const REFUSED: [&str; 27] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "TERM",
    "TERMINFO",
    "IFS",
    "ENV",
    "SHELL",
    "SHELLOPTS",
    "PS4",
    "CDPATH",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "LESSOPEN",
    "LESSCLOSE",
    "BROWSER",
    "DISPLAY",
    "LOCPATH",
    "NLSPATH",
    "HOSTALIASES",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "GETCONF_DIR",
    "CLASSPATH",
    "RUSTC_WRAPPER",
    "MAKEFLAGS",
];

/// Whether a variable of this name is never handed on.
pub(super) fn is_refused(name: &str) -> bool {
    REFUSED.contains(&name)
        || REFUSED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// What every child gets.
pub(super) fn fixed(program: &Path, temporary: &Path) -> Vec<(String, String)> {
    let folder = program.parent().unwrap_or(Path::new("/usr/bin")).display();
    let temporary = temporary.display().to_string();
    [
        ("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin")),
        ("HOME", temporary.clone()),
        ("TMPDIR", temporary),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "dumb".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_another_program_of_a_program_is_refused() {
        for name in [
            "LD_PRELOAD",
            "GIT_SSH_COMMAND",
            "PATH",
            "PYTHONPATH",
            "EDITOR",
            "BASH_ENV",
        ] {
            assert!(is_refused(name), "{name}");
        }
        for name in ["GREETING", "TZ", "CI", "LDFLAGS"] {
            assert!(!is_refused(name), "{name}");
        }
    }
}
