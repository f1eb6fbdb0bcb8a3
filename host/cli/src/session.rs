//! One command that changes what is installed: everything it read, what it decided, and the one
//! moment when it is written down.
//!
//! Nothing is written before every release of the command was verified and every question answered,
//! so a refusal leaves things as they were.

pub(crate) mod ask;
mod warn;

use std::collections::{BTreeMap, BTreeSet};

use claw_host::{Host, HostConfig, LoadError, Rebuild, grants};
use claw_package::{PackageName, Permission, PermissionSet, Requirement};
use claw_trust::VerifiedRelease;

use crate::commands::Context;
use crate::consent::{Case, Flags, Open, Verdict};
use crate::failure::Outcome;
use crate::home::Home;
use crate::installed;
use crate::invoke;
use crate::journal::Changes;
use crate::lock::{Lock, Locked};
use crate::output;
use crate::pins::{By, Pin, Pins};
use crate::prefix;
use crate::processes;
use crate::project::{Project, WriteLock};
use crate::record::{Accepted, Record, Records};
use crate::registry::{Network, Source};
use crate::resolve::Offer;
use crate::settings::Settings;
use crate::show;
use crate::store::{self, Stored};
use crate::wishes::{Wish, Wishes};

/// Everything read, changed in memory, and written by [`Session::commit`].
pub(crate) struct Session<'a> {
    home: &'a Home,
    as_json: bool,
    pub(crate) settings: Settings,
    pub(crate) project: Project,
    pub(crate) wishes: Wishes,
    pub(crate) lock: Lock,
    pub(crate) records: Records,
    pub(crate) pins: Pins,
    before: (Lock, Records, Pins),
    wishes_changed: bool,
    /// What skills of the project declare that no command is about.
    manifests: BTreeMap<PackageName, PermissionSet>,
    host: Option<Host>,
    _writing: WriteLock,
}

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
    granted: PermissionSet,
}

impl<'a> Session<'a> {
    /// Reads everything, and keeps other claw processes waiting until it is dropped.
    pub(crate) fn open(context: &'a Context) -> Outcome<Self> {
        let home = &context.home;
        let settings = context.settings()?;
        home.make()?;
        let project = Project::find(home)?;
        let writing = project.lock_for_writing(home)?;
        let (lock, records, pins) = (project.lock()?, project.records(home)?, Pins::read(home)?);
        Ok(Session {
            home,
            as_json: context.json,
            settings,
            wishes: project.wishes()?,
            before: (lock.clone(), records.clone(), pins.clone()),
            lock,
            records,
            pins,
            project,
            wishes_changed: false,
            manifests: BTreeMap::new(),
            host: None,
            _writing: writing,
        })
    }

    /// Whether every publisher has to be pinned beforehand.
    pub(crate) fn is_strict(&self) -> bool {
        self.settings.security == grants::SecurityLevel::Strict
    }

    /// The registry and keys of a package's namespace.
    pub(crate) async fn source_of(
        &mut self,
        name: &PackageName,
        trust: Option<claw_package::Digest>,
        allow_http: bool,
    ) -> Outcome<Source> {
        let network = Network {
            settings: &self.settings,
            allow_http,
        };
        network
            .source_of(name.namespace(), trust, &mut self.pins)
            .await
    }

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

    /// The release that was accepted last, if it is still there as it was signed.
    pub(crate) fn accepted_release(&self, name: &PackageName) -> Option<Stored> {
        let accepted = self.records.skills.get(name)?.accepted.as_ref()?;
        let stored = Stored::load(self.home, name, &accepted.note, &accepted.keyset);
        stored.ok().flatten()
    }

    /// What a skill of these permissions may do as things are recorded now.
    pub(crate) fn effective(&self, name: &PackageName, manifest: &PermissionSet) -> PermissionSet {
        let granted = self
            .records
            .skills
            .get(name)
            .map(|record| record.granted.clone());
        self.effective_with(name, manifest, &granted.unwrap_or_default())
    }

    /// The same with other grants than are recorded.
    fn effective_with(
        &self,
        name: &PackageName,
        manifest: &PermissionSet,
        granted: &PermissionSet,
    ) -> PermissionSet {
        let none = PermissionSet::empty();
        let revoked = self
            .records
            .skills
            .get(name)
            .map_or(&none, |record| &record.revoked);
        installed::effective(&self.settings, manifest, granted, &none, revoked)
    }

    /// Writes down wishes that were answered just now.
    pub(crate) fn wish_answered(&mut self, name: &PackageName, wish: &Wish) -> Outcome {
        if let Some(accepted) = self
            .records
            .skills
            .get_mut(name)
            .and_then(|record| record.accepted.as_mut())
        {
            accepted.wishes = wish.grants.digest();
        }
        if self.wishes.skills.get(name) != Some(wish) {
            self.wishes.set(name, wish.clone())?;
            self.wishes_changed = true;
        }
        Ok(())
    }

