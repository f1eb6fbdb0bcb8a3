//! New namespaces: of users, so that the rest is allowed; of networks, IPC and host names, which all children of one
//! helper share, since nothing is in them and no child can put anything there: the filter has no sockets, shared memory
//! or message queues, and the privileges are another namespace's; of processes, for each child.
//!
//! The child keeps the user and group that it has outside: only the privileges in its namespaces are new, and they
//! are dropped before the program starts.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

use super::kernel;

/// Enters what all children share. A namespace of networks takes longer to make than everything else together.
pub(super) fn enter_common() -> Result<(), Errno> {
    enter_new(
        UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS,
    )
}

/// Enters those of one child. From here on the next process that is forked is the first of a new namespace. What is
/// shared belongs to other users' namespace than this one's, so that no privilege in this one reaches it.
pub(super) fn enter() -> Result<(), Errno> {
    enter_new(UnshareFlags::NEWUSER | UnshareFlags::NEWPID)
}

fn enter_new(namespaces: UnshareFlags) -> Result<(), Errno> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    kernel::unshare(namespaces)?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("{user} {user} 1"))?;
    write("/proc/self/gid_map", &format!("{group} {group} 1"))
}

/// Whether a number of processes can be set for one namespace.
///
/// Resource limits count for every user but the machine's own root, who is root in a namespace of users too. Since
/// Linux 6.14 a namespace of processes has a highest number of its own. Before, the same file is the whole
/// machine's, and must not be touched.
pub(super) fn has_own_count() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_str().unwrap_or_default();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) >= (6, 14))
}

/// Lets the namespace of this process have no more processes than its first numbers.
pub(super) fn bound_count() -> Result<(), Errno> {
    /// The least that can be set.
    const HIGHEST: &str = "301";
    write("/proc/sys/kernel/pid_max", HIGHEST)
}

fn write(path: &str, text: &str) -> Result<(), Errno> {
    let written = fs::write(path, text);
    written.map_err(|error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
