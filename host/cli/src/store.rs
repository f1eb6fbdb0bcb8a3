//! Installed releases, in `$CLAW_HOME/store/<namespace>/<name>/<note digest>/`.
//!
//! A release is unpacked elsewhere and moved in once everything about it was verified. Nothing that
//! is read back is believed for that: [`Stored::load`] checks signature and digests each time.

mod counted;
mod listing;
mod unpack;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use claw_package::{Digest, NoSink, Package, PackageName, SkillJson, limits};
use claw_trust::{
    Keyset, KeysetRef, NOTE_BYTES_MAX, VerifiedComponent, VerifiedRelease, VerifiedYank, YankAction,
};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output;
use crate::registry::Source;
use crate::resolve::{Offer, reason};

use counted::Counted;
use listing::{LISTING_BYTES_MAX, Listing};
pub(crate) use unpack::Unpack;

const RELEASE_NOTE: &str = "release.note";
const KEYSET_NOTE: &str = "keyset.note";
const YANK_NOTE: &str = "yank.note";
const FILES: &str = "files";
const COMPONENT: &str = "skill.wasm";
const MANIFEST: &str = "skill.json";
const PACKAGE: &str = "package";

/// A release from the store whose signature and digests held just now.
#[derive(Debug)]
pub(crate) struct Stored {
    folder: PathBuf,
    pub(crate) release: VerifiedRelease,
    /// What the host takes.
    pub(crate) component: VerifiedComponent,
    manifest: Vec<u8>,
}

impl Stored {
    /// Reads one release and checks all of it: the note against its digest and the pinned keyset,
    /// the unpacked package against the note. `None` if it is not installed.
    pub(crate) fn load(
        home: &Home,
        name: &PackageName,
        note: &Digest,
        keyset: &KeysetRef,
    ) -> Outcome<Option<Self>> {
        let folder = home.release_folder(name, note);
        if !folder.exists() {
            return Ok(None);
        }
        Stored::read(folder, name, note, keyset)
            .map(Some)
            .map_err(|failure| {
                let act = format!("the installed `{name}` is not as it was signed");
                Failure {
                    kind: Kind::Verification,
                    ..failure
                }
                .during(act)
                .hint("claw install")
            })
    }

    fn read(
        folder: PathBuf,
        name: &PackageName,
        note: &Digest,
        pinned: &KeysetRef,
    ) -> Outcome<Self> {
        let keyset = Keyset::verify(&part(&folder, KEYSET_NOTE, NOTE_BYTES_MAX as u64)?)
            .or_fail(Kind::Verification, format!("`{KEYSET_NOTE}` does not hold"))?;
        if keyset.reference() != *pinned {
            let message = format!(
                "`{KEYSET_NOTE}` is the keyset `{}`, and the pinned one is `{pinned}`",
                keyset.reference()
            );
            return Err(Failure::verification(message));
        }
        let bytes = part(&folder, RELEASE_NOTE, NOTE_BYTES_MAX as u64)?;
        let found = Digest::of(&bytes);
        if found != *note {
            return Err(Failure::verification(format!(
                "the digest of `{RELEASE_NOTE}` is `{found}`, and not `{note}`"
            )));
        }
        let release = VerifiedRelease::verify(&bytes, &keyset).or_fail(
            Kind::Verification,
            format!("`{RELEASE_NOTE}` does not hold"),
        )?;
        if release.release().package != *name {
            return Err(Failure::verification(format!(
                "`{RELEASE_NOTE}` is of `{}`",
                release.release().package
            )));
        }
        let package = folder.join(PACKAGE);
        let component = part(&package, COMPONENT, limits::COMPONENT_BYTES_MAX)?;
        let manifest = part(&package, MANIFEST, limits::SKILL_JSON_BYTES_MAX)?;
        let component = VerifiedComponent::installed(&release, component, &manifest)
            .or_fail(Kind::Verification, "its files were altered")?;
        let files = String::from_utf8(part(&folder, FILES, LISTING_BYTES_MAX)?);
        let files = files.or_fail(Kind::Verification, format!("`{FILES}` does not hold"))?;
        let signed = release.release();
        let signed = [(COMPONENT, signed.component), (MANIFEST, signed.manifest)];
        Listing::parse(&files)?.check(&package, &signed)?;
        Ok(Stored {
            folder,
            release,
            component,
            manifest,
        })
    }

