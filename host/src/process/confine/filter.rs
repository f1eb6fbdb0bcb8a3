//! The system calls that no child makes: seccomp.
//!
//! Everything is allowed but what is named here, and but calls that are newer than this list. Files are not for a
//! filter, which sees no paths: Landlock and the mounts are for those.

use std::collections::BTreeMap;

use seccompiler::BpfProgram;

use super::Level;
use super::files::Bounded;
use super::tree::{self, Condition, Verdict};

/// The last system call that was looked at: of Linux 6.18. What a later kernel adds is answered as not there, and so
/// is the second set of calls that x86-64 has, whose numbers have bit 30.
const LAST_KNOWN: u32 = 469;

/// Refused with `EPERM`, whatever their arguments are.
const REFUSED: &[i64] = &[
    // Ways out, or to other machines. `socketpair` is below.
    libc::SYS_socket,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Calls that pass this filter by, or that had more faults than uses.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_vmsplice,
    // Code that comes from no file.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    // Mounts and roots.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // Namespaces; `clone` is below.
    libc::SYS_unshare,
    libc::SYS_setns,
    // Keys.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Memory and messages shared by name with everything of this user.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
];

/// Those of one processor.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS__sysctl,
    libc::SYS_ustat,
    libc::SYS_sysfs,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Newer than the constants that there are: `statmount`, `listmount`, the attributes of security modules,
/// `open_tree_attr`, `file_getattr`, `file_setattr`.
const REFUSED_BY_NUMBER: &[i64] = &[457, 458, 459, 460, 461, 467, 468, 469];

/// Changes of a file's mode, owner, times and attributes. Landlock does not see them, so that where no mount
/// namespace bounds what has a path they are refused for all files.
const METADATA: &[i64] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    452, // fchmodat2
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    463, // setxattrat
    466, // removexattrat
];

#[cfg(target_arch = "x86_64")]
const METADATA_HERE: &[i64] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const METADATA_HERE: &[i64] = &[];

/// The one call that cuts a file without opening it. Landlock stops it from its third version on, and mounts that are
/// read-only always do.
const TRUNCATION: &[i64] = &[libc::SYS_truncate];

/// Signals to others. Landlock keeps them in from its sixth version on, and a pid namespace always does.
const SIGNALS: &[i64] = &[
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
];

/// Namespaces that `clone` could make.
const CLONE_NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// Refused for some of their arguments.
const BY_ARGUMENT: &[(i64, &[Condition])] = &[
    (
        libc::SYS_clone,
        &[Condition::HasAny(0, CLONE_NAMESPACES.cast_unsigned())],
    ),
    // Only streams between two ends of the local kind: what sends datagrams could be given any other end by its name.
    (
        libc::SYS_socketpair,
        &[
            Condition::IsNot(0, libc::AF_UNIX.cast_unsigned()),
            Condition::Is(1, 0xf, libc::SOCK_DGRAM.cast_unsigned()),
            Condition::Is(1, 0xf, libc::SOCK_RAW.cast_unsigned()),
            Condition::Is(1, 0xf, libc::SOCK_RDM.cast_unsigned()),
        ],
    ),
    // An address would say where to.
    (libc::SYS_sendto, &[Condition::Given(4)]),
    // Typing into a terminal, as if its user had.
    (
        libc::SYS_ioctl,
        &[
            Condition::Is(1, u32::MAX, libc::TIOCSTI as u32),
            Condition::Is(1, u32::MAX, libc::TIOCLINUX as u32),
        ],
    ),
];

/// What the filter has to make up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lacks {
    /// Nothing else bounds metadata by path.
    mounts: bool,
    /// Nothing else bounds signals.
    signals: bool,
    /// Nothing else bounds the cutting of files that are not open.
    truncation: bool,
}

impl Lacks {
    fn of(level: Level, bounded: Bounded) -> Self {
        let is_basic = level == Level::Basic;
        Self {
            mounts: is_basic,
            signals: is_basic && !bounded.signals,
            truncation: is_basic && !bounded.truncation,
        }
    }
}

/// The filters of one level, made once: one for each kind of Landlock.
pub(super) struct Filters {
    level: Level,
    all: Vec<(Lacks, Option<BpfProgram>)>,
}

impl Filters {
    pub(super) fn of(level: Level) -> Self {
        let mut all: Vec<(Lacks, _)> = Vec::new();
        for bounded in Bounded::KINDS {
            let lacks = Lacks::of(level, bounded);
            if all.iter().all(|(made, _)| *made != lacks) {
                all.push((lacks, build(lacks)));
            }
        }
        Self { level, all }
    }

    /// The one for a child that is bounded so. None on processors that none was written for.
    pub(super) fn given(&self, bounded: Bounded) -> Option<&BpfProgram> {
        let lacks = Lacks::of(self.level, bounded);
        let (_, filter) = self.all.iter().find(|(made, _)| *made == lacks)?;
        filter.as_ref()
    }
}

/// The filter as the kernel takes it. None on processors that it was never written for.
fn build(lacks: Lacks) -> Option<BpfProgram> {
    tree::program(&verdicts(lacks)?)
}

