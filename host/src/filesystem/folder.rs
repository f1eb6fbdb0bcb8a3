//! What can be done with a path: open, look, create, move, remove.
//!
//! Each operation walks to the real place first, asks the rules about that place, and then acts on
//! one name in one open folder.

use std::sync::Arc;

use rustix::fs::Timestamps;
use rustix::io::Errno;

use super::file::OpenFile;
use super::os::{self, OpenFor, Stat};
use super::place::{Access, Rules};
use super::walk::{Entry, Found, Last, Refusal, Target, link_text, walk};
use super::{Descriptor, Folder, Held, Listing};
use crate::bindings::wasi::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags};
use crate::denial::DenialReason;

/// How often a path is walked again because it changed under our feet.
const ATTEMPTS_MAX: usize = 8;

/// How a path is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) last: Last,
    pub(crate) open: OpenFlags,
    pub(crate) wanted: DescriptorFlags,
}

impl Opening {
    /// Whether it could change anything.
    pub(crate) fn changes(&self) -> bool {
        self.open
            .intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
            || self.wanted.contains(DescriptorFlags::WRITE)
    }

    fn writes(&self) -> bool {
        self.wanted.contains(DescriptorFlags::WRITE) || self.open.contains(OpenFlags::TRUNCATE)
    }

    fn purpose(&self) -> OpenFor {
        match (self.wanted.contains(DescriptorFlags::READ), self.writes()) {
            (true, true) => OpenFor::Both,
            (false, true) => OpenFor::Write,
            _ => OpenFor::Read,
        }
    }
}

impl Folder {
    pub(crate) fn open_at(&self, path: &str, opening: Opening) -> Result<Descriptor, Refusal> {
        let synced = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if opening.wanted.intersects(synced) {
            return Err(Refusal::Code(ErrorCode::Unsupported));
        }
        if opening
            .open
            .contains(OpenFlags::CREATE | OpenFlags::DIRECTORY)
        {
            return Err(Refusal::Code(ErrorCode::Invalid));
        }
        for _ in 0..ATTEMPTS_MAX {
            if let Some(descriptor) = self.try_open_at(path, opening)? {
                return Ok(descriptor);
            }
        }
        Err(Refusal::Code(ErrorCode::Busy))
    }

    /// None when what was there is not there any more.
    fn try_open_at(&self, path: &str, opening: Opening) -> Result<Option<Descriptor>, Refusal> {
        let mut found = walk(self, path, opening.last)?;
        let exclusive = opening
            .open
            .contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
        match found.target.take() {
            None if !opening.open.contains(OpenFlags::CREATE) => Err(ErrorCode::NoEntry.into()),
            None if found.slash => Err(ErrorCode::IsDirectory.into()),
            None => self.create(&found, opening),
            Some(_) if exclusive => Err(ErrorCode::Exist.into()),
            Some(Target::Folder(..)) if opening.changes() => Err(ErrorCode::IsDirectory.into()),
            Some(Target::Folder(handle, _)) => Ok(Some(Descriptor::Folder(Arc::new(Self {
                held: Some(Arc::new(self.volume.quota.hold()?)),
                volume: Arc::clone(&self.volume),
                handle,
                place: found.place,
            })))),
            Some(_) if opening.open.contains(OpenFlags::DIRECTORY) => {
                Err(ErrorCode::NotDirectory.into())
            }
            Some(Target::Link(_)) => Err(ErrorCode::Loop.into()),
            Some(Target::Special(_)) => Err(DenialReason::Special.into()),
            Some(Target::File(_)) => self.open_file(&found, opening),
        }
    }

