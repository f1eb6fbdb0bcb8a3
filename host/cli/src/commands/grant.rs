//! `claw grant`: the operator's yes to more.

use claw_package::{PackageName, Permission, PermissionSet};
use serde_json::json;

use super::Context;
use crate::danger::{self, Warning};
use crate::failure::{Failure, Outcome};
use crate::installed::{Shelf, effective};
use crate::output;
use crate::processes;
use crate::project::Project;
use crate::record::{Record, takes_from};
use crate::session::add_command;
use crate::show;
use crate::store::Stored;

/// Grant permissions to an installed skill, in this project.
///
/// Only what the skill declares can be granted. A grant lifts a revocation of the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The skill.
    #[arg(add = crate::completions::skills())]
    name: PackageName,
    /// What it may do from now on, for example filesystem.read=docs.
    #[arg(required = true, value_name = "PERMISSION", add = crate::completions::grantable())]
    permissions: Vec<Permission>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let Args { name, permissions } = args;
    let project = Project::find(&context.home)?;
    let writing = project.lock_for_writing(&context.home)?;
    let mut records = project.records(&context.home)?;
    let (record, manifest) = accepted(context, &records.skills, &name)?;
    let mut granted = grant(&record, &manifest, &permissions)
        .map_err(|failure| failure.during(format!("could not grant `{name}`")))?;
    let asked = PermissionSet::new(permissions.iter().cloned()).meet(&granted.granted);
    granted.programs = processes::renewed(
        &record.programs,
        &granted.granted,
        &asked,
        Some(project.folder()),
    );
    records.skills.insert(name.clone(), granted.clone());
    records.write(&context.home, project.folder())?;
    drop(writing);
    tell(context, &name, &granted, Some(&manifest))?;
    warn(context, &name)
}

/// Warns of what comes together now by the grants of this skill.
fn warn(context: &Context, name: &PackageName) -> Outcome {
    let settings = context.settings()?;
    let shelf = Shelf::open(&context.home)?;
    let holders = danger::holders(&context.home, &settings, &shelf);
    let within = holders.iter().filter(|(holder, _)| holder == name);
    let within =
        within.filter_map(|(name, effective)| Warning::within(&name.to_string(), effective));
    for warning in within.chain(Warning::across_with(&holders, |holder| holder == name)) {
        warning.say(context.json);
    }
    Ok(())
}

/// The record of an accepted skill, and what its release declares.
pub(super) fn accepted(
    context: &Context,
    skills: &std::collections::BTreeMap<PackageName, Record>,
    name: &PackageName,
) -> Outcome<(Record, PermissionSet)> {
    let not_installed = || {
        Failure::not_found(format!("`{name}` is not installed here")).hint(add_command(name, None))
    };
    let record = skills.get(name).cloned().ok_or_else(not_installed)?;
    let accepted = record.accepted.as_ref().ok_or_else(not_installed)?;
    let stored = Stored::load(&context.home, name, &accepted.note, &accepted.keyset)?;
    let stored = stored.ok_or_else(|| {
        Failure::verification(format!("the files of `{name}` are missing")).hint("claw install")
    })?;
    Ok((record, stored.component.permissions().clone()))
}

/// Prints what holds from now on, with the levels in it as `claw list` has them. Without a manifest
/// nothing can run, and only what is recorded is told.
pub(super) fn tell(
    context: &Context,
    name: &PackageName,
    record: &Record,
    manifest: Option<&PermissionSet>,
) -> Outcome {
    let (granted, revoked) = (&record.granted, &record.revoked);
    let none = PermissionSet::empty();
    let settings = context.settings()?;
    let effective = manifest.map_or_else(PermissionSet::empty, |manifest| {
        effective(&settings, manifest, granted, &none, revoked)
    });
    if context.json {
        return output::json(
            &json!({"name": name, "granted": granted, "revoked": revoked, "effective": effective}),
        );
    }
    output::data(format_args!(
        "{name} may now: {}",
        show::one_line(&effective)
    ))?;
    if !revoked.is_empty() {
        output::data(format_args!("{name} revoked: {}", show::one_line(revoked)))?;
    }
    Ok(())
}

fn grant(record: &Record, manifest: &PermissionSet, permissions: &[Permission]) -> Outcome<Record> {
    let wanted = PermissionSet::new(permissions.iter().cloned());
    for permission in &wanted {
        if manifest
            .meet(&PermissionSet::new([permission.clone()]))
            .is_empty()
        {
            let failure = Failure::usage(format!("it does not ask for `{permission}`"));
            return Err(failure.hint(format!("it asks for: {}", show::one_line(manifest))));
        }
    }
    let revoked = PermissionSet::new(
        record
            .revoked
            .iter()
            .filter(|line| !wanted.covers(line))
            .cloned(),
    );
    // A wider revocation is lifted as a whole or not at all: what would be left of it can't be said
    // in lines.
    if let Some(line) = revoked.iter().find(|line| takes_from(line, &wanted)) {
        let failure = Failure::refused(format!("`{line}` is revoked, and is more than this grant"));
        return Err(failure.hint(format!(
            "to lift all of it, grant {}",
            show::shell_word(&line.to_string())
        )));
    }
    let granted = manifest.meet(&record.granted.union(&wanted));
    Ok(Record {
        granted,
        revoked,
        ..record.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

    fn set(lines: &[&str]) -> PermissionSet {
        PermissionSet::new(lines.iter().map(|line| line.parse().unwrap()))
    }

    fn record(granted: &[&str], revoked: &[&str]) -> Record {
        Record {
            accepted: None,
            granted: set(granted),
            programs: Vec::new(),
            revoked: set(revoked),
        }
    }

    fn list(lines: &[&str]) -> Vec<Permission> {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn a_grant_adds_and_never_exceeds_the_manifest() {
        let manifest = set(&["filesystem.read=docs"]);
        let after = grant(&record(&[], &[]), &manifest, &list(&["filesystem.write=."])).unwrap();
        assert_eq!(after.granted, manifest);
        let failure =
            grant(&record(&[], &[]), &manifest, &list(&["environment=HOME"])).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
    }

    #[test]
    fn a_grant_lifts_the_revocation_it_covers_and_no_wider_one() {
        let manifest = set(&["filesystem.read=."]);
        let revoked = record(&[], &["filesystem.read=docs"]);
        let after = grant(&revoked, &manifest, &list(&["filesystem.read=."])).unwrap();
        assert!(after.revoked.is_empty());
        let revoked = record(&[], &["filesystem.read=."]);
        assert_eq!(
            grant(&revoked, &manifest, &list(&["filesystem.read=docs"]))
                .unwrap_err()
                .kind,
            Kind::Refused
        );
        let writing = record(&[], &["filesystem.write=docs"]);
        assert!(grant(&writing, &manifest, &list(&["filesystem.read=."])).is_ok());
        let unrelated = record(&[], &["filesystem.read=b"]);
        assert!(grant(&unrelated, &manifest, &list(&["filesystem.read=a"])).is_ok());
    }
}
