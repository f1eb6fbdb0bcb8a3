//! The index files: each has to be what its releases make.

use claw_package::Digest;

use super::Report;
use crate::db::{Connection, index_files, packages, releases};
use crate::failure::Failure;
use crate::index;

/// How many packages are looked up at once.
const PAGE: u32 = 256;

/// Checks the index of every package.
pub(super) async fn check(snapshot: &mut Connection, report: &mut Report) -> Result<(), Failure> {
    let mut after = String::new();
    loop {
        let names = packages::page(snapshot, &after, PAGE).await.map(Some);
        let Some(names) = report.found("packages", names)? else {
            return Ok(());
        };
        let Some(last) = names.last() else {
            return Ok(());
        };
        after = last.to_string();
        for name in names {
            let object = format!("index {name}");
            let rows = releases::of_package(snapshot, &name).await.map(Some);
            let Some(rows) = report.found(&object, rows)? else {
                continue;
            };
            report.packages += 1;
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
