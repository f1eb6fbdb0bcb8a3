//! What the operator still has to answer before a release may be used, and what is granted then.
//!
//! Pure: what is known goes in, an open question or a settled set of grants comes out. Asking is
//! for others.

use claw_host::grants::SecurityLevel;
use claw_package::{Permission, PermissionSet};

/// Everything known about one release in one project.
#[derive(Debug, Clone)]
pub(crate) struct Case<'a> {
    /// What the release may ever ask for.
    pub(crate) manifest: &'a PermissionSet,
    /// What the project wishes for it.
    pub(crate) wanted: &'a PermissionSet,
    /// What this publisher was granted before.
    pub(crate) stored: &'a PermissionSet,
    /// What the operator's levels give anyway.
    pub(crate) auto: &'a PermissionSet,
    /// What was taken away.
    pub(crate) revoked: &'a PermissionSet,
    /// What it asks for beyond the release that was accepted last.
    pub(crate) grown: &'a [Permission],
    /// Whether these very wishes were answered before.
    pub(crate) wishes_answered: bool,
    /// Whether the namespace is pinned.
    pub(crate) pinned: bool,
    pub(crate) security: SecurityLevel,
}

/// What the command line says about grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flags {
    /// Nothing: ask.
    Silent,
    /// `--allow`, once or more.
    Allow(PermissionSet),
    /// `--no-grants`.
    NoGrants,
}

/// What is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    /// Whether the publisher has yet to be trusted.
    pub(crate) trust: bool,
    /// Whether it asks for more than before.
    pub(crate) grew: bool,
    /// What would be granted by a yes.
    pub(crate) permissions: PermissionSet,
    /// Whether a yes on a terminal is enough; under `strict` it must be said by a command.
    pub(crate) may_ask: bool,
}

/// Whether everything is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing to ask: these grants are recorded.
    Settled(PermissionSet),
    /// A yes to this is needed first.
    Open(Open),
}