/// What becomes of each call, from its number on: what is next to each other and the same is one.
fn verdicts(lacks: Lacks) -> Option<Vec<(u32, Verdict)>> {
    let lists = [REFUSED, REFUSED_HERE, REFUSED_BY_NUMBER];
    let metadata = [METADATA, METADATA_HERE];
    let (signals, truncation) = ([SIGNALS], [TRUNCATION]);
    let all = lists
        .into_iter()
        .chain(metadata.into_iter().filter(|_| lacks.mounts))
        .chain(signals.into_iter().filter(|_| lacks.signals))
        .chain(truncation.into_iter().filter(|_| lacks.truncation));
    let mut calls: BTreeMap<u32, Verdict> = BTreeMap::new();
    for call in all.flatten() {
        calls.insert(u32::try_from(*call).ok()?, Verdict::Fails(libc::EPERM));
    }
    for (call, conditions) in BY_ARGUMENT {
        calls.insert(u32::try_from(*call).ok()?, Verdict::FailsIf(conditions));
    }
    // Its flags are in memory, where no filter sees them: programs go on to `clone`.
    let clone3 = u32::try_from(libc::SYS_clone3).ok()?;
    calls.insert(clone3, Verdict::Fails(libc::ENOSYS));
    let known = (0..=LAST_KNOWN).map(|call| {
        let verdict = calls.get(&call).copied();
        (call, verdict.unwrap_or(Verdict::Allowed))
    });
    let newer = (LAST_KNOWN + 1, Verdict::Fails(libc::ENOSYS));
    let mut verdicts: Vec<(u32, Verdict)> = known.chain([newer]).collect();
    verdicts.dedup_by_key(|(_, verdict)| *verdict);
    Some(verdicts)
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::here;
    use super::*;

    const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;
    const REFUSES: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
    const NOT_THERE: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();

    #[test]
    fn every_number_is_answered_as_the_lists_say() {
        let full = Lacks::of(Level::Full, Bounded::KINDS[0]);
        let program = build(full).unwrap();
        let lists = [REFUSED, REFUSED_HERE, REFUSED_BY_NUMBER].concat();
        for number in 0..600 {
            let is_newer = number > LAST_KNOWN || i64::from(number) == libc::SYS_clone3;
            let wanted = match i64::from(number) {
                _ if is_newer => NOT_THERE,
                call if lists.contains(&call) => REFUSES,
                // No family of sockets has the number zero.
                libc::SYS_socketpair => REFUSES,
                _ => ALLOWED,
            };
            assert_eq!(here(&program, number, [0; 6]), wanted, "{number}");
        }
        let other_set = 1 << 30;
        assert_eq!(here(&program, other_set, [0; 6]), NOT_THERE);
    }

    #[test]
    fn some_calls_are_refused_by_their_arguments() {
        let program = build(Lacks::of(Level::Full, Bounded::KINDS[0])).unwrap();
        let says = |call: i64, arguments: [u64; 6]| {
            here(&program, u32::try_from(call).unwrap(), arguments)
        };
        let (unix, inet) = (libc::AF_UNIX as u64, libc::AF_INET as u64);
        let (stream, datagram) = (libc::SOCK_STREAM as u64, libc::SOCK_DGRAM as u64);
        let closing = libc::SOCK_CLOEXEC as u64;
        for (call, arguments, wanted) in [
            (
                libc::SYS_clone,
                [libc::SIGCHLD as u64, 0, 0, 0, 0, 0],
                ALLOWED,
            ),
            (
                libc::SYS_clone,
                [libc::CLONE_NEWUSER as u64, 0, 0, 0, 0, 0],
                REFUSES,
            ),
            (
                libc::SYS_clone,
                [libc::CLONE_NEWNET as u64, 0, 0, 0, 0, 0],
                REFUSES,
            ),
            (libc::SYS_socketpair, [unix, stream, 0, 0, 0, 0], ALLOWED),
            (
                libc::SYS_socketpair,
                [unix, stream | closing, 0, 0, 0, 0],
                ALLOWED,
            ),
            (
                libc::SYS_socketpair,
                [unix, datagram | closing, 0, 0, 0, 0],
                REFUSES,
            ),
            (libc::SYS_socketpair, [inet, stream, 0, 0, 0, 0], REFUSES),
            (libc::SYS_sendto, [3, 1, 1, 0, 0, 0], ALLOWED),
            (libc::SYS_sendto, [3, 1, 1, 0, 1 << 40, 16], REFUSES),
            (libc::SYS_ioctl, [0, libc::TIOCGWINSZ, 0, 0, 0, 0], ALLOWED),
            (libc::SYS_ioctl, [0, libc::TIOCSTI, 0, 0, 0, 0], REFUSES),
            // The kernel looks at the lower half alone.
            (
                libc::SYS_ioctl,
                [0, (1 << 32) | libc::TIOCLINUX, 0, 0, 0, 0],
                REFUSES,
            ),
        ] {
            assert_eq!(says(call, arguments), wanted, "{call} {arguments:x?}");
        }
    }

    #[test]
    fn the_filter_fits_the_kernel_and_each_lack_makes_it_longer() {
        let length = |mounts, signals, truncation| {
            let lacks = Lacks {
                mounts,
                signals,
                truncation,
            };
            build(lacks).unwrap().len()
        };
        assert!(length(false, false, false) < length(true, false, false));
        assert!(length(true, false, false) < length(true, true, false));
        assert!(length(true, true, false) < length(true, true, true));
        assert!(length(true, true, true) < 4096);
    }

    #[test]
    fn every_kind_of_landlock_has_a_filter_at_each_level() {
        for (level, count) in [(Level::Full, 1), (Level::Basic, 3)] {
            let filters = Filters::of(level);
            assert_eq!(filters.all.len(), count);
            for bounded in Bounded::KINDS {
                assert!(filters.given(bounded).is_some(), "{level} {bounded:?}");
            }
        }
    }
}
