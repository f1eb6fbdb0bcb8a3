//! One command that changes what is installed: everything it read, what it decided, and the one
//! moment when it is written down.
//!
//! Nothing is written before every release of the command was verified and every question answered,
//! so a refusal leaves things as they were.

mod arrival;
pub(crate) mod ask;
mod prefixes;
mod warn;

use std::collections::{BTreeMap, BTreeSet};

use claw_host::{Host, HostConfig, LoadError, Rebuild, grants};
use claw_package::{PackageName, PermissionSet, Requirement};

use crate::commands::Context;
use crate::failure::Outcome;
use crate::home::Home;
use crate::installed;
use crate::invoke;
use crate::journal::Changes;
use crate::lock::Lock;
use crate::output;
use crate::pins::Pins;
use crate::project::{Project, WriteLock};
use crate::record::Records;
use crate::registry::{Network, Source};
use crate::settings::Settings;
use crate::show;
use crate::store::{self, Stored};
use crate::wishes::{Wish, Wishes};
pub(crate) use arrival::{Arrival, Considered};

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