impl Case<'_> {
    /// What is open, or what is granted.
    pub(crate) fn weigh(&self, flags: &Flags) -> Verdict {
        let grew = !self.grown.is_empty() && *flags == Flags::Silent;
        let permissions = match flags {
            Flags::Silent if grew || !self.wishes_answered => self.unanswered(),
            _ => PermissionSet::empty(),
        };
        let open = Open {
            trust: !self.pinned,
            grew,
            permissions,
            may_ask: self.security != SecurityLevel::Strict,
        };
        if open.trust || open.grew || !open.permissions.is_empty() {
            return Verdict::Open(open);
        }
        Verdict::Settled(self.granted(flags, &PermissionSet::empty()))
    }

    /// The grants after a yes to `asked`. No grant is kept that the release does not ask for, or
    /// the next release that asks for it would have it unasked.
    pub(crate) fn granted(&self, flags: &Flags, asked: &PermissionSet) -> PermissionSet {
        let granted = self.stored.union(asked);
        let granted = match flags {
            Flags::Allow(allowed) => granted.union(allowed),
            Flags::Silent | Flags::NoGrants => granted,
        };
        self.manifest.meet(&granted)
    }

    /// Wishes and new demands that nothing covers yet. What was revoked is not asked for again.
    fn unanswered(&self) -> PermissionSet {
        let asked = self
            .wanted
            .union(&PermissionSet::new(self.grown.iter().cloned()));
        let asked = self.manifest.meet(&asked).without(self.revoked);
        let covered = self.stored.union(self.auto);
        PermissionSet::new(
            asked
                .iter()
                .filter(|permission| !covered.covers(permission))
                .cloned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    /// A case of owned parts, so that each test changes one.
    struct Parts {
        manifest: PermissionSet,
        wanted: PermissionSet,
        stored: PermissionSet,
        auto: PermissionSet,
        revoked: PermissionSet,
        grown: Vec<Permission>,
        wishes_answered: bool,
        pinned: bool,
        security: SecurityLevel,
    }

    impl Parts {
        fn new() -> Self {
            Parts {
                manifest: set(&["filesystem.read=.", "environment=HOME"]),
                wanted: set(&["filesystem.read=."]),
                stored: set(&[]),
                auto: set(&[]),
                revoked: set(&[]),
                grown: Vec::new(),
                wishes_answered: false,
                pinned: true,
                security: SecurityLevel::Moderate,
            }
        }

        fn case(&self) -> Case<'_> {
            Case {
                manifest: &self.manifest,
                wanted: &self.wanted,
                stored: &self.stored,
                auto: &self.auto,
                revoked: &self.revoked,
                grown: &self.grown,
                wishes_answered: self.wishes_answered,
                pinned: self.pinned,
                security: self.security,
            }
        }

        fn open(&self, flags: &Flags) -> Open {
            match self.case().weigh(flags) {
                Verdict::Open(open) => open,
                Verdict::Settled(granted) => panic!("settled with {granted:?}"),
            }
        }

        fn settled(&self, flags: &Flags) -> PermissionSet {
            match self.case().weigh(flags) {
                Verdict::Settled(granted) => granted,
                Verdict::Open(open) => panic!("open: {open:?}"),
            }
        }
    }

    #[test]
    fn a_wish_gives_nothing_until_it_is_answered() {
        let parts = Parts::new();
        let open = parts.open(&Flags::Silent);
        assert_eq!(open.permissions, set(&["filesystem.read=."]));
        assert!(!open.trust && open.may_ask);
        assert_eq!(
            parts.case().granted(&Flags::Silent, &open.permissions),
            set(&["filesystem.read=."])
        );
    }

    #[test]
    fn flags_answer_for_grants_but_never_for_trust() {
        let mut parts = Parts::new();
        let allow = Flags::Allow(set(&["environment=HOME"]));
        assert_eq!(parts.settled(&allow), set(&["environment=HOME"]));
        assert_eq!(parts.settled(&Flags::NoGrants), set(&[]));
        parts.pinned = false;
        for flags in [allow, Flags::NoGrants] {
            let open = parts.open(&flags);
            assert!(open.trust && open.permissions.is_empty());
        }
    }

    #[test]
    fn nothing_is_granted_beyond_what_is_asked_for() {
        let parts = Parts::new();
        assert_eq!(
            parts.settled(&Flags::Allow(set(&["filesystem.write=."]))),
            set(&["filesystem.read=."])
        );
        assert_eq!(
            parts.settled(&Flags::Allow(set(&["environment=PATH"]))),
            set(&[])
        );
    }

    #[test]
    fn what_is_covered_is_not_asked_again() {
        let mut parts = Parts::new();
        parts.auto = set(&["filesystem.read=."]);
        assert_eq!(parts.settled(&Flags::Silent), set(&[]));
        parts.auto = set(&[]);
        parts.stored = set(&["filesystem.read=."]);
        assert_eq!(parts.settled(&Flags::Silent), set(&["filesystem.read=."]));
        parts.stored = set(&[]);
        parts.wishes_answered = true;
        assert_eq!(parts.settled(&Flags::Silent), set(&[]));
    }

    #[test]
    fn what_was_revoked_is_not_asked_for() {
        let mut parts = Parts::new();
        parts.revoked = set(&["filesystem.read=."]);
        assert_eq!(parts.settled(&Flags::Silent), set(&[]));
    }

    #[test]
    fn growth_stops_at_every_level_even_where_a_level_would_give_it() {
        let mut parts = Parts::new();
        parts.wishes_answered = true;
        parts.stored = set(&["filesystem.read=."]);
        parts.grown = vec!["environment=HOME".parse().unwrap()];
        for security in [
            SecurityLevel::Strict,
            SecurityLevel::Moderate,
            SecurityLevel::Permissive,
        ] {
            parts.security = security;
            parts.auto = set(&[]);
            assert_eq!(
                parts.open(&Flags::Silent).permissions,
                set(&["environment=HOME"])
            );
            parts.auto = set(&["environment=HOME"]);
            let open = parts.open(&Flags::Silent);
            assert!(open.grew && open.permissions.is_empty());
            assert_eq!(open.may_ask, security != SecurityLevel::Strict);
        }
        assert_eq!(parts.settled(&Flags::NoGrants), set(&["filesystem.read=."]));
    }
}
