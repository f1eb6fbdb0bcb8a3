//! The index files: each has to be what its releases make.

use claw_package::Digest;

use super::{Events, Report};
use crate::db::{Connection, index_files, packages, releases};
use crate::failure::Failure;
use crate::index;

/// How many packages are looked up at once.
const PAGE: u32 = 256;

/// Checks the index of every package.
///
/// And that each release has as many yanks and unyanks as there are notes of, and the one that stands.
pub(super) async fn check(
    snapshot: &mut Connection,
    events: &Events,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut after = String::new();
    loop {
        let names = packages::page(snapshot, &after, PAGE).await?;
        let Some((last, _)) = names.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (name, package) in names {
            let package = package.map(Some);
            let Some(name) = report.found(format!("package {name}"), package)? else {
                continue;
            };
            let object = format!("index {name}");
            let rows = releases::of_package(snapshot, &name).await.map(Some);
            let Some(rows) = report.found(&object, rows)? else {
                continue;
            };
            report.packages += 1;
            for row in &rows {
                let (count, yank) = events.get(&row.entry).copied().unwrap_or_default();
                if (row.events, row.yanked) != (count, yank) {
                    let object = format!("release {}@{}", row.package, row.version);
                    report.fault(
                        object,
                        format!("its yank state is not what its {count} sound notes make"),
                    );
                }
            }
            let file = index_files::find(snapshot, &name).await;
            match report.found(&object, file)? {
                None => report.fault(object, "there is none that can be read"),
                Some(file) if file.digest != Digest::of(file.body.as_bytes()) => {
                    report.fault(
                        object,
                        format!("it does not have the digest `{}`", file.digest),
                    );
                }
                Some(file) if file.body != index::body(&rows) => {
                    report.fault(object, "it is not what the releases make");
                }
                Some(_) => {}
            }
        }
    }
}