    /// What the package says about itself.
    pub(crate) fn skill_json(&self) -> Outcome<SkillJson> {
        let act = || format!("the manifest of `{}` can't be read", self.release.title());
        SkillJson::parse(&self.manifest).or_fail(Kind::Verification, act())
    }

    /// The package's assets, if it has any.
    pub(crate) fn assets(&self) -> Option<PathBuf> {
        Some(self.folder.join(PACKAGE).join("assets")).filter(|path| path.is_dir())
    }
}

/// Brings a verified offer into the store, or finds that it is there.
pub(crate) async fn install(home: &Home, source: &Source, offer: &Offer) -> Outcome<Stored> {
    let name = &offer.release.release().package;
    let note = offer.release.note_digest();
    let keyset = source.keyset.reference();
    let folder = home.release_folder(name, &note);
    // A damaged copy is as good as none.
    if let Ok(Some(stored)) = Stored::load(home, name, &note, &keyset) {
        keep_yank(&folder, offer)?;
        return Ok(stored);
    }
    let incoming = home.incoming();
    durable::make_private_folder(&incoming)?;
    clear(&incoming).or_fail(Kind::Io, "could not clear what was left half unpacked")?;
    let staging = tempfile::Builder::new()
        .prefix("release-")
        .tempdir_in(&incoming);
    let staging = staging.or_fail(Kind::Io, "could not make a folder to unpack into")?;
    fetch(source, offer, staging.path()).await?;
    move_in(staging, offer, source, &folder)?;
    let stored = Stored::load(home, name, &note, &keyset)?;
    stored.ok_or_else(|| {
        Failure::new(
            Kind::Io,
            format!("`{}` vanished while it was installed", folder.display()),
        )
    })
}

/// Removes what a killed claw left behind. The caller holds the lock of the home folder.
fn clear(incoming: &Path) -> io::Result<()> {
    for entry in fs::read_dir(incoming)? {
        fs::remove_dir_all(entry?.path())?;
    }
    Ok(())
}

async fn fetch(source: &Source, offer: &Offer, staging: &Path) -> Outcome {
    let mut file = download(source, offer).await?;
    let package = staging.join(PACKAGE);
    let act = || format!("the package of `{}` does not hold", offer.release.title());
    let mut sink = Unpack::into(&package).or_fail(Kind::Io, "could not unpack")?;
    let read = claw_package::read(&mut file, &mut sink).or_fail(Kind::Verification, act())?;
    offer
        .release
        .check_package(&read)
        .or_fail(Kind::Verification, act())?;
    durable::write(
        &staging.join(FILES),
        sink.listing.to_text().as_bytes(),
        Audience::Owner,
    )
}

/// What a package holds, verified, with nothing kept of it.
pub(crate) async fn look(source: &Source, offer: &Offer) -> Outcome<Package> {
    let file = download(source, offer).await?;
    let act = || format!("the package of `{}` does not hold", offer.release.title());
    let package = claw_package::read(file, &mut NoSink).or_fail(Kind::Verification, act())?;
    let checked = offer.release.check_package(&package);
    checked.or_fail(Kind::Verification, act())?;
    Ok(package)
}

/// The package's bytes, of the signed digest and length, in a nameless file at its beginning.
async fn download(source: &Source, offer: &Offer) -> Outcome<File> {
    let act = || {
        format!(
            "could not download `{}` from `{}`",
            offer.release.title(),
            source.registry.address
        )
    };
    let tarball = &offer.release.release().tarball;
    let file = tempfile::tempfile().or_fail(Kind::Io, act())?;
    let what = format!("downloading {}", offer.release.title());
    let mut counted = Counted {
        file: tokio::fs::File::from_std(file),
        busy: output::busy_with(what, tarball.size),
    };
    let client = &source.registry.client;
    let downloaded = client.download(&tarball.digest, tarball.size, &mut counted);
    let downloaded = downloaded.await;
    downloaded.map_err(|error| crate::registry::request_failure(error, act()))?;
    let mut file = counted.file.into_std().await;
    file.rewind().or_fail(Kind::Io, act())?;
    Ok(file)
}

