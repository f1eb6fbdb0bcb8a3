//! A release on its way in: what it comes to, the question about it, and what is recorded of the answer.

use claw_host::grants;
use claw_package::{PackageName, Permission, PermissionSet};
use claw_trust::VerifiedRelease;

use super::{Session, ask};
use crate::consent::{Case, Flags, Open, Verdict};
use crate::failure::Outcome;
use crate::output;
use crate::pins::{By, Pin};
use crate::processes;
use crate::record::{Accepted, Record};
use crate::registry::Source;
use crate::resolve::Offer;
use crate::store::Stored;
use crate::wishes::Wish;

/// A release on its way in.
pub(crate) struct Arrival<'a> {
    pub(crate) source: &'a Source,
    pub(crate) offer: &'a Offer,
    pub(crate) stored: &'a Stored,
    /// What the project wants of it from now on.
    pub(crate) wish: Wish,
    pub(crate) flags: &'a Flags,
    /// The command that would answer in place of a terminal, without its flags.
    pub(crate) command: String,
}

/// What a release comes to before anybody is asked.
pub(crate) struct Considered {
    /// Whether another release, or none, was accepted so far.
    pub(crate) is_new: bool,
    /// What it asks for beyond the release that was accepted last.
    pub(crate) grown: Vec<Permission>,
    /// What needs a yes.
    pub(crate) open: Option<Open>,
    /// What is granted after it.
    pub(super) granted: PermissionSet,
}

impl Session<'_> {
    /// Takes a verified release in: asks what is open, records the answer, locks it. Returns what
    /// is granted.
    pub(crate) fn adopt(&mut self, arrival: &Arrival) -> Outcome<PermissionSet> {
        let considered = self.consider(arrival);
        if considered.is_new {
            output::say_lines(ask::introduction(arrival));
        }
        self.warn_of(&[(arrival, &considered)]);
        if let Some(open) = &considered.open {
            ask::ask(arrival, open, &considered.grown)?;
        }
        self.settle(arrival, considered)
    }

    /// Weighs what is open about a release, and asks nothing yet.
    pub(crate) fn consider(&self, arrival: &Arrival) -> Considered {
        let Arrival {
            source,
            stored,
            wish,
            flags,
            ..
        } = arrival;
        let release = &stored.release;
        let name = &release.release().package;
        let manifest = stored.component.permissions();
        let record = self.records.skills.get(name).cloned().unwrap_or_default();
        let accepted = record.accepted.as_ref();
        let grown = self.grown(name, &record, release, manifest);
        let case = Case {
            manifest,
            wanted: &wish.grants,
            stored: &record.granted_to(&source.registry.origin, &source.keyset.reference()),
            auto: &grants::auto(self.settings.sandbox, self.settings.security, manifest),
            revoked: &record.revoked,
            grown: &grown,
            wishes_answered: accepted
                .is_some_and(|accepted| accepted.wishes == wish.grants.digest()),
            pinned: source.pinned,
            security: self.settings.security,
        };
        let (open, granted) = match case.weigh(flags) {
            Verdict::Settled(granted) => (None, granted),
            Verdict::Open(open) => {
                let granted = case.granted(flags, &open.permissions);
                (Some(open), granted)
            }
        };
        Considered {
            is_new: accepted.is_none_or(|accepted| accepted.note != release.note_digest()),
            grown,
            open,
            granted,
        }
    }

    /// Records and locks a release of which nothing is open any more. Returns what is granted.
    pub(crate) fn settle(
        &mut self,
        arrival: &Arrival,
        considered: Considered,
    ) -> Outcome<PermissionSet> {
        let Arrival {
            source,
            offer,
            stored,
            wish,
            flags,
            ..
        } = arrival;
        let release = &stored.release;
        let name = release.release().package.clone();
        let record = self.records.skills.get(&name).cloned().unwrap_or_default();
        let keyset = source.keyset.reference();
        let granted = considered.granted;
        if let Flags::Allow(allowed) = flags {
            for permission in allowed
                .iter()
                .filter(|permission| !allowed.without(&record.revoked).covers(permission))
            {
                output::warn(format_args!(
                    "`{permission}` was revoked, and stays so until: claw grant {name} …"
                ));
            }
        }
        if let Some(reason) = offer.yank_reason() {
            output::warn(format_args!("{} was yanked: {reason}", release.title()));
        }
        if !source.pinned {
            let pin = Pin {
                origin: source.registry.origin.clone(),
                keyset,
                by: By::FirstUse,
            };
            self.pins.pin_namespace(name.namespace(), pin)?;
        }
        let accepted = Accepted {
            origin: source.registry.origin.clone(),
            keyset,
            permissions: release.release().permissions,
            note: release.note_digest(),
            wishes: wish.grants.digest(),
        };
        // What was answered just now is bound to the programs of just now; older answers are not touched.
        let answered = match flags {
            Flags::Allow(allowed) => granted.meet(allowed),
            Flags::Silent | Flags::NoGrants => PermissionSet::empty(),
        };
        let before = record.granted_to(&source.registry.origin, &keyset);
        let new = before.difference_added(&granted);
        let answered = answered.union(&PermissionSet::new(new));
        let programs = processes::renewed(
            &record.programs,
            &granted,
            &answered,
            Some(self.project.folder()),
        );
        let record = Record {
            accepted: Some(accepted),
            granted: granted.clone(),
            programs,
            revoked: record.revoked,
        };
        self.records.skills.insert(name.clone(), record);
        self.lock_release(&name, release, source);
        Ok(granted)
    }

    /// What a release asks for beyond the one that was accepted last from the same publisher.
    fn grown(
        &self,
        name: &PackageName,
        record: &Record,
        release: &VerifiedRelease,
        manifest: &PermissionSet,
    ) -> Vec<Permission> {
        let said = release.release();
        let Some(accepted) = record
            .accepted
            .as_ref()
            .filter(|accepted| accepted.keyset == said.keyset)
        else {
            return Vec::new();
        };
        if accepted.permissions == said.permissions {
            return Vec::new();
        }
        // Without the old release nothing is known to be old.
        let old = Stored::load(self.home, name, &accepted.note, &accepted.keyset)
            .ok()
            .flatten();
        let old = old
            .and_then(|old| old.skill_json().ok())
            .map(|skill| skill.manifest.permissions);
        old.unwrap_or_default().difference_added(manifest)
    }
}
