//! A tree of files with one set of rules: the workspace, or the package's assets.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;

use rustix::io::Errno;

use super::os::{self, Identity};
use super::place::Rules;
use super::quota::Quota;

/// Folders above each other that are looked through for claw's own.
const ABOVE_MAX: usize = 256;

/// A tree of files with one set of rules.
#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) rules: Rules,
    pub(crate) hidden: Hidden,
    pub(crate) quota: Quota,
}

/// Claw's own folder, which is in no guest's tree wherever it lies.
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    home: Option<(Identity, OwnedFd)>,
    above: OnceLock<Vec<Identity>>,
}

impl Hidden {
    /// Finds it. One that does not exist yet hides nothing.
    pub(crate) fn open(home: Option<&Path>) -> Result<Self, Errno> {
        let Some(home) = home else {
            return Ok(Self::default());
        };
        match os::open_root(home) {
            Ok(handle) => {
                let identity = os::stat(&handle)?.identity();
                Ok(Self {
                    home: Some((identity, handle)),
                    above: OnceLock::new(),
                })
            }
            Err(Errno::NOENT) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Whether there is anything to hide.
    pub(crate) fn exists(&self) -> bool {
        self.home.is_some()
    }

    /// Whether it is this folder.
    pub(crate) fn is(&self, identity: Identity) -> bool {
        self.home
            .as_ref()
            .is_some_and(|(home, _)| *home == identity)
    }

    /// Whether it is below this folder, which then must not be moved away.
    pub(crate) fn is_below(&self, identity: Identity) -> bool {
        let Some((_, handle)) = &self.home else {
            return false;
        };
        // Without an answer nothing is moved.
        let above = self
            .above
            .get_or_init(|| identities_above(handle).unwrap_or_default());
        above.is_empty() || above.contains(&identity)
    }

    /// Whether a folder is claw's own or in it.
    pub(crate) fn contains(&self, folder: &OwnedFd) -> Result<bool, Errno> {
        if self.home.is_none() {
            return Ok(false);
        }
        let this = os::stat(folder)?.identity();
        Ok(self.is(this)
            || identities_above(folder)?
                .iter()
                .any(|above| self.is(*above)))
    }
}

/// Every folder above this one, up to the root.
fn identities_above(folder: impl AsFd) -> Result<Vec<Identity>, Errno> {
    let mut found = vec![os::stat(&folder)?.identity()];
    let mut handle = os::open_above(folder)?;
    for _ in 0..ABOVE_MAX {
        let identity = os::stat(&handle)?.identity();
        // The root is above itself.
        if found.last() == Some(&identity) {
            found.remove(0);
            return Ok(found);
        }
        found.push(identity);
        handle = os::open_above(&handle)?;
    }
    Err(Errno::NAMETOOLONG)
}