    /// The operator's folder.
    pub(crate) fn home(&self) -> &'a Home {
        self.home
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

    fn lock_release(&mut self, name: &PackageName, release: &VerifiedRelease, source: &Source) {
        let said = release.release();
        let kept = self
            .lock
            .skills
            .get(name)
            .map(|locked| locked.prefix.clone());
        let prefix = kept
            .filter(|prefix| self.prefix_is_free(prefix, name))
            .unwrap_or_else(|| prefix::choose(name, |prefix| self.owner_of(prefix)));
        self.records.prefixes.insert(prefix.clone(), name.clone());
        let locked = Locked {
            name: name.clone(),
            version: said.version.clone(),
            origin: source.registry.origin.clone(),
            note: release.note_digest(),
            keyset: said.keyset,
            permissions: said.permissions,
            prefix,
        };
        self.lock.insert(locked);
    }

    fn prefix_is_free(&self, prefix: &str, name: &PackageName) -> bool {
        self.owner_of(prefix).is_none_or(|owner| owner == *name)
    }

    /// Whose a prefix is, or was once.
    fn owner_of(&self, prefix: &str) -> Option<PackageName> {
        let recorded = self.records.prefixes.get(prefix);
        let locked = || {
            self.lock
                .skills
                .values()
                .find(|locked| locked.prefix == prefix)
                .map(|locked| &locked.name)
        };
        recorded.or_else(locked).cloned()
    }

    /// Whether the lock gives a prefix to somebody else than it was given to here.
    pub(crate) fn prefix_conflict(&self, locked: &Locked) -> Option<PackageName> {
        self.records
            .prefixes
            .get(&locked.prefix)
            .filter(|owner| **owner != locked.name)
            .cloned()
    }

    /// Compiles a release ahead of its first run.
    pub(crate) fn prepare(&mut self, stored: &Stored, rebuild: Rebuild) -> Outcome {
        let host = match self.host.take() {
            Some(host) => host,
            None => invoke::host(HostConfig {
                cache: invoke::cache(self.home),
                ..HostConfig::default()
            })?,
        };
        let busy = output::busy(format_args!("compiling {}", stored.release.title()));
        let prepared = host.prepare(&stored.component, rebuild);
        drop(busy);
        self.host = Some(host);
        match prepared {
            Ok(()) => Ok(()),
            Err(LoadError::NotEnforced(refused)) => {
                output::warn(format_args!(
                    "{} can't be run: {refused}",
                    stored.release.title()
                ));
                Ok(())
            }
            Err(error) => Err(invoke::load_failure(error, &stored.release.title())),
        }
    }

    /// Takes a skill out. What was revoked of it stays revoked.
    pub(crate) fn drop_skill(&mut self, name: &PackageName) {
        if self.wishes.skills.contains_key(name) {
            self.wishes.remove(name);
            self.wishes_changed = true;
        }
        self.lock.remove(name);
        self.records.forget(name);
    }

    /// Writes everything that changed, all of it or nothing.
    pub(crate) fn commit(&mut self) -> Outcome {
        let (lock, records, pins) = &self.before;
        let mut changes = Changes::default();
        if self.pins != *pins {
            self.pins.add_to(&mut changes, self.home)?;
        }
        if self.records != *records {
            self.records
                .add_to(&mut changes, self.home, self.project.folder())?;
        }
        if self.lock != *lock {
            self.lock.add_to(&mut changes, &self.project.lock_file())?;
        }
        if self.wishes_changed {
            self.wishes.add_to(&mut changes)?;
        }
        changes.commit(self.home)?;
        self.before = (self.lock.clone(), self.records.clone(), self.pins.clone());
        self.wishes_changed = false;
        Ok(())
    }

    /// Removes releases from the store that no project accepts any more. Nothing depends on it.
    pub(crate) fn sweep<'n>(&self, names: impl IntoIterator<Item = &'n PackageName>) {
        let names: BTreeSet<_> = names.into_iter().collect();
        let swept = Records::accepted_notes(self.home).and_then(|kept| {
            names
                .into_iter()
                .try_for_each(|name| store::sweep(self.home, name, &kept))
        });
        if let Err(failure) = swept {
            output::warn(format_args!(
                "old releases are kept: {}",
                failure.one_line()
            ));
        }
    }
}

/// The `add` that answers for a skill, as a hint.
pub(crate) fn add_command(name: &PackageName, requirement: Option<&Requirement>) -> String {
    let spec = requirement.map_or_else(
        || name.to_string(),
        |requirement| format!("{name}@{requirement}"),
    );
    format!("claw add {}", show::shell_word(&spec))
}
