//! The file system of a child at the level `full`: nothing but what it may use, at the paths that it has outside.
//!
//! What may be written is never executable, what may be executed or is only needed is read-only, and temporary
//! files are in memory. Paths were resolved by the host; each granted folder is compared with the one that was
//! granted, in case its name has become another's.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, mkdirat, openat, statat, symlinkat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
    mount_change, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, fchdir, pivot_root};
use rustix::thread::UnshareFlags;

use super::message::Stage;
use super::plan::{Granted, Plan};
use super::{kernel, protect};

/// What every mount of a child has.
pub(super) const PLAIN: u64 = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// What is only read, and not executed either.
pub(super) const DATA: u64 = PLAIN | libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOEXEC;

/// The devices that programs expect.
pub(super) const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// Folders that are somewhere on every system: the new root is put together on one of them.
const BASES: [&str; 3] = ["/tmp", "/usr", "/dev"];

/// The new root holds only names to mount over.
const ROOT_BYTES: u64 = 1024 * 1024;

/// Files and folders in memory: a build of a small project makes some thousands.
const INODES: u32 = 65_536;

const FOLDER: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A part of the old file system on its way into the new one.
struct Tree<'a> {
    mount: OwnedFd,
    path: &'a Path,
    kind: FileType,
}

/// Leaves the old file system.
pub(super) fn build(plan: &Plan) -> Result<(), (Stage, Errno)> {
    let at = |stage| move |error| (stage, error);
    let root = assemble(plan).map_err(at(Stage::Root))?;
    for granted in plan.granted.iter().filter(|granted| granted.writable) {
        protect::protect(&root, &granted.path, plan.keeps_repository)
            .map_err(at(Stage::Protect))?;
    }
    // Names in it are for mounting over: nobody adds any.
    kernel::restrict_mount(root.as_fd(), DATA, false).map_err(at(Stage::Root))?;
    enter(&root).map_err(at(Stage::Root))
}

fn assemble(plan: &Plan) -> Result<OwnedFd, Errno> {
    kernel::unshare(UnshareFlags::NEWNS)?;
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    let mut trees = Vec::new();
    for path in &plan.readable {
        trees.push(take(path, PLAIN | libc::MOUNT_ATTR_RDONLY)?);
    }
    let devices = DEVICES.map(Path::new);
    for path in devices.into_iter().filter(|path| path.exists()) {
        trees.push(take(
            path,
            libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
        )?);
    }
    let is_there = |path: &Path| plan.readable.iter().any(|folder| path.starts_with(folder));
    for path in plan.executable.iter().filter(|path| !is_there(path)) {
        trees.push(take(path, PLAIN | libc::MOUNT_ATTR_RDONLY)?);
    }
    for granted in &plan.granted {
        trees.push(take_granted(granted)?);
    }
    let root = memory(ROOT_BYTES)?;
    let base = BASES.iter().find(|base| Path::new(base).is_dir());
    let base = openat(CWD, *base.ok_or(Errno::NOENT)?, FOLDER, Mode::empty())?;
    put(&root, &base)?;
    let temporary = place(&root, &plan.temporary, FileType::Directory)?;
    put(&memory(plan.bounds.file_bytes)?, &temporary)?;
    for (path, text) in &plan.links {
        let (parent, name) = parent(&root, path)?;
        symlinkat(text, &parent, name)?;
    }
    for tree in trees {
        let place = place(&root, tree.path, tree.kind)?;
        put(&tree.mount, &place)?;
    }
    for path in &plan.hidden {
        let empty = memory(ROOT_BYTES)?;
        kernel::restrict_mount(empty.as_fd(), DATA, false)?;
        put(&empty, &place(&root, path, FileType::Directory)?)?;
    }
    Ok(root)
}

fn take_granted(granted: &Granted) -> Result<Tree<'_>, Errno> {
    let read_only = match granted.writable {
        true => 0,
        false => libc::MOUNT_ATTR_RDONLY,
    };
    let tree = take(&granted.path, PLAIN | libc::MOUNT_ATTR_NOEXEC | read_only)?;
    let stat = fstat(&tree.mount)?;
    if (stat.st_dev, stat.st_ino) != (granted.device, granted.inode) {
        return Err(Errno::STALE);
    }
    Ok(tree)
}

/// A copy of the mounts from `path` on, not yet anywhere.
fn take(path: &Path, attributes: u64) -> Result<Tree<'_>, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let source = openat(CWD, path, flags, Mode::empty())?;
    let kind = FileType::from_raw_mode(fstat(&source)?.st_mode);
    let mount = copy(&source, attributes)?;
    Ok(Tree { mount, path, kind })
}

/// A copy of the mounts from an open folder or file on.
pub(super) fn copy(source: impl AsFd, attributes: u64) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_EMPTY_PATH;
    let copy = open_tree(source, "", flags)?;
    kernel::restrict_mount(copy.as_fd(), attributes, true)?;
    Ok(copy)
}

/// Mounts a copy over what is open as `place`.
pub(super) fn put(copy: &OwnedFd, place: &OwnedFd) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(copy, "", place, "", flags)
}

/// An empty file system in memory, not yet anywhere.
fn memory(bytes: u64) -> Result<OwnedFd, Errno> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(&context, "size", bytes.to_string())?;
    fsconfig_set_string(&context, "nr_inodes", INODES.to_string())?;
    fsconfig_set_string(&context, "mode", "0755")?;
    fsconfig_create(&context)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// The folder that `path` is in below the new root, made where it is not there, and its name in it.
fn parent<'a>(root: &OwnedFd, path: &'a Path) -> Result<(OwnedFd, &'a OsStr), Errno> {
    let name = path.file_name().ok_or(Errno::INVAL)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut open = rustix::io::fcntl_dupfd_cloexec(root, 3)?;
    for component in folder.components() {
        if let Component::Normal(name) = component {
            open = enter_or_make(&open, name)?;
        }
    }
    Ok((open, name))
}

fn enter_or_make(folder: &OwnedFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    match openat(folder, name, FOLDER, Mode::empty()) {
        Err(Errno::NOENT) => {
            mkdirat(folder, name, Mode::from_raw_mode(0o755))?;
            openat(folder, name, FOLDER, Mode::empty())
        }
        opened => opened,
    }
}

/// Something of this kind below the new root to mount over, made where nothing is.
fn place(root: &OwnedFd, path: &Path, kind: FileType) -> Result<OwnedFd, Errno> {
    if path == Path::new("/") {
        return Err(Errno::INVAL);
    }
    let (parent, name) = parent(root, path)?;
    if kind == FileType::Directory {
        return enter_or_make(&parent, name);
    }
    if statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW).is_err() {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        openat(&parent, name, flags, Mode::from_raw_mode(0o644))?;
    }
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(&parent, name, flags, Mode::empty())
}

/// Makes it the root, and lets go of the old one.
fn enter(root: &OwnedFd) -> Result<(), Errno> {
    fchdir(root)?;
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")
}
