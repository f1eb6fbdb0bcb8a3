//! The list of an unpacked package's files and folders, written when the package was verified whole.
//!
//! Component and manifest are checked against the signature at each load. The signature covers
//! everything else only as one archive, which is not kept; this list notices when one of those
//! files was altered, removed or added since. What it says of the two must be what was signed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::str::FromStr;

use claw_package::{Digest, Measured, limits};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};

/// Room for the most and longest paths that a package can have.
pub(super) const LISTING_BYTES_MAX: u64 = 1024 * 1024;

/// Paths below the package's root, and what is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    files: BTreeMap<String, Measured>,
    /// Every folder, whether anything is in it or not.
    folders: BTreeSet<String>,
}

/// Before the path of a folder with nothing in it; every other one follows from what is in it.
const FOLDER: &str = "folder ";

impl Listing {
    pub(super) fn add(&mut self, path: &str, measured: Measured) {
        self.files.insert(path.to_owned(), measured);
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.add_folder(folder);
        }
    }

    /// Adds a folder and those above it.
    pub(super) fn add_folder(&mut self, path: &str) {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.folders
            .extend(above.chain([path]).map(ToOwned::to_owned));
    }

    /// One file a line: digest, size, path; then the empty folders.
    pub(super) fn to_text(&self) -> String {
        let files = self.files.iter();
        let files = files.map(|(path, measured)| format!("{measured} {path}\n"));
        let used: BTreeSet<_> = (self.files.keys())
            .chain(&self.folders)
            .filter_map(|path| Some(path.rsplit_once('/')?.0))
            .collect();
        let empty = self.folders.iter();
        let empty = empty.filter(|path| !used.contains(path.as_str()));
        let empty = empty.map(|path| format!("{FOLDER}{path}\n"));
        files.chain(empty).collect()
    }

    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let wrong = || Failure::verification("the list of the package's files does not hold");
        let mut listing = Listing::default();
        for line in text.lines() {
            if let Some(path) = line.strip_prefix(FOLDER) {
                listing.add_folder(path);
                continue;
            }
            let (at, _) = line.match_indices(' ').nth(1).ok_or_else(wrong)?;
            let measured = Measured::from_str(&line[..at]).map_err(|_| wrong())?;
            listing.add(&line[at + 1..], measured);
        }
        if listing.to_text() == text {
            Ok(listing)
        } else {
            Err(wrong())
        }
    }

    /// Compares a folder with the list. Files in `signed` were checked already, and have to be
    /// listed as they were signed.
    pub(super) fn check(&self, package: &Path, signed: &[(&str, Measured)]) -> Outcome {
        for (path, measured) in signed {
            if self.files.get(*path) != Some(measured) {
                return Err(Failure::verification(format!(
                    "`{path}` is not listed as it was signed"
                )));
            }
        }
        let mut seen = 0;
        self.check_folder(package, "", signed, &mut seen)?;
        if seen == self.files.len() + self.folders.len() {
            return Ok(());
        }
        let mut listed = self.files.keys().chain(&self.folders);
        let gone = listed.find(|path| !package.join(path).exists());
        let gone = gone.map_or_else(String::new, |path| format!("`{path}` "));
        Err(Failure::verification(format!(
            "{gone}is missing in the package"
        )))
    }

    fn check_folder(
        &self,
        folder: &Path,
        prefix: &str,
        signed: &[(&str, Measured)],
        seen: &mut usize,
    ) -> Outcome {
        let act = || format!("could not read `{}`", folder.display());
        for entry in fs::read_dir(folder).or_fail(Kind::Io, act())? {
            let entry = entry.or_fail(Kind::Io, act())?;
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            // Links are not followed here.
            let kind = entry.file_type().or_fail(Kind::Io, act())?;
            let unlisted = || Failure::verification(format!("`{path}` is not part of the package"));
            if kind.is_dir() {
                if !self.folders.contains(&path) {
                    return Err(unlisted());
                }
                *seen += 1;
                self.check_folder(&entry.path(), &format!("{path}/"), signed, seen)?;
                continue;
            }
            let measured = self.files.get(&path).filter(|_| kind.is_file());
            let measured = measured.ok_or_else(unlisted)?;
            *seen += 1;
            if signed.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let bytes = durable::read(
                &entry.path(),
                limits::UNPACKED_BYTES_MAX,
                Audience::Everyone,
            )?
            .unwrap_or_default();
            let found = Measured {
                digest: Digest::of(&bytes),
                size: bytes.len() as u64,
            };
            if found != *measured {
                return Err(Failure::verification(format!(
                    "`{path}` is `{found}`, and was `{measured}`"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> (tempfile::TempDir, Listing) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        let mut listing = Listing::default();
        for (path, text) in [("SKILL.md", "# hello"), ("assets/a b.txt", "data")] {
            fs::write(folder.path().join(path), text).unwrap();
            listing.add(
                path,
                Measured {
                    digest: Digest::of(text.as_bytes()),
                    size: text.len() as u64,
                },
            );
        }
        fs::create_dir_all(folder.path().join("assets/deep/empty")).unwrap();
        listing.add_folder("assets/deep/empty");
        (folder, listing)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (_folder, listing) = package();
        assert!(
            listing
                .to_text()
                .ends_with("assets/a b.txt\nfolder assets/deep/empty\n")
        );
        assert_eq!(Listing::parse(&listing.to_text()).unwrap(), listing);
        for text in [
            "x",
            "sha256:00 1 a\n",
            &listing.to_text().replacen("sha256:", "sha256:0", 1),
            listing.to_text().trim_end(),
            &(listing.to_text() + "folder assets\n"),
        ] {
            assert!(Listing::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_change_is_noticed_and_named() {
        let fault = |change: &dyn Fn(&Path)| {
            let (folder, listing) = package();
            assert!(listing.check(folder.path(), &[]).is_ok());
            change(folder.path());
            listing.check(folder.path(), &[]).unwrap_err().one_line()
        };
        assert!(
            fault(&|root| fs::write(root.join("SKILL.md"), "# hullo").unwrap())
                .contains("`SKILL.md`")
        );
        assert!(
            fault(&|root| fs::remove_file(root.join("assets/a b.txt")).unwrap())
                .contains("`assets/a b.txt` is missing")
        );
        assert!(
            fault(&|root| fs::write(root.join("assets/new"), "").unwrap())
                .contains("`assets/new` is not part")
        );
        assert!(
            fault(&|root| fs::create_dir(root.join("scripts")).unwrap())
                .contains("`scripts` is not part")
        );
        assert!(
            fault(&|root| fs::remove_dir(root.join("assets/deep/empty")).unwrap())
                .contains("`assets/deep/empty` is missing")
        );
        let link = |root: &Path| {
            fs::remove_file(root.join("SKILL.md")).unwrap();
            std::os::unix::fs::symlink("assets/a b.txt", root.join("SKILL.md")).unwrap();
        };
        assert!(fault(&link).contains("`SKILL.md` is not part"));
    }

    #[test]
    fn what_was_signed_is_listed_as_it_was_signed() {
        let (folder, listing) = package();
        let measured = |text: &str| Measured {
            digest: Digest::of(text.as_bytes()),
            size: text.len() as u64,
        };
        let check = |path, text| listing.check(folder.path(), &[(path, measured(text))]);
        check("SKILL.md", "# hello").unwrap();
        for (path, text) in [("SKILL.md", "# hullo"), ("skill.json", "{}")] {
            let failure = check(path, text).unwrap_err();
            assert_eq!(failure.kind, crate::failure::Kind::Verification);
            assert!(failure.one_line().contains("not listed as it was signed"));
        }
    }
}
