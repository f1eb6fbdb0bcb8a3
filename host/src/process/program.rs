//! Which file a program is, and whether it is still the one that was granted.
//!
//! A program is machine code in a regular file outside of the workspace, and no shell: what is granted is one
//! program, and a shell or a script would be any. The file is opened once; what is hashed is what is executed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use claw_package::{Digest, Hasher, Permission, PermissionSet};

use super::ProgramPin;

mod elf;

/// The largest program that is hashed before it runs: larger than any in use.
const PROGRAM_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Programs whose arguments are programs.
const SHELLS: [&str; 14] = [
    "ash", "bash", "busybox", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "sh", "tcsh",
    "yash", "zsh",
];

/// Why something is not a program that can be granted.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// No folder that was searched has it.
    #[error("there is no program `{0}`")]
    NotFound(String),
    /// It interprets whatever it is given.
    #[error("`{}` is a shell, and skills run none", .0.display())]
    Shell(PathBuf),
    /// Another program would interpret it.
    #[error("`{}` is a script: only programs of machine code can be confined to themselves", .0.display())]
    Script(PathBuf),
    /// It is no program for this machine.
    #[error("`{}` is no program of this machine", .0.display())]
    Foreign(PathBuf),
    /// A skill could have written it.
    #[error("`{}` is in the workspace, where skills may write", .0.display())]
    InWorkspace(PathBuf),
    /// It can't be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// A program that was found, opened and looked at.
pub(crate) struct Program {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    /// What loads its libraries; none for a program that needs none.
    pub(crate) loader: Option<PathBuf>,
    pub(crate) identity: Identity,
}

/// What changes when a file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Finds the program that `word` stands for now, and takes its digest: what a grant is bound to.
///
/// A name is looked up in the folders of `search`, in their order. Nothing in `workspace` counts.
pub fn pin(
    word: &str,
    search: &[PathBuf],
    workspace: Option<&Path>,
) -> Result<ProgramPin, ProgramError> {
    let path = find(word, search)?;
    let program = Program::open(&path, workspace)?;
    Ok(ProgramPin {
        word: word.to_owned(),
        digest: program.digest()?,
        path,
    })
}

/// The same for every word by which `granted` names a program.
pub fn pin_granted<'a>(
    granted: &'a PermissionSet,
    search: &[PathBuf],
    workspace: Option<&Path>,
) -> Vec<(&'a str, Result<ProgramPin, ProgramError>)> {
    let words = granted_words(granted).into_iter();
    words
        .map(|word| (word, pin(word, search, workspace)))
        .collect()
}

/// The words by which programs are granted, each once.
pub fn granted_words(granted: &PermissionSet) -> Vec<&str> {
    let words = granted.iter().filter_map(|permission| match permission {
        Permission::ProcessExecute(command) => command.program(),
        _ => None,
    });
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Where the program is, without links.
pub(crate) fn find(word: &str, search: &[PathBuf]) -> Result<PathBuf, ProgramError> {
    let is_program = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
    };
    let candidates = match word.starts_with('/') {
        true => vec![PathBuf::from(word)],
        false => search
            .iter()
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(word))
            .collect(),
    };
    let found = candidates.into_iter().find(is_program);
    found
        .and_then(|path| fs::canonicalize(path).ok())
        .ok_or_else(|| ProgramError::NotFound(word.to_owned()))
}

impl Program {
    /// Opens the program at `path`, which is without links.
    pub(crate) fn open(path: &Path, workspace: Option<&Path>) -> Result<Self, ProgramError> {
        let failed = |source| ProgramError::Read {
            path: path.to_owned(),
            source,
        };
        let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if workspace.is_some_and(|workspace| path.starts_with(real(workspace))) {
            return Err(ProgramError::InWorkspace(path.to_owned()));
        }
        let name = path.file_name().unwrap_or_default();
        if SHELLS.iter().any(|shell| name == *shell) {
            return Err(ProgramError::Shell(path.to_owned()));
        }
        // A pipe in its place must not make anybody wait.
        let flags = rustix::fs::OFlags::RDONLY
            | rustix::fs::OFlags::NOFOLLOW
            | rustix::fs::OFlags::NONBLOCK
            | rustix::fs::OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, rustix::fs::Mode::empty());
        let file = File::from(opened.map_err(|error| failed(error.into()))?);
        let stat = file.metadata().map_err(failed)?;
        if !stat.is_file() || stat.len() > PROGRAM_BYTES_MAX {
            return Err(ProgramError::Foreign(path.to_owned()));
        }
        let mut magic = [0; 4];
        let _ = file.read_at(&mut magic, 0).map_err(failed)?;
        if magic.starts_with(b"#!") {
            return Err(ProgramError::Script(path.to_owned()));
        }
        let loader = elf::loader(&file).ok_or_else(|| ProgramError::Foreign(path.to_owned()))?;
        Ok(Self {
            loader: loader.map(|loader| real(&loader)),
            identity: Identity::of(&stat),
            path: path.to_owned(),
            file,
        })
    }

    /// The digest of its bytes. A file that changes meanwhile has none.
    pub(crate) fn digest(&self) -> Result<Digest, ProgramError> {
        let failed = |source| ProgramError::Read {
            path: self.path.clone(),
            source,
        };
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; 256 * 1024];
        let mut position = 0;
        loop {
            let read = self.file.read_at(&mut buffer, position).map_err(failed)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            position += read as u64;
        }
        let after = self.file.metadata().map_err(failed)?;
        // Another name for the same file changes when its entry changed, and nothing in it.
        let now = Identity {
            changed: self.identity.changed,
            ..Identity::of(&after)
        };
        if now != self.identity {
            return Err(failed(io::Error::other("it is being changed")));
        }
        Ok(hasher.finish())
    }
}

impl Identity {
    fn of(stat: &fs::Metadata) -> Self {
        Self {
            device: stat.dev(),
            inode: stat.ino(),
            size: stat.len(),
            modified: (stat.mtime(), stat.mtime_nsec()),
            changed: (stat.ctime(), stat.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests;
