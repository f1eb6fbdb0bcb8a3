//! Control groups (cgroup v2): bounds that hold for a child and everything that it starts together, where resource
//! limits count each process by itself.
//!
//! A group is made only in what was delegated to this user: beside the host's own group, or in the root of a machine
//! without a service manager. Nothing of anybody else's is moved or changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, access, getxattr};
use rustix::io::Errno;
use rustix::process::{geteuid, getpid};

use super::plan::Bounds;

/// What a group must be able to bound.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// Before the number of the process that made it.
const PREFIX: &str = "claw-";

/// How long the last of a group may take to be gone, in turns of [`TURN`]. It takes less than one.
const TURNS_MAX: usize = 50;

const TURN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};

/// Where groups can be made.
pub(super) struct Groups {
    parent: PathBuf,
}

/// The group of one child.
#[derive(Clone)]
pub(super) struct Group {
    path: PathBuf,
}

impl Groups {
    /// None where nothing was delegated, or what was can't bound what it has to.
    pub(super) fn find() -> Option<Self> {
        let mount = mount(&fs::read_to_string("/proc/self/mountinfo").ok()?)?;
        let own = own(&fs::read_to_string("/proc/self/cgroup").ok()?)?;
        let groups = Self {
            parent: mount.join(own.parent().unwrap_or(&own)),
        };
        let works = groups.is_delegated() && groups.controls() && groups.works(&mount.join(&own));
        works.then(|| {
            groups.clear();
            groups
        })
    }

    /// A user was given what it may write. Root may write everything, so there it has to be said.
    fn is_delegated(&self) -> bool {
        let may_write = |name: &str| access(self.parent.join(name), Access::WRITE_OK).is_ok();
        let is_said = || {
            let is_marked = |name: &str| {
                let mut value = [0; 1];
                getxattr(&self.parent, name, &mut value).is_ok() && value == *b"1"
            };
            !Path::new("/run/systemd/system").exists()
                || is_marked("trusted.delegate")
                || is_marked("user.delegate")
        };
        may_write("") && may_write("cgroup.procs") && (!geteuid().is_root() || is_said())
    }

    /// Whether groups in it are bounded, or could be made so.
    fn controls(&self) -> bool {
        let file = self.parent.join("cgroup.subtree_control");
        let has_all = || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let on: Vec<_> = text.split_whitespace().collect();
            CONTROLLERS.iter().all(|wanted| on.contains(wanted))
        };
        let wanted = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
        has_all() || (fs::write(&file, wanted).is_ok() && has_all())
    }

    /// Whether this process can go into one and come back.
    fn works(&self, own: &Path) -> bool {
        let Ok(group) = self.make(None) else {
            return false;
        };
        let came_back = group.enter().is_ok() && enter(own).is_ok();
        group.end();
        came_back
    }

    /// What was left by helpers that were killed.
    fn clear(&self) {
        for entry in fs::read_dir(&self.parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let maker = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            if maker.is_some_and(|maker| !Path::new("/proc").join(maker).exists()) {
                // It stays while anything is in it.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    /// A new one, of this process. Nothing is in it yet.
    pub(super) fn make(&self, bounds: Option<&Bounds>) -> Result<Group, Errno> {
        let name = format!("{PREFIX}{}", getpid().as_raw_nonzero());
        let group = Group {
            path: self.parent.join(name),
        };
        fs::create_dir(&group.path).map_err(errno)?;
        let bounded = bounds.map_or(Ok(()), |bounds| group.bound(bounds));
        bounded.inspect_err(|_| group.end())?;
        Ok(group)
    }
}

impl Group {
    fn bound(&self, bounds: &Bounds) -> Result<(), Errno> {
        // Files in memory count, too, and have a bound of their own.
        let memory = bounds.memory_bytes.saturating_add(bounds.file_bytes);
        self.set("memory.max", &memory.to_string())?;
        self.set("pids.max", &bounds.processes.to_string())?;
        // Older kernels, and those without swap, lack one or the other.
        for (name, value) in [("memory.swap.max", "0"), ("memory.oom.group", "1")] {
            match self.set(name, value) {
                Ok(()) | Err(Errno::NOENT | Errno::ACCESS) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set(&self, name: &str, value: &str) -> Result<(), Errno> {
        // Nothing is made here: what is not there is no setting.
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path.join(name));
        file.and_then(|mut file| io::Write::write_all(&mut file, value.as_bytes()))
            .map_err(errno)
    }

    /// Puts this process into it, and whatever it forks from then on.
    pub(super) fn enter(&self) -> Result<(), Errno> {
        enter(&self.path)
    }

    /// Processor time that all in it have taken, ended ones too, in seconds.
    pub(super) fn cpu_seconds(&self) -> u64 {
        let text = fs::read_to_string(self.path.join("cpu.stat")).unwrap_or_default();
        let used = text
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "));
        let used = used.and_then(|used| used.trim().parse::<u64>().ok());
        used.unwrap_or_default() / 1_000_000
    }

    /// Ends everything in it at once, where the kernel can (Linux 5.14).
    pub(super) fn kill(&self) {
        let _ = self.set("cgroup.kill", "1");
    }

    /// Removes it when the last in it is gone.
    pub(super) fn end(&self) {
        for _ in 0..TURNS_MAX {
            match fs::remove_dir(&self.path) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => self.wait(),
                // It is gone, or nobody can do anything about it.
                _ => return,
            }
        }
    }

    /// Until something in it has ended, for a turn at the most.
    fn wait(&self) {
        if let Ok(events) = fs::File::open(self.path.join("cgroup.events")) {
            let mut wanted = [PollFd::new(&events, PollFlags::PRI)];
            let _ = poll(&mut wanted, Some(&TURN));
        }
    }
}

fn enter(group: &Path) -> Result<(), Errno> {
    fs::write(group.join("cgroup.procs"), "0").map_err(errno)
}

fn errno(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// Where the one tree of groups is, whole.
fn mount(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        let is_it = after.starts_with("cgroup2 ") && root == "/" && !place.contains('\\');
        is_it.then(|| PathBuf::from(place))
    })
}

/// The group of this process, below the mount. None for one that is outside of what can be seen.
fn own(groups: &str) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let path = PathBuf::from(path);
    let is_plain = |part| matches!(part, std::path::Component::Normal(_));
    path.components().all(is_plain).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_groups_is_found_where_it_is_mounted_whole() {
        let whole =
            "25 21 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
        let part = "25 21 0:22 /a /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw";
        let older = "26 21 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
        assert_eq!(mount(whole), Some("/sys/fs/cgroup".into()));
        assert_eq!(
            mount(&format!("{older}\n{whole}\n")),
            Some("/sys/fs/cgroup".into())
        );
        assert_eq!(mount(part), None);
        assert_eq!(mount(older), None);
    }

    #[test]
    fn the_own_group_is_below_the_mount_or_none() {
        assert_eq!(own("9:pids:/x\n0::/a/b.scope\n"), Some("a/b.scope".into()));
        assert_eq!(own("0::/\n"), Some("".into()));
        assert_eq!(own("0::/../other\n"), None);
        assert_eq!(own("9:pids:/\n"), None);
    }
}
