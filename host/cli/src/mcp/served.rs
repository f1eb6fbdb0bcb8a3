//! One skill as it is served: verified and loaded once, its grants looked up at each call.

use std::path::PathBuf;

use claw_host::{Host, ProgramPin, Skill};
use claw_package::{Action, PackageName, PermissionSet};

use crate::commands::Context;
use crate::danger::Holder;
use crate::ending::Actor;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::installed::{self, Shelf};
use crate::invoke::{self, Frame};
use crate::lock::Locked;
use crate::pins::Pins;
use crate::processes;
use crate::project::Project;
use crate::secrets;
use crate::settings::Settings;

/// What all skills of one server stand on.
pub(super) struct Floor {
    pub(super) home: Home,
    pub(super) settings: Settings,
    pub(super) project: Project,
    pub(super) workspace: Option<PathBuf>,
}

/// A skill that verified.
pub(super) struct Served {
    pub(super) locked: Locked,
    pub(super) skill: Skill,
    /// From the component itself, doc comments included.
    pub(super) actions: Vec<Action>,
    assets: Option<PathBuf>,
    /// What it may do at the start, for the first look.
    effective: PermissionSet,
}

/// What a skill may do at this moment.
pub(super) struct Powers {
    pub(super) effective: PermissionSet,
    pub(super) revoked: PermissionSet,
    pins: Vec<ProgramPin>,
}

impl Served {
    /// Checks and loads one skill of the lock.
    pub(super) fn load(
        context: &Context,
        settings: &Settings,
        shelf: &Shelf,
        host: &Host,
        name: &PackageName,
    ) -> Outcome<Self> {
        let installed = shelf.get(&context.home, name)?;
        let locked = &installed.locked;
        match shelf.records.prefixes.get(&locked.prefix) {
            Some(owner) if owner == name => {}
            _ => {
                let failure = Failure::verification(format!(
                    "its prefix `{}` was not given to it here",
                    locked.prefix
                ));
                return Err(failure.hint("claw install"));
            }
        }
        let component = &installed.stored.component;
        let info = claw_package::decode(component.bytes())
            .or_fail(Kind::Verification, "its component can't be read")?;
        let skill = host
            .load(component)
            .map_err(|error| invoke::load_failure(error, &format!("`{name}`")))?;
        let effective = installed.effective(settings, &PermissionSet::empty());
        Ok(Served {
            locked: locked.clone(),
            skill,
            actions: info.actions,
            assets: installed.stored.assets(),
            effective,
        })
    }

    /// Whether it could see files when it was loaded.
    pub(super) fn needs_workspace(&self) -> bool {
        invoke::needs_workspace(&self.effective)
    }

    /// What it could do when it was loaded.
    pub(super) fn holder(&self) -> Holder {
        (self.locked.name.clone(), self.effective.clone())
    }

    pub(super) fn name(&self) -> &PackageName {
        &self.locked.name
    }

    /// What the operator says now. An operator who took trust or acceptance back has stopped the
    /// skill.
    pub(super) fn powers(&self, floor: &Floor) -> Outcome<Powers> {
        let Locked {
            name,
            origin,
            note,
            keyset,
            ..
        } = &self.locked;
        let pins = Pins::read(&floor.home)?;
        let record = floor
            .project
            .records(&floor.home)?
            .skills
            .remove(name)
            .unwrap_or_default();
        let trusted = pins
            .namespace(name.namespace())
            .is_some_and(|pin| pin.origin == *origin && pin.keyset == *keyset);
        let accepted = record
            .accepted
            .as_ref()
            .is_some_and(|accepted| accepted.note == *note);
        if !(trusted && accepted) {
            return Err(Failure::refused(format!(
                "the operator has withdrawn or replaced `{name}`"
            )));
        }
        let stored = record.granted_to(origin, keyset);
        let none = PermissionSet::empty();
        let effective = installed::effective(
            &floor.settings,
            self.skill.permissions(),
            &stored,
            &none,
            &record.revoked,
        );
        Ok(Powers {
            effective,
            revoked: record.revoked,
            pins: record.programs,
        })
    }

    /// How a call of it runs now.
    pub(super) fn frame(&self, floor: &Floor, powers: &Powers) -> Outcome<Frame> {
        if floor.workspace.is_none() && invoke::needs_workspace(&powers.effective) {
            let failure =
                Failure::refused("the server was started without a folder for skills to work in");
            return Err(failure.hint("claw mcp --workspace DIR"));
        }
        Ok(Frame {
            grants: powers.effective.clone(),
            programs: processes::programs(
                &powers.pins,
                &PermissionSet::empty(),
                &powers.effective,
                floor.workspace.as_deref(),
            ),
            workspace: floor.workspace.clone(),
            home: floor.home.root().to_owned(),
            assets: self.assets.clone(),
            network: invoke::network(&powers.effective)?,
            secrets: secrets::granted(&floor.home, &powers.effective)?,
            limits: invoke::limits(&floor.settings, self.skill.limits(), None),
            log: Some(invoke::log_sink(
                &floor.settings,
                &self.locked.name.to_string(),
            )),
        })
    }

    /// Who runs, for messages to the operator.
    pub(super) fn actor(&self, action: &str, powers: &Powers) -> Actor {
        Actor {
            name: self.locked.name.to_string(),
            action: action.to_owned(),
            local: None,
            manifest: self.skill.permissions().clone(),
            revoked: powers.revoked.clone(),
        }
    }
}
