//! An installed skill at the moment it is used: lock, pins, what the operator accepted, and the
//! bytes in the store are compared, and every difference is a refusal that says what to do.

use claw_host::grants;
use claw_package::{PackageName, PermissionSet};
use claw_trust::TrustError;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::journal;
use crate::lock::{Lock, Locked, altered_hint};
use crate::pins::Pins;
use crate::project::Project;
use crate::record::{Accepted, Record, Records};
use crate::settings::Settings;
use crate::store::Stored;

/// A skill that passed.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) locked: Locked,
    pub(crate) stored: Stored,
    pub(crate) record: Record,
}

/// Everything that says what is installed, read once.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) project: Project,
    pub(crate) lock: Lock,
    pub(crate) records: Records,
    pub(crate) pins: Pins,
}

impl Shelf {
    /// Reads the project of the working folder: files that belong together, even while another claw
    /// is writing them.
    pub(crate) fn open(home: &Home) -> Outcome<Self> {
        let project = Project::find(home)?;
        loop {
            home.settle()?;
            let shelf = Shelf {
                lock: project.lock()?,
                records: project.records(home)?,
                pins: Pins::read(home)?,
                project: project.clone(),
            };
            if !journal::is_open(home) && project.lock()? == shelf.lock {
                return Ok(shelf);
            }
        }
    }

    /// One skill, checked.
    pub(crate) fn get(&self, home: &Home, name: &PackageName) -> Outcome<Installed> {
        match self.find(home, name) {
            Ok(installed) => Ok(installed),
            // Another claw may have moved it to another release since, and removed this one.
            Err(failure) => {
                let now = Shelf::open(home)?;
                if now.lock == self.lock && now.records == self.records {
                    return Err(failure);
                }
                now.find(home, name)
            }
        }
    }

    fn find(&self, home: &Home, name: &PackageName) -> Outcome<Installed> {
        let Some(locked) = self.lock.get(name)? else {
            let failure = Failure::not_found(format!("`{name}` is not installed"));
            return Err(failure.hint(format!("claw add {name}")));
        };
        let record = self.records.skills.get(name).cloned().unwrap_or_default();
        check(home, &self.pins, locked, record)
    }
}

impl Installed {
    /// What it may do now: the one rule of DESIGN §5.
    pub(crate) fn effective(&self, settings: &Settings, allowed: &PermissionSet) -> PermissionSet {
        let manifest = self.stored.component.permissions();
        let stored = self
            .record
            .granted_to(&self.locked.origin, &self.locked.keyset);
        effective(settings, manifest, &stored, allowed, &self.record.revoked)
    }
}

/// Effective grants under the operator's levels.
pub(crate) fn effective(
    settings: &Settings,
    manifest: &PermissionSet,
    stored: &PermissionSet,
    allowed: &PermissionSet,
    revoked: &PermissionSet,
) -> PermissionSet {
    let auto = grants::auto(settings.sandbox, settings.security, manifest);
    grants::effective(manifest, stored, &auto, allowed, revoked)
}

fn check(home: &Home, pins: &Pins, locked: &Locked, record: Record) -> Outcome<Installed> {
    let name = &locked.name;
    let Some(accepted) = record.accepted.clone() else {
        let failure = Failure::refused(format!(
            "`{name}` is in the lock, and you have not accepted it"
        ));
        return Err(failure.hint("claw install"));
    };
    let Some(pin) = pins.namespace(name.namespace()) else {
        let failure =
            Failure::verification(format!("`{}` is not trusted any more", name.namespace()));
        let hint = format!(
            "claw trust add {} --origin {} --keyset {}",
            name.namespace(),
            accepted.origin,
            accepted.keyset
        );
        return Err(failure.hint(hint));
    };
    lock_says(name, "origin", &pin.origin, &locked.origin)?;
    lock_says(name, "keyset", &pin.keyset, &locked.keyset)?;
    if accepted.note != locked.note {
        return Err(another_release(home, locked, &accepted));
    }
    let Some(stored) = Stored::load(home, name, &locked.note, &pin.keyset)? else {
        let failure = Failure::verification(format!(
            "the files of `{name}@{}` are missing",
            locked.version
        ));
        return Err(failure.hint("claw install"));
    };
    let release = stored.release.release();
    lock_says(name, "version", &release.version, &locked.version)?;
    lock_says(name, "origin", &release.registry, &locked.origin)?;
    lock_says(name, "keyset", &release.keyset, &locked.keyset)?;
    lock_says(
        name,
        "permissions",
        &release.permissions,
        &locked.permissions,
    )?;
    if accepted.permissions != release.permissions {
        let failure = Failure::refused(format!(
            "you accepted other permissions of `{name}` than it has"
        ));
        return Err(failure.hint("claw install"));
    }
    Ok(Installed {
        locked: locked.clone(),
        stored,
        record,
    })
}

/// Either the project moved on to another version, which `claw install` shows, or somebody changed
/// the lock.
fn another_release(home: &Home, locked: &Locked, accepted: &Accepted) -> Failure {
    let name = &locked.name;
    if let Ok(Some(known)) = Stored::load(home, name, &accepted.note, &accepted.keyset)
        && known.release.release().version == locked.version
        && let Err(failure) = lock_says(name, "note", &accepted.note, &locked.note)
    {
        // A release never changes: one version can't have two notes.
        return failure;
    }
    let failure = Failure::refused(format!(
        "the lock names another release of `{name}` than the one you accepted"
    ));
    failure.hint("claw install")
}

fn lock_says<T: PartialEq + std::fmt::Display>(
    name: &PackageName,
    field: &'static str,
    expected: &T,
    actual: &T,
) -> Outcome {
    let same = TrustError::check(format!("`{name}` in claw.lock"), field, expected, actual);
    same.or_fail(
        Kind::Verification,
        format!("claw.lock was altered at `{name}`"),
    )
    .map_err(|failure| failure.hint(altered_hint(name)))
}
