//! Holds a release against the one before it, and refuses a version that promises callers what the release
//! does not keep.
//!
//! The release before is the highest below that is neither yanked nor a pre-release. Its permissions are in the
//! database; its exports are read from its tarball, and only where the component is another. Nothing is run.

use std::sync::Arc;

use claw_package::{ComponentInfo, Digest, NoSink, Package, Verdict, compatibility};
use claw_registry_api::ErrorCode;

use crate::app::App;
use crate::db::{Connection, releases};
use crate::failure::{Failure, Refusal, chain};

/// Refuses `package` where its version is too near to the release before it. Gives the note of that
/// release, if there is one; where it is `compared`, it was held against it already.
pub(crate) async fn check(
    app: &App,
    connection: &mut Connection,
    package: &Arc<Package>,
    compared: Option<Digest>,
) -> Result<Option<Digest>, Failure> {
    let manifest = &package.skill.manifest;
    let (name, version) = (&manifest.name, &manifest.version);
    let versions = releases::versions(connection, name).await?;
    let baseline = compatibility::baseline(&versions, version, |v| &v.version, |v| v.is_yanked);
    let Some(baseline) = baseline else {
        return Ok(None);
    };
    let row = releases::find(connection, name, &baseline.version).await?;
    let row = row.ok_or_else(|| Failure::internal("a release that was listed is not there"))?;
    if compared == Some(row.note) {
        return Ok(compared);
    }
    let changes = if row.component == package.component.digest {
        Vec::new()
    } else {
        let (storage, package, tarball) = (app.storage.clone(), Arc::clone(package), row.tarball);
        let compared = tokio::task::spawn_blocking(move || {
            let previous = exports(storage.open_blob(&tarball)?, &tarball)?;
            Ok::<_, Failure>(compatibility::compare(&previous, &package.info))
        });
        compared.await??
    };
    let grown = row.permissions.difference_added(&manifest.permissions);
    let taken = versions.iter().map(|standing| &standing.version);
    let verdict = Verdict::new(&row.version, version, changes, grown, taken);
    match verdict.objection() {
        None => Ok(Some(row.note)),
        Some(objection) => {
            let detail = format!(
                "`{name}@{version}` can't follow {}: {objection}",
                row.version
            );
            Err(Refusal::new(ErrorCode::IncompatibleRelease, detail).into())
        }
    }
}

/// What the component in a published tarball exports. It was good when it was published.
fn exports(file: std::fs::File, tarball: &Digest) -> Result<ComponentInfo, Failure> {
    match claw_package::read(file, &mut NoSink) {
        Ok(package) if package.tarball.digest == *tarball => Ok(package.info),
        Ok(_) => Err(Failure::internal(format!("`{tarball}` has other bytes"))),
        Err(error) => {
            let told = format!("`{tarball}` does not read: {}", chain(&error));
            Err(Failure::internal(told))
        }
    }
}
