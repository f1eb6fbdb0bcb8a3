//! The operator's folder, `$CLAW_HOME`: where each file in it lives.
//!
//! It is found in the environment, here alone. This decides no contents; each file's own module does.

use std::env;
use std::path::{Path, PathBuf};

use claw_package::{Digest, PackageName};

use crate::durable::{self, FolderLock};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::journal;
use crate::owned;

/// Where the operator keeps settings, trust, grants, skills and receipts.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
    user_home: Option<PathBuf>,
}

impl Home {
    /// `$CLAW_HOME`, else `~/.claw`. Nothing is made yet; what is there must be this user's alone
    /// to change.
    pub(crate) fn from_environment() -> Outcome<Self> {
        let home = Home::locate()?;
        home.check()?;
        Ok(home)
    }

    /// The same, whoever may change it.
    pub(crate) fn locate() -> Outcome<Self> {
        let user_home = env::home_dir().filter(|path| path.is_absolute());
        let root = match (
            env::var_os("CLAW_HOME").filter(|value| !value.is_empty()),
            &user_home,
        ) {
            (Some(named), _) => {
                std::path::absolute(named).or_fail(Kind::Usage, "could not find `CLAW_HOME`")?
            }
            (None, Some(user_home)) => user_home.join(".claw"),
            (None, None) => {
                return Err(Failure::usage("there is no home folder")
                    .hint("set CLAW_HOME to a folder for claw's files"));
            }
        };
        Ok(Home { root, user_home })
    }

    #[cfg(test)]
    pub(crate) fn at(root: PathBuf, user_home: Option<PathBuf>) -> Self {
        Home { root, user_home }
    }

    /// `$CLAW_HOME` itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The home folder of the person, `~`.
    pub(crate) fn user_home(&self) -> Option<&Path> {
        self.user_home.as_deref()
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.root.join("config.yaml")
    }

    pub(crate) fn trust_file(&self) -> PathBuf {
        self.root.join("trust.toml")
    }

    pub(crate) fn project_file(&self, project: &Digest) -> PathBuf {
        self.projects().join(format!("{}.toml", project.hex()))
    }

    /// What was accepted in each project.
    pub(crate) fn projects(&self) -> PathBuf {
        self.root.join("projects")
    }

    /// Where one release is kept; the path is part of what is checked at each load.
    pub(crate) fn release_folder(&self, name: &PackageName, note: &Digest) -> PathBuf {
        self.package_folder(name).join(note.hex())
    }

    /// Where all releases of one package are kept.
    pub(crate) fn package_folder(&self, name: &PackageName) -> PathBuf {
        self.namespace_folder(name.namespace().as_str())
            .join(name.name())
    }

    /// Where all packages of one namespace are kept.
    pub(crate) fn namespace_folder(&self, namespace: &str) -> PathBuf {
        self.store().join(namespace)
    }

    /// Where downloads are unpacked before they are believed: beside the store, so that a rename
    /// moves them in.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.store().join(".incoming")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    pub(crate) fn cache_key(&self) -> PathBuf {
        self.root.join("cache.key")
    }

    /// Which secrets there are and where each is kept; those without a keyring are in it, sealed.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    pub(crate) fn secrets_key(&self) -> PathBuf {
        self.root.join("secrets.key")
    }

    /// The signing keys of an author who uses the same folder.
    pub(crate) fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The tokens of an author who uses the same folder.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.root.join("credentials.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    pub(crate) fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }

    /// What is being written together, while it is; found later, what an ended command had decided.
    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("unfinished.json")
    }

    /// Makes the folder, for this user alone.
    pub(crate) fn make(&self) -> Outcome {
        durable::make_private_folder(&self.root)?;
        // Somebody else may have been faster.
        self.check()
    }

    /// Refuses a folder that others may change, or one with a part that they may.
    pub(crate) fn check(&self) -> Outcome {
        let parts = self.parts();
        parts.iter().try_for_each(|part| owned::check(part))
    }

    /// What must be nobody else's to change.
    pub(crate) fn parts(&self) -> [PathBuf; 10] {
        [
            self.root.clone(),
            self.settings_file(),
            self.trust_file(),
            self.projects(),
            self.store(),
            self.cache(),
            self.cache_key(),
            self.secrets(),
            self.secrets_key(),
            self.receipts(),
        ]
    }

    /// Makes the folder and keeps other claw processes from changing anything in it. What the last
    /// one had decided and not finished is finished first.
    pub(crate) fn lock(&self) -> Outcome<FolderLock> {
        self.make()?;
        let lock = FolderLock::take(self.root.clone())?;
        journal::finish(self)?;
        for folder in [self.root.clone(), self.projects(), self.cache()] {
            durable::clear_leftovers(&folder, |_| true);
        }
        Ok(lock)
    }

    /// Sees to it that files which belong together are read as they belong together.
    pub(crate) fn settle(&self) -> Outcome {
        if journal::is_open(self) {
            drop(self.lock()?);
        }
        Ok(())
    }
}
