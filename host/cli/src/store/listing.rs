//! The list of an unpacked package's files, written when the package was verified whole.
//!
//! Component and manifest are checked against the signature at each load. The signature covers
//! everything else only as one archive, which is not kept; this list notices when one of those
//! files was altered, removed or added since.

use std::collections::BTreeMap;
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
}

impl Listing {
    pub(super) fn add(&mut self, path: &str, measured: Measured) {
        self.files.insert(path.to_owned(), measured);
    }

    /// One file a line: digest, size, path.
    pub(super) fn to_text(&self) -> String {
        self.files
            .iter()
            .map(|(path, measured)| format!("{measured} {path}\n"))
            .collect()
    }

    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let wrong = || Failure::verification("the list of the package's files does not hold");
        let mut listing = Listing::default();
        for line in text.lines() {
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

    /// Compares a folder with the list. Files in `known` were checked already and only have to be
    /// listed.
    pub(super) fn check(&self, package: &Path, known: &[&str]) -> Outcome {
        let mut seen = 0;
        self.check_folder(package, "", known, &mut seen)?;
        if seen == self.files.len() {
            return Ok(());
        }
        let gone = self.files.keys().find(|path| !package.join(path).is_file());
        let gone = gone.map_or_else(String::new, |path| format!("`{path}` "));
        Err(Failure::verification(format!(
            "{gone}is missing in the package"
        )))
    }

    fn check_folder(
        &self,
        folder: &Path,
        prefix: &str,
        known: &[&str],
        seen: &mut usize,
    ) -> Outcome {
        let act = || format!("could not read `{}`", folder.display());
        for entry in fs::read_dir(folder).or_fail(Kind::Io, act())? {
            let entry = entry.or_fail(Kind::Io, act())?;
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            // Links are not followed here.
            let kind = entry.file_type().or_fail(Kind::Io, act())?;
            if kind.is_dir() {
                self.check_folder(&entry.path(), &format!("{path}/"), known, seen)?;
                continue;
            }
            let Some(measured) = self.files.get(&path).filter(|_| kind.is_file()) else {
                return Err(Failure::verification(format!(
                    "`{path}` is not part of the package"
                )));
            };
            *seen += 1;
            if known.contains(&path.as_str()) {
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
        (folder, listing)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (_folder, listing) = package();
        assert_eq!(Listing::parse(&listing.to_text()).unwrap(), listing);
        for text in [
            "x",
            "sha256:00 1 a\n",
            &listing.to_text().replacen("sha256:", "sha256:0", 1),
            listing.to_text().trim_end(),
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
        let link = |root: &Path| {
            fs::remove_file(root.join("SKILL.md")).unwrap();
            std::os::unix::fs::symlink("assets/a b.txt", root.join("SKILL.md")).unwrap();
        };
        assert!(fault(&link).contains("`SKILL.md` is not part"));
    }
}
