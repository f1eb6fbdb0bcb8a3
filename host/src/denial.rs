//! What a guest tried without a grant.
//!
//! A denial is an error that the guest can handle, never a trap. It is counted and kept for the
//! operator, with the permission that would allow it when there is one.

use std::collections::BTreeMap;
use std::fmt;

use claw_package::{Permission, PermissionKind};

use crate::limits::DENIALS_KEPT_MAX;
use crate::text;

/// One thing that was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The kind of power it needed.
    pub kind: PermissionKind,
    /// What was tried, on which path.
    pub what: String,
    /// Why it was denied.
    pub reason: DenialReason,
    /// What could be granted to allow it. None when nothing could.
    pub permission: Option<Permission>,
}

/// Why something was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenialReason {
    /// Nothing that was granted allows it.
    NotGranted,
    /// The path leads out of the folder it starts in.
    Escape,
    /// The name is one that no skill may write.
    Protected,
    /// The file has another name, perhaps outside of what was granted.
    HardLink,
    /// It is a pipe, a socket or a device.
    Special,
    /// It belongs to claw itself.
    Hidden,
    /// Skills do not create or move symbolic links, which other programs would follow anywhere.
    SymbolicLink,
    /// The package's own files never change.
    ReadOnly,
    /// No skill may reach such an address, whatever was granted.
    ForbiddenAddress,
    /// No permission can be written that would allow it.
    NotGrantable,
    /// A secret goes into the header and to the host that its grant names.
    SecretMisplaced,
    /// The operator has granted a secret and not set it.
    SecretNotSet,
    /// The program is not the one that was granted any more.
    Changed,
    /// The program was not there when it was granted.
    NotPinned,
    /// It is no program that skills run: a shell, a script, or a file of the workspace.
    NoProgram,
    /// What the host knows of the program forbids these arguments.
    Argument,
    /// The variable decides what programs load or run.
    Variable,
    /// This machine can't confine a program.
    Unconfined,
}

impl fmt::Display for DenialReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotGranted => "not granted",
            Self::Escape => "it leads out of the granted folder",
            Self::Protected => "a protected name",
            Self::HardLink => "the file has more than one name",
            Self::Special => "not a regular file or folder",
            Self::Hidden => "it belongs to claw itself",
            Self::SymbolicLink => "skills do not create or move symbolic links",
            Self::ReadOnly => "the package's own files are read-only",
            Self::ForbiddenAddress => "no skill may reach such an address",
            Self::NotGrantable => "no permission allows it",
            Self::SecretMisplaced => "a secret goes only where its grant says",
            Self::SecretNotSet => "the secret has no value, which `claw secret set` gives it",
            Self::Changed => "the program is not the one that was granted any more",
            Self::NotPinned => "the program was not there when it was granted",
            Self::NoProgram => "it is no program that skills run",
            Self::Argument => "arguments that are never given to this program",
            Self::Variable => "a variable that decides what programs do is never handed on",
            Self::Unconfined => "this machine can't confine it",
        })
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.reason)
    }
}

/// The denials of one invocation: each distinct one kept up to a bound, all counted.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    kept: Vec<Denial>,
    counts: BTreeMap<PermissionKind, u64>,
}

impl Denials {
    pub(crate) fn add(&mut self, mut denial: Denial) {
        *self.counts.entry(denial.kind).or_default() += 1;
        denial.what = text::line(&denial.what);
        if self.kept.len() < DENIALS_KEPT_MAX && !self.kept.contains(&denial) {
            self.kept.push(denial);
        }
    }

    /// Takes in those of another part of the host.
    pub(crate) fn absorb(&mut self, others: Self) {
        for (kind, count) in others.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        let room = DENIALS_KEPT_MAX.saturating_sub(self.kept.len());
        self.kept.extend(others.kept.into_iter().take(room));
    }

    pub(crate) fn counts(&self) -> &BTreeMap<PermissionKind, u64> {
        &self.counts
    }

    /// Each denial, to be changed before it is shown.
    pub(crate) fn kept_mut(&mut self) -> impl Iterator<Item = &mut Denial> {
        self.kept.iter_mut()
    }

    pub(crate) fn into_kept(self) -> Vec<Denial> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(what: String) -> Denial {
        Denial {
            kind: PermissionKind::FilesystemRead,
            what,
            reason: DenialReason::NotGranted,
            permission: None,
        }
    }

    #[test]
    fn repeated_denials_are_counted_and_kept_once() {
        let mut denials = Denials::default();
        for _ in 0..5 {
            denials.add(denial("open `x`".to_owned()));
        }
        assert_eq!(denials.counts()[&PermissionKind::FilesystemRead], 5);
        assert_eq!(denials.into_kept().len(), 1);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut denials = Denials::default();
        for index in 0..=DENIALS_KEPT_MAX {
            denials.add(denial(format!("open `{index}`")));
        }
        assert_eq!(
            denials.counts()[&PermissionKind::FilesystemRead],
            DENIALS_KEPT_MAX as u64 + 1
        );
        assert_eq!(denials.into_kept().len(), DENIALS_KEPT_MAX);
    }
}
