//! Makes the index of a package from its releases: the same rows, the same bytes.

use claw_package::{Digest, PackageName};
use claw_registry_api::index::{FILE_BYTES_MAX, VERSION};
use claw_registry_api::{ErrorCode, IndexLine, Timestamp};

use crate::db::index_files::IndexFile;
use crate::db::{Connection, index_files, releases};
use crate::failure::{Failure, Refusal};

/// Makes the index of `package` again inside the transaction that changed one of its releases.
pub(crate) async fn update(
    connection: &mut Connection,
    package: &PackageName,
    now: Timestamp,
) -> Result<(), Failure> {
    let rows = releases::of_package(connection, package).await?;
    let body = body(&rows);
    if body.len() > FILE_BYTES_MAX {
        let detail =
            format!("the index of `{package}` is full: no client reads one that is longer");
        return Err(Refusal::new(ErrorCode::TooLarge, detail).into());
    }
    let digest = Digest::of(body.as_bytes());
    index_files::replace(
        connection,
        package,
        &IndexFile {
            body,
            digest,
            modified: now,
        },
    )
    .await?;
    Ok(())
}

/// The index that these releases make, in the order of their entries.
pub(crate) fn body(rows: &[releases::Row]) -> String {
    rows.iter().map(|row| line(row).to_json_line()).collect()
}

/// The line of one release.
pub(crate) fn line(row: &releases::Row) -> IndexLine {
    IndexLine {
        v: VERSION,
        name: row.package.clone(),
        version: row.version.clone(),
        note: row.note,
        tarball: row.tarball,
        size: row.size,
        component: row.component,
        permissions: row.permissions.clone(),
        host: row.host.clone(),
        published: row.published,
        leaf: row.entry,
        yanked: row.yanked,
    }
}
