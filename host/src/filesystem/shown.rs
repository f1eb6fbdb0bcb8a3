//! Which folders a guest sees, and under which names.
//!
//! Each granted folder twice, as `/workspace/a/b` and as `a/b`, since C libraries ignore the initial
//! working folder; the workspace itself as `/workspace` and `.`, denying everything where it is not
//! granted; the package's assets as `/assets`.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use claw_package::permission;

use super::place::{Access, Place, Rules};
use super::volume::{Hidden, Volume};
use super::walk::{Last, Refusal, Target, walk};
use super::{Closed, Descriptor, Folder, Setup, os};
use crate::bindings::wasi::filesystem::types::ErrorCode;
use crate::denial::DenialReason;

/// A folder and the name it is shown under.
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) descriptor: Descriptor,
}

/// Opens every granted folder.
pub(crate) fn open(setup: &Setup) -> Vec<Shown> {
    let root = match &setup.workspace {
        Some(path) => open_workspace(path, setup),
        None => Err(Refusal::Denied(DenialReason::NotGranted)),
    };
    let mut shown = Vec::new();
    let mut show = |granted: &str, descriptor: Descriptor| {
        let (absolute, relative) = match granted {
            "" => ("/workspace".to_owned(), "."),
            path => (format!("/workspace/{path}"), path),
        };
        shown.push(Shown {
            name: absolute,
            descriptor: descriptor.clone(),
        });
        shown.push(Shown {
            name: relative.to_owned(),
            descriptor,
        });
    };
    let mut whole = None;
    for (folder, access) in setup.rules.folders() {
        let descriptor = match &root {
            Ok(root) => open_granted(root, folder, access),
            Err(why) => closed(folder, *why),
        };
        match folder.is_workspace() {
            true => whole = Some(descriptor),
            false => show(&folder.to_string(), descriptor),
        }
    }
    show(
        "",
        whole.unwrap_or_else(|| {
            let why = match root {
                Err(Refusal::Denied(reason)) => reason,
                _ => DenialReason::NotGranted,
            };
            closed(&permission::Folder::workspace(), why.into())
        }),
    );
    if let Some(assets) = setup
        .assets
        .as_deref()
        .and_then(|path| open_assets(path, setup))
    {
        shown.push(Shown {
            name: "/assets".to_owned(),
            descriptor: assets,
        });
    }
    shown
}

fn open_workspace(path: &Path, setup: &Setup) -> Result<Arc<Folder>, Refusal> {
    let handle = os::open_root(path)?;
    if os::is_kernel(&handle)? {
        return Err(DenialReason::Special.into());
    }
    let hidden = Hidden::open(setup.home.as_deref())?;
    if hidden.contains(&handle)? {
        return Err(DenialReason::Hidden.into());
    }
    Ok(folder(handle, setup.rules.clone(), hidden, setup))
}

/// A package without assets shows none.
fn open_assets(path: &Path, setup: &Setup) -> Option<Descriptor> {
    let handle = os::open_root(path).ok()?;
    let folder = folder(handle, Rules::ReadOnly, Hidden::default(), setup);
    Some(Descriptor::Folder(folder))
}

/// The top of a volume.
fn folder(handle: OwnedFd, rules: Rules, hidden: Hidden, setup: &Setup) -> Arc<Folder> {
    let quota = setup.quota.clone();
    Arc::new(Folder {
        volume: Arc::new(Volume {
            rules,
            hidden,
            quota,
        }),
        handle: Arc::new(handle),
        place: Place::default(),
        held: None,
    })
}

fn open_granted(root: &Arc<Folder>, folder: &permission::Folder, access: Access) -> Descriptor {
    if folder.is_workspace() {
        return Descriptor::Folder(Arc::clone(root));
    }
    match find_granted(root, folder, access) {
        Ok(found) => Descriptor::Folder(Arc::new(found)),
        Err(why) => closed(folder, why),
    }
}

/// A folder that may be written is made when it is missing: that is what it was granted for.
fn find_granted(
    root: &Arc<Folder>,
    folder: &permission::Folder,
    access: Access,
) -> Result<Folder, Refusal> {
    let mut path = String::new();
    for name in folder.components() {
        path.push_str(name);
        path.push('/');
        let found = walk(root, &path, Last::Follow)?;
        if found.target.is_none()
            && access == Access::Write
            && !found.place.is_protected()
            && !found.alias
            // A link that leads nowhere yet must not choose where.
            && (root.volume.rules.allow(Access::Write, &found.place)
                || found.place == Place::default().lexical(&path))
            && let Some(entry) = &found.entry
        {
            match os::create_folder(&entry.parent, &entry.name) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let found = walk(root, &path, Last::Follow)?;
    let Some(Target::Folder(handle, _)) = found.target else {
        return Err(Refusal::Code(ErrorCode::NoEntry));
    };
    // A link within the workspace may lead to what was not granted.
    if !root.volume.rules.allow(Access::Read, &found.place) {
        return Err(DenialReason::Escape.into());
    }
    Ok(Folder {
        volume: Arc::clone(&root.volume),
        handle,
        place: found.place,
        held: None,
    })
}

fn closed(folder: &permission::Folder, why: Refusal) -> Descriptor {
    let place = Place::default().lexical(&folder.to_string());
    Descriptor::Closed(Arc::new(Closed { place, why }))
}