    fn create(&self, found: &Found, opening: Opening) -> Result<Option<Descriptor>, Refusal> {
        self.check_change(found)?;
        let held = self.volume.quota.hold()?;
        self.volume.quota.charge_entry()?;
        let entry = entry(found)?;
        match os::create_file(&entry.parent, &entry.name, opening.purpose()) {
            Ok(file) => Ok(Some(self.opened(file, found, opening, Ok(()), held))),
            Err(Errno::EXIST) if !opening.open.contains(OpenFlags::EXCLUSIVE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn open_file(&self, found: &Found, opening: Opening) -> Result<Option<Descriptor>, Refusal> {
        let mut change = self.check_change(found);
        if opening.writes() {
            change?;
        }
        let held = self.volume.quota.hold()?;
        let entry = entry(found)?;
        let file = match os::open_file(&entry.parent, &entry.name, opening.purpose()) {
            Ok(file) => file,
            // It has become a link, or gone.
            Err(Errno::LOOP | Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // What is open now is what counts, whatever was there before.
        let stat = os::stat(&file)?;
        if !stat.kind().is_file() {
            return Ok(None);
        }
        // A single file can be mounted as well.
        if os::is_kernel(&file)? {
            return Err(DenialReason::Special.into());
        }
        change = change.and_then(|()| check_links(&stat));
        if opening.writes() {
            change?;
        }
        if opening.open.contains(OpenFlags::TRUNCATE) {
            file.set_len(0)?;
        }
        Ok(Some(self.opened(file, found, opening, change, held)))
    }

    fn opened(
        &self,
        file: std::fs::File,
        found: &Found,
        opening: Opening,
        change: Result<(), Refusal>,
        held: Held,
    ) -> Descriptor {
        Descriptor::File(Arc::new(OpenFile {
            file: Arc::new(file),
            readable: opening.purpose() != OpenFor::Write,
            writable: opening.writes(),
            change,
            place: found.place.clone(),
            quota: self.volume.quota.clone(),
            _held: held,
        }))
    }

    /// What is there. A link itself where it is not followed.
    pub(crate) fn stat_at(&self, path: &str, last: Last) -> Result<Stat, Refusal> {
        let found = walk(self, path, last)?;
        Ok(*found.target.ok_or(ErrorCode::NoEntry)?.stat())
    }

    pub(crate) fn read_link_at(&self, path: &str) -> Result<String, Refusal> {
        let found = walk(self, path, Last::Keep)?;
        match &found.target {
            Some(Target::Link(_)) => link_text(entry(&found)?),
            Some(_) => Err(ErrorCode::Invalid.into()),
            None => Err(ErrorCode::NoEntry.into()),
        }
    }

    pub(crate) fn create_folder_at(&self, path: &str) -> Result<(), Refusal> {
        let found = walk(self, path, Last::Keep)?;
        if found.target.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        self.check_change(&found)?;
        self.volume.quota.charge_entry()?;
        let entry = entry(&found)?;
        Ok(os::create_folder(&entry.parent, &entry.name)?)
    }

    pub(crate) fn remove_file_at(&self, path: &str) -> Result<(), Refusal> {
        let found = self.existing(path)?;
        if matches!(found.target, Some(Target::Folder(..))) {
            return Err(ErrorCode::IsDirectory.into());
        }
        self.check_change(&found)?;
        let entry = entry(&found)?;
        Ok(os::remove_file(&entry.parent, &entry.name)?)
    }

    pub(crate) fn remove_folder_at(&self, path: &str) -> Result<(), Refusal> {
        let found = self.existing(path)?;
        if !matches!(found.target, Some(Target::Folder(..))) {
            return Err(ErrorCode::NotDirectory.into());
        }
        self.check_change(&found)?;
        let entry = entry(&found)?;
        Ok(os::remove_folder(&entry.parent, &entry.name)?)
    }

    pub(crate) fn rename_at(&self, path: &str, to: &Self, new: &str) -> Result<(), Refusal> {
        let (old, new) = (self.existing(path)?, walk(to, new, Last::Keep)?);
        self.check_change(&old)?;
        to.check_change(&new)?;
        // Somewhere else it would lead somewhere else.
        if matches!(old.target, Some(Target::Link(_))) {
            return Err(DenialReason::SymbolicLink.into());
        }
        let (old, new) = (entry(&old)?, entry(&new)?);
        Ok(os::rename(&old.parent, &old.name, &new.parent, &new.name)?)
    }

    pub(crate) fn link_at(
        &self,
        path: &str,
        last: Last,
        to: &Self,
        new: &str,
    ) -> Result<(), Refusal> {
        if last == Last::Follow {
            return Err(ErrorCode::Invalid.into());
        }
        let (old, new) = (self.existing(path)?, walk(to, new, Last::Keep)?);
        self.check_change(&old)?;
        to.check_change(&new)?;
        match old.target {
            Some(Target::File(_)) => {}
            Some(Target::Folder(..)) => return Err(ErrorCode::NotPermitted.into()),
            Some(Target::Link(_)) => return Err(DenialReason::SymbolicLink.into()),
            Some(Target::Special(_)) | None => return Err(DenialReason::Special.into()),
        }
        self.volume.quota.charge_entry()?;
        let (old, new) = (entry(&old)?, entry(&new)?);
        Ok(os::link(&old.parent, &old.name, &new.parent, &new.name)?)
    }

    pub(crate) fn set_times_at(
        &self,
        path: &str,
        last: Last,
        times: &Timestamps,
    ) -> Result<(), Refusal> {
        let found = walk(self, path, last)?;
        let target = found.target.as_ref().ok_or(ErrorCode::NoEntry)?;
        match target {
            Target::Folder(..) => self.check_folder(&found)?,
            Target::File(stat) => {
                self.check_change(&found)?;
                check_links(stat)?;
            }
            Target::Link(_) => self.check_change(&found)?,
            Target::Special(_) => return Err(DenialReason::Special.into()),
        }
        match &found.entry {
            Some(entry) => Ok(os::set_times_at(&entry.parent, &entry.name, times)?),
            None => Ok(os::set_times_at(&self.handle, ".".as_ref(), times)?),
        }
    }

    pub(crate) fn list(&self) -> Result<Listing, Refusal> {
        Listing::open(self)
    }

    /// Whether this very folder may be written into.
    pub(crate) fn may_write(&self) -> bool {
        self.volume.rules.allow(Access::Write, &self.place) && !self.place.is_protected()
    }

    fn existing(&self, path: &str) -> Result<Found, Refusal> {
        let found = walk(self, path, Last::Keep)?;
        match found.target {
            Some(_) => Ok(found),
            None => Err(ErrorCode::NoEntry.into()),
        }
    }

    /// Whether this name may be created, written, moved or removed. That is a matter of the folder
    /// it is in.
    fn check_change(&self, found: &Found) -> Result<(), Refusal> {
        self.check_place(found, &found.place.parent())
    }

    /// Whether this folder itself may be changed.
    fn check_folder(&self, found: &Found) -> Result<(), Refusal> {
        self.check_place(found, &found.place)
    }

    fn check_place(&self, found: &Found, place: &super::Place) -> Result<(), Refusal> {
        if !self.volume.rules.allow(Access::Write, place) {
            return Err(Refusal::Denied(match self.volume.rules {
                Rules::ReadOnly => DenialReason::ReadOnly,
                Rules::Granted { .. } => DenialReason::NotGranted,
            }));
        }
        if found.alias || found.place.is_protected() {
            return Err(DenialReason::Protected.into());
        }
        match &found.target {
            Some(Target::Folder(_, stat)) if self.volume.hidden.is_below(stat.identity()) => {
                Err(DenialReason::Hidden.into())
            }
            _ => Ok(()),
        }
    }
}

/// A file with another name may be outside of every grant under that one.
fn check_links(stat: &Stat) -> Result<(), Refusal> {
    if stat.links() > 1 {
        Err(DenialReason::HardLink.into())
    } else {
        Ok(())
    }
}

/// The folder that a walk started in has no name there.
fn entry(found: &Found) -> Result<&Entry, Refusal> {
    found.entry.as_ref().ok_or(Refusal::Code(ErrorCode::Busy))
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}
