//! The person's folder, `$CLAW_HOME`: where each file in it lives, and how private files are written.
//!
//! The one place that reads the environment for it. It decides no contents; each file's own module does.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use claw_package::Namespace;

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// Far above what any of these files has.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where keys and credentials are kept.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// `$CLAW_HOME`, else `~/.claw`. Nothing is made yet.
    pub(crate) fn from_environment() -> Outcome<Self> {
        if let Some(named) = env::var_os("CLAW_HOME").filter(|value| !value.is_empty()) {
            let root =
                std::path::absolute(named).or_fail(Kind::Usage, "could not find `CLAW_HOME`")?;
            return Ok(Home { root });
        }
        match env::home_dir().filter(|path| path.is_absolute()) {
            Some(user_home) => Ok(Home {
                root: user_home.join(".claw"),
            }),
            None => Err(Failure::usage("there is no home folder")
                .hint("set CLAW_HOME to a folder for claw's files")),
        }
    }

    #[cfg(test)]
    pub(crate) fn at(root: PathBuf) -> Self {
        Home { root }
    }

    /// `$CLAW_HOME` itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where logins are kept.
    pub(crate) fn credentials_file(&self) -> PathBuf {
        self.root.join("credentials.toml")
    }

    /// Where the keys of all namespaces are kept, one folder each.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Where the keys of one namespace are kept.
    pub(crate) fn keys_of(&self, namespace: &Namespace) -> PathBuf {
        self.keys().join(namespace.as_str())
    }
}

/// Makes a folder that only this user may enter, and the missing ones above it.
pub(crate) fn make_private_folder(path: &Path) -> Outcome {
    make_folders(path).or_fail(
        Kind::Io,
        format!("could not make the folder `{}`", path.display()),
    )
}

/// Each new folder is a name in the one above it, which has to be synced for that name to stay.
fn make_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    make_folders(above)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        // Somebody else was faster, and may not have come to sync it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    File::open(above)?.sync_all()
}

/// Replaces `path` by `bytes`, readable for this user alone: afterwards there is the old file or the new one,
/// whatever happens in between.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Outcome {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private_folder(folder)?;
    let temporary = path.with_added_extension(format!("{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.or_fail(Kind::Io, format!("could not write `{}`", path.display()))
}

/// The text of a file, `None` if there is none.
pub(crate) fn read_text(path: &Path) -> Outcome<Option<String>> {
    let act = || format!("could not read `{}`", path.display());
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            let fault = io::Error::other(format!("it is larger than {FILE_BYTES_MAX} bytes"));
            return Err(fault).or_fail(Kind::Usage, act());
        }
        _ => {}
    }
    fs::read_to_string(path).or_fail(Kind::Io, act()).map(Some)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_file_is_readable_for_its_owner_alone_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.toml");
        write_private(&path, b"first, and longer").unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(read_text(&path).unwrap().unwrap(), "second");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
