//! The operator's folder: whose it is, whether its files can be read, and how large it is.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::failure::Kind;
use crate::home::Home;
use crate::owned;
use crate::pins::Pins;
use crate::project::Project;
use crate::record::Records;
use crate::settings::Settings;
use crate::show;

const HOME: &str = "home";
const KEYS: &str = "keys";

/// Whether it is there, and the operator's alone to change.
pub(super) fn folder(home: &Home) -> Vec<Finding> {
    let (root, shown) = (home.root(), home.root().display());
    if !root.exists() {
        let what =
            format!("`{shown}` does not exist yet; the first command that needs it makes it");
        return vec![Finding::notice(HOME, what).mend("claw init --registry URL")];
    }
    let mut findings: Vec<_> = home
        .parts()
        .iter()
        .filter_map(|part| owned::check(part).err())
        .map(|failure| Finding::of(HOME, &failure))
        .collect();
    let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
    if let Err(error) = rustix::fs::access(root, access) {
        let what = format!("`{shown}` can't be written: {error}");
        findings.push(Finding::broken(HOME, Kind::Io, what).mend(private(root, "700")));
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            HOME,
            format!("`{shown}` is yours alone to change"),
        ));
    }
    findings
}

/// Whether what stands in it, and in the project of the working folder, can be read.
pub(super) fn files(home: &Home) -> Vec<Finding> {
    let project = Project::find(home);
    let read = [
        Settings::read(home).map(drop),
        Pins::read(home).map(drop),
        Records::accepted_notes(home).map(drop),
        project
            .as_ref()
            .map_or(Ok(()), |project| project.lock().map(drop)),
        project
            .as_ref()
            .map_or(Ok(()), |project| project.wishes().map(drop)),
    ];
    let failures = read.into_iter().filter_map(Result::err);
    let mut findings: Vec<_> = failures
        .map(|failure| Finding::of(HOME, &failure))
        .collect();
    findings.extend(
        project
            .as_ref()
            .err()
            .map(|failure| Finding::of(HOME, failure)),
    );
    if findings.is_empty() {
        let what = "settings, pins, grants and the files of this project can be read";
        findings.push(Finding::good(HOME, what));
    }
    findings
}

/// Whether secrets are readable to nobody else.
pub(super) fn keys(home: &Home) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut secrets = vec![home.cache_key(), home.secrets_key(), home.credentials()];
    let mut signing = 0;
    for namespace in folders(&home.keys()) {
        let Ok(entries) = fs::read_dir(&namespace) else {
            continue;
        };
        let keys = entries.flatten().map(|entry| entry.path());
        let keys = keys.filter(|path| path.extension().is_some_and(|end| end == "key"));
        let before = secrets.len();
        secrets.extend(keys);
        signing += secrets.len() - before;
    }
    for secret in secrets {
        let metadata = match fs::metadata(&secret) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                let what = format!("could not look at `{}`: {error}", secret.display());
                findings.push(Finding::broken(KEYS, Kind::Io, what));
                continue;
            }
        };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let what = format!(
                "others can read `{}`: its mode is {mode:o}",
                secret.display()
            );
            findings.push(Finding::broken(KEYS, Kind::Io, what).mend(private(&secret, "600")));
        }
    }
    if findings.is_empty() {
        let what = match signing {
            0 => "the sealing key is yours alone to read; no signing keys, which only authors need"
                .to_owned(),
            1 => "the sealing key and 1 signing key are yours alone to read".to_owned(),
            count => format!("the sealing key and {count} signing keys are yours alone to read"),
        };
        findings.push(Finding::good(KEYS, what));
    }
    findings
}

/// How much is kept.
pub(super) fn store(home: &Home) -> Finding {
    let packages = folders(&home.store());
    let packages = packages.iter().flat_map(|namespace| folders(namespace));
    let releases: Vec<_> = packages.flat_map(|package| folders(&package)).collect();
    let bytes: u64 = releases.iter().map(|release| bytes_below(release)).sum();
    let receipts = show::size(bytes_below(&home.receipts()));
    let (count, bytes) = (show::counted(releases.len(), "release"), show::size(bytes));
    Finding::good("store", format!("{count}, {bytes}; receipts {receipts}"))
}

/// The folders in a folder; hidden ones are what is being unpacked.
fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    entries
        .filter(|entry| !is_hidden(entry) && entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let each = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    each.sum()
}

/// The command that gives a file or folder back to its owner alone.
pub(crate) fn private(path: &Path, mode: &str) -> String {
    let word = show::shell_word(&path.display().to_string());
    format!("chmod {mode} {word}")
}
