//! The files: each published tarball against its release, and every file against its name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;

use claw_package::{Digest, Hasher, NoSink};
use claw_trust::VerifiedRelease;

use super::Report;
use crate::db::{Connection, Database, releases};
use crate::failure::{Failure, chain};
use crate::storage::{Storage, digest_of_name};

/// What is among the blobs. Anything that can't be a blob is a fault.
pub(super) async fn list(
    storage: &Storage,
    report: &mut Report,
) -> Result<BTreeSet<Digest>, Failure> {
    let storage = storage.clone();
    let (digests, strange) = tokio::task::spawn_blocking(move || walk(&storage)).await??;
    report.files += (digests.len() + strange.len()) as u64;
    for path in strange {
        report.fault(format!("file {path}"), "it is no blob");
    }
    Ok(digests)
}

fn walk(storage: &Storage) -> io::Result<(BTreeSet<Digest>, Vec<String>)> {
    let (mut digests, mut strange) = (BTreeSet::new(), Vec::new());
    for shard in fs::read_dir(storage.blobs())? {
        let shard = shard?;
        // The entry's own type: a link is none of our names, wherever it leads.
        if !shard.file_type()?.is_dir() {
            strange.push(shard.path().display().to_string());
            continue;
        }
        for file in fs::read_dir(shard.path())? {
            let file = file?;
            let (path, is_file) = (file.path(), file.file_type()?.is_file());
            let digest = path
                .file_name()
                .and_then(|name| digest_of_name(name.to_str()?));
            match digest.filter(|digest| storage.blob_path(digest) == path && is_file) {
                Some(digest) => drop(digests.insert(digest)),
                None => strange.push(path.display().to_string()),
            }
        }
    }
    Ok((digests, strange))
}

/// Finds the blobs that no release names, neither here nor in the draft of a backup.
pub(super) async fn check_published(
    db: &Database,
    mut draft: Option<Connection>,
    storage: &Storage,
    listed: BTreeSet<Digest>,
    report: &mut Report,
) {
    for digest in listed {
        // One that is also in staging is being published at this moment.
        if storage.staged_path(&digest).exists() {
            continue;
        }
        let named = async { releases::tarball_size(&mut *db.read().await?, &digest).await };
        match named.await {
            Ok(Some(_)) => {}
            Ok(None) if is_named(draft.as_mut(), &digest).await => report.unfinished += 1,
            Ok(None) => report.fault(format!("blob {digest}"), "no release names it"),
            Err(error) => report.fault(format!("blob {digest}"), chain(&error)),
        }
    }
}

/// Whether a draft, which may be anything, has a release with that tarball.
async fn is_named(draft: Option<&mut Connection>, digest: &Digest) -> bool {
    match draft {
        Some(draft) => matches!(releases::tarball_size(draft, digest).await, Ok(Some(_))),
        None => false,
    }
}

/// Checks the tarballs in staging against their names.
pub(super) async fn check_staged(storage: &Storage, report: &mut Report) -> Result<(), Failure> {
    let storage = storage.clone();
    let (count, faults) = tokio::task::spawn_blocking(move || {
        let (mut count, mut faults) = (0, Vec::new());
        for staged in storage.staged()? {
            let Some(file) = storage.open_staged(&staged.digest)? else {
                continue;
            };
            count += 1;
            match digest_of(file) {
                Ok((actual, _)) if actual == staged.digest => {}
                Ok((actual, _)) => faults.push((staged.digest, wrong(&actual))),
                Err(error) => faults.push((staged.digest, error.to_string())),
            }
        }
        io::Result::Ok((count, faults))
    })
    .await??;
    report.files += count;
    for (digest, problem) in faults {
        report.fault(format!("staged {digest}"), problem);
    }
    Ok(())
}

/// Checks a release's tarball: its bytes, the package in it against the note, and what the index says
/// of it beyond the note.
pub(super) async fn check_package(
    storage: &Storage,
    release: &VerifiedRelease,
    row: &releases::Row,
    report: &mut Report,
) -> Result<(), Failure> {
    let digest = release.release().tarball.digest;
    let (storage, release, row) = (storage.clone(), release.clone(), row.clone());
    let problem = tokio::task::spawn_blocking(move || fault_of(&storage, &release, &row)).await?;
    report.releases += 1;
    if let Some(problem) = problem {
        report.fault(format!("blob {digest}"), problem);
    }
    Ok(())
}

fn fault_of(storage: &Storage, release: &VerifiedRelease, row: &releases::Row) -> Option<String> {
    let expected = release.release().tarball;
    let path = storage.blob_path(&expected.digest);
    let (actual, size) = match File::open(&path).and_then(digest_of) {
        Ok(measured) => measured,
        Err(error) => return Some(format!("it can't be read: {error}")),
    };
    if (actual, size) != (expected.digest, expected.size) {
        return Some(format!(
            "{}, and {size} bytes of {}",
            wrong(&actual),
            expected.size
        ));
    }
    let package = File::open(&path).map_err(claw_package::ReadError::Source);
    match package.and_then(|file| claw_package::read(file, &mut NoSink)) {
        Err(error) => Some(chain(&error)),
        Ok(package) => match release.check_package(&package) {
            Err(error) => Some(chain(&error)),
            Ok(()) if package.skill.manifest.host != row.host => {
                Some("its manifest needs another host than the index says".to_owned())
            }
            Ok(()) => None,
        },
    }
}

fn digest_of(mut file: File) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let size = io::copy(&mut file, &mut hasher)?;
    Ok((hasher.finish(), size))
}

fn wrong(actual: &Digest) -> String {
    format!("its bytes have the digest `{actual}`")
}