fn move_in(staging: tempfile::TempDir, offer: &Offer, source: &Source, folder: &Path) -> Outcome {
    let write = |name: &str, bytes: &[u8]| {
        durable::write(&staging.path().join(name), bytes, Audience::Owner)
    };
    write(RELEASE_NOTE, &offer.release.note_bytes())?;
    write(KEYSET_NOTE, &source.keyset_note)?;
    let act = || format!("could not store `{}`", offer.release.title());
    durable::sync_tree(staging.path()).or_fail(Kind::Io, act())?;
    let parent = folder
        .parent()
        .ok_or_else(|| Failure::new(Kind::Bug, "a release without a folder"))?;
    durable::make_private_folder(parent)?;
    let moved = (|| {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::rename(staging.keep(), folder)?;
        durable::sync_folder(parent)
    })();
    moved.or_fail(Kind::Io, act())?;
    keep_yank(folder, offer)
}

/// Remembers why a release is hidden, or that it is hidden no more.
fn keep_yank(folder: &Path, offer: &Offer) -> Outcome {
    let path = folder.join(YANK_NOTE);
    match &offer.yank {
        Some(yank) => durable::write(&path, &yank.note_bytes(), Audience::Owner),
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).or_fail(Kind::Io, format!("could not remove `{}`", path.display()))
            }
            _ => Ok(()),
        },
    }
}

/// Whether a release was known to be yanked when it was installed or checked last.
pub(crate) fn was_yanked(home: &Home, name: &PackageName, note: &Digest) -> bool {
    home.release_folder(name, note).join(YANK_NOTE).exists()
}

/// What a release says about itself, for showing while somebody types. Nothing of it is verified, and
/// nothing may be decided by it.
pub(crate) fn glance(home: &Home, name: &PackageName, note: &Digest) -> Option<SkillJson> {
    let package = home.release_folder(name, note).join(PACKAGE);
    let bytes = part(&package, MANIFEST, limits::SKILL_JSON_BYTES_MAX).ok()?;
    SkillJson::parse(&bytes).ok()
}

/// Why a release is yanked, as far as was known when it was installed or checked last. The note is
/// verified again; one that does not hold is as good as none.
pub(crate) fn yank_reason(home: &Home, name: &PackageName, note: &Digest) -> Option<String> {
    let folder = home.release_folder(name, note);
    let bytes = |file| part(&folder, file, NOTE_BYTES_MAX as u64).ok();
    let keyset = Keyset::verify(&bytes(KEYSET_NOTE)?).ok()?;
    let yank = VerifiedYank::verify(&bytes(YANK_NOTE)?, &keyset).ok()?;
    let says = yank.yank();
    (says.action == YankAction::Yank && says.release == *note).then(|| reason(&yank))
}

/// The note of the keyset `digest`, from any release of the namespace that is in the store.
pub(crate) fn find_keyset(
    home: &Home,
    namespace: &str,
    wanted: &KeysetRef,
) -> Option<(Keyset, Vec<u8>)> {
    let packages = fs::read_dir(home.namespace_folder(namespace)).ok()?;
    let releases = packages
        .flatten()
        .filter_map(|package| fs::read_dir(package.path()).ok())
        .flatten()
        .flatten();
    releases.into_iter().find_map(|release| {
        let bytes = durable::read(
            &release.path().join(KEYSET_NOTE),
            NOTE_BYTES_MAX as u64,
            Audience::Everyone,
        )
        .ok()??;
        let keyset = Keyset::verify(&bytes).ok()?;
        (keyset.reference() == *wanted).then_some((keyset, bytes))
    })
}

/// Removes the releases of a package that are not among `kept`.
pub(crate) fn sweep(home: &Home, name: &PackageName, kept: &BTreeSet<Digest>) -> Outcome {
    let folder = home.package_folder(name);
    let kept: BTreeSet<_> = kept.iter().map(Digest::hex).collect();
    let swept = (|| {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if !entry
                .file_name()
                .to_str()
                .is_some_and(|note| kept.contains(note))
            {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    })();
    swept.or_fail(Kind::Io, format!("could not clear `{}`", folder.display()))
}

/// One file of a release; without it the release is not what was signed.
fn part(folder: &Path, name: &str, bytes_max: u64) -> Outcome<Vec<u8>> {
    let path = folder.join(name);
    let bytes = durable::read(&path, bytes_max, Audience::Everyone)?;
    bytes.ok_or_else(|| Failure::verification(format!("`{}` is missing", path.display())))
}
