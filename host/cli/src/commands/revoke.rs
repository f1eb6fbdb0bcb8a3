//! `claw revoke`: takes power away, for good.

use claw_package::limits::PERMISSIONS_MAX;
use claw_package::{PackageName, Permission, PermissionSet};

use super::Context;
use crate::failure::{Failure, Outcome};
use crate::project::Project;

/// Revoke permissions of a skill, in this project.
///
/// What is revoked stays so under every level, --allow and update, until it is granted again. A
/// grant that shares anything with a revoked line is gone as a whole; only of writing, reading is
/// left.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The skill.
    #[arg(add = crate::completions::skills())]
    name: PackageName,
    /// What it may not do from now on, for example filesystem.write=.
    #[arg(required = true, value_name = "PERMISSION", add = crate::completions::granted())]
    permissions: Vec<Permission>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let Args { name, permissions } = args;
    let project = Project::find(&context.home)?;
    let _writing = project.lock_for_writing(&context.home)?;
    let mut records = project.records(&context.home)?;
    let Some(record) = records.skills.get_mut(&name) else {
        return Err(
            Failure::not_found(format!("`{name}` is not installed here")).hint("claw list"),
        );
    };
    let revoked = record.revoked.union(&PermissionSet::new(permissions));
    if revoked.len() > PERMISSIONS_MAX {
        return Err(Failure::usage(format!(
            "more than {PERMISSIONS_MAX} lines can't be revoked; revoke wider ones"
        )));
    }
    record.revoked = revoked;
    records.write(&context.home, project.folder())?;
    // Power is taken away whether or not the skill's files are what they should be.
    match super::grant::accepted(context, &records.skills, &name) {
        Ok((record, manifest)) => super::grant::tell(context, &name, &record, Some(&manifest)),
        Err(_) => super::grant::tell(context, &name, &records.skills[&name], None),
    }
}
