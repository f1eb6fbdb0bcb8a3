//! The system calls that are tried.

#![expect(
    unsafe_code,
    reason = "most of these calls have no safe form; each is made with arguments that can't harm this process"
)]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

fn checked(result: libc::c_long) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

fn text(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no zero byte")
}

/// A call whose arguments are numbers, or zero for a pointer that is not looked at.
fn call(number: libc::c_long, arguments: [libc::c_long; 5]) -> io::Result<()> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: no argument is the address of anything of this process.
    checked(unsafe { libc::syscall(number, a, b, c, d, e) })
}

pub(super) fn mode(path: &Path) -> io::Result<()> {
    // SAFETY: the path is a C string.
    checked(unsafe { libc::chmod(text(path).as_ptr(), 0o777) }.into())
}

pub(super) fn times(path: &Path) -> io::Result<()> {
    // SAFETY: the path is a C string, and no times means now.
    checked(
        unsafe { libc::utimensat(libc::AT_FDCWD, text(path).as_ptr(), std::ptr::null(), 0) }.into(),
    )
}

pub(super) fn owner(path: &Path) -> io::Result<()> {
    // SAFETY: the path is a C string.
    checked(unsafe { libc::chown(text(path).as_ptr(), libc::getuid(), libc::getgid()) }.into())
}

pub(super) fn attribute(path: &Path) -> io::Result<()> {
    // SAFETY: the strings are C strings, and the value has one byte.
    checked(
        unsafe {
            libc::setxattr(
                text(path).as_ptr(),
                c"user.x".as_ptr(),
                c"x".as_ptr().cast(),
                1,
                0,
            )
        }
        .into(),
    )
}

pub(super) fn truncate(path: &Path) -> io::Result<()> {
    // SAFETY: the path is a C string.
    checked(unsafe { libc::truncate(text(path).as_ptr(), 0) }.into())
}

pub(super) fn device(path: &Path) -> io::Result<()> {
    // SAFETY: the path is a C string.
    checked(
        unsafe {
            libc::mknod(
                text(path).as_ptr(),
                libc::S_IFCHR | 0o666,
                libc::makedev(1, 3),
            )
        }
        .into(),
    )
}

/// Starts a program that may not be executed through what loads programs.
pub(super) fn by_loader(program: &Path) -> io::Result<()> {
    let loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = loader.into_iter().find(|path| Path::new(path).exists());
    let loader = loader.ok_or(io::ErrorKind::NotFound)?;
    let output = Command::new(loader)
        .arg(program)
        .args(["exit", "0"])
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::from_raw_os_error(libc::EACCES)),
    }
}

const fn number(value: i32) -> libc::c_long {
    value as libc::c_long
}

/// Everything that is refused whatever the arguments are, and what is not.
pub(super) fn all(neighbour: i32) -> Vec<(&'static str, io::Result<()>)> {
    let (stream, datagram) = (number(libc::SOCK_STREAM), number(libc::SOCK_DGRAM));
    let inet = number(libc::AF_INET);
    let other = number(neighbour);
    let pair = |kind| {
        let mut pair = [0; 2];
        // SAFETY: there is room for two descriptors, which this process keeps to its end.
        checked(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) }.into())
    };
    vec![
        ("TCP", call(libc::SYS_socket, [inet, stream, 0, 0, 0])),
        ("UDP", call(libc::SYS_socket, [inet, datagram, 0, 0, 0])),
        (
            "IPv6",
            call(libc::SYS_socket, [number(libc::AF_INET6), stream, 0, 0, 0]),
        ),
        (
            "local socket",
            call(libc::SYS_socket, [number(libc::AF_UNIX), stream, 0, 0, 0]),
        ),
        (
            "local datagrams",
            call(libc::SYS_socket, [number(libc::AF_UNIX), datagram, 0, 0, 0]),
        ),
        (
            "netlink",
            call(
                libc::SYS_socket,
                [number(libc::AF_NETLINK), number(libc::SOCK_RAW), 0, 0, 0],
            ),
        ),
        (
            "packets",
            call(
                libc::SYS_socket,
                [number(libc::AF_PACKET), number(libc::SOCK_RAW), 0, 0, 0],
            ),
        ),
        (
            "virtual machines",
            call(libc::SYS_socket, [number(libc::AF_VSOCK), stream, 0, 0, 0]),
        ),
        ("pair of streams", pair(libc::SOCK_STREAM)),
        ("pair of datagrams", pair(libc::SOCK_DGRAM)),
        (
            "ptrace",
            call(libc::SYS_ptrace, [number(16), other, 0, 0, 0]),
        ),
        (
            "ptrace of the parent",
            call(libc::SYS_ptrace, [0, 0, 0, 0, 0]),
        ),
        (
            "another's memory",
            call(libc::SYS_process_vm_readv, [other, 0, 0, 0, 0]),
        ),
        (
            "another's descriptors",
            call(libc::SYS_pidfd_getfd, [0, 0, 0, 0, 0]),
        ),
        (
            "signal to a neighbour",
            call(libc::SYS_kill, [other, 0, 0, 0, 0]),
        ),
        ("io_uring", call(libc::SYS_io_uring_setup, [1, 0, 0, 0, 0])),
        ("userfaultfd", call(libc::SYS_userfaultfd, [0; 5])),
        ("bpf", call(libc::SYS_bpf, [0; 5])),
        (
            "performance events",
            call(libc::SYS_perf_event_open, [0; 5]),
        ),
        ("keys", call(libc::SYS_keyctl, [0, number(-3), 0, 0, 0])),
        ("mount", call(libc::SYS_mount, [0; 5])),
        ("unmount", call(libc::SYS_umount2, [0; 5])),
        (
            "open_tree",
            call(libc::SYS_open_tree, [number(libc::AT_FDCWD), 0, 1, 0, 0]),
        ),
        ("fsopen", call(libc::SYS_fsopen, [0; 5])),
        ("move_mount", call(libc::SYS_move_mount, [0; 5])),
        ("pivot_root", call(libc::SYS_pivot_root, [0; 5])),
        ("chroot", call(libc::SYS_chroot, [0; 5])),
        (
            "user namespace",
            call(libc::SYS_unshare, [number(libc::CLONE_NEWUSER), 0, 0, 0, 0]),
        ),
        (
            "network namespace",
            call(libc::SYS_unshare, [number(libc::CLONE_NEWNET), 0, 0, 0, 0]),
        ),
        ("another's namespace", call(libc::SYS_setns, [0; 5])),
        (
            "clone with namespaces",
            call(libc::SYS_clone, [number(libc::CLONE_NEWUSER), 0, 0, 0, 0]),
        ),
        ("clone3", call(libc::SYS_clone3, [0; 5])),
        ("file handles", call(libc::SYS_name_to_handle_at, [0; 5])),
        (
            "personality",
            call(libc::SYS_personality, [number(0x0004_0000), 0, 0, 0, 0]),
        ),
        ("code in memory", call(libc::SYS_memfd_create, [0; 5])),
        ("typing", call(libc::SYS_ioctl, [0, 0x5412, 0, 0, 0])),
        (
            "typing of the console",
            call(libc::SYS_ioctl, [0, 0x541c, 0, 0, 0]),
        ),
        (
            "shared memory",
            call(libc::SYS_shmget, [1234, 4096, 0o1600, 0, 0]),
        ),
        (
            "message queue",
            call(libc::SYS_msgget, [1234, 0o1600, 0, 0, 0]),
        ),
        ("modules", call(libc::SYS_init_module, [0; 5])),
        ("swap", call(libc::SYS_swapon, [0; 5])),
        ("clock", call(libc::SYS_clock_settime, [0; 5])),
        (
            "other calls of x86",
            call(0x4000_0000 + libc::SYS_getpid, [0; 5]),
        ),
        ("calls of tomorrow", call(9_999, [0; 5])),
        ("another user", become_other()),
    ]
}

/// Whether the user could be changed, which takes a capability.
fn become_other() -> io::Result<()> {
    call(libc::SYS_setuid, [12_345, 0, 0, 0, 0]).map_err(|error| {
        // In a namespace of users there is no other user.
        match error.raw_os_error() {
            Some(libc::EINVAL) => io::Error::from_raw_os_error(libc::EPERM),
            _ => error,
        }
    })
}

pub(super) fn open_descriptors() -> usize {
    // SAFETY: asking for a descriptor's flags changes nothing.
    (3..4096)
        .filter(|fd| unsafe { libc::fcntl(*fd, libc::F_GETFD) } != -1)
        .count()
}

/// The effective and permitted ones; those that the bounding set has.
pub(super) fn capabilities() -> usize {
    // SAFETY: asking about a capability changes nothing.
    let bounding = (0..64).filter(|bit| unsafe { libc::prctl(libc::PR_CAPBSET_READ, *bit) } == 1);
    let mut header = [0x2008_0522_u32, 0];
    let mut data = [0_u32; 6];
    // SAFETY: both have the size that this version of the call fills.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), data.as_mut_ptr()) };
    let own: u32 = data.iter().map(|word| word.count_ones()).sum();
    // Without the privilege to drop it, an ordinary user's bounding set stays full and gives nothing.
    let is_root = unsafe { libc::geteuid() } == 0;
    own as usize + if is_root { bounding.count() } else { 0 } + usize::from(result != 0)
}

pub(super) fn leads_its_session() -> bool {
    // SAFETY: asking changes nothing.
    unsafe { libc::getsid(0) == libc::getpid() }
}

/// Leaves a process behind in a session of its own that nobody waits for.
pub(super) fn daemon() {
    // SAFETY: this program has one thread, and both children do no more than end or wait.
    unsafe {
        if libc::fork() == 0 {
            libc::setsid();
            if libc::fork() == 0 {
                loop {
                    libc::pause();
                }
            }
            libc::_exit(0);
        }
        libc::wait(std::ptr::null_mut());
    }
    println!("left");
}

/// Starts processes until there can be no more; says how many there were.
pub(super) fn bomb() -> usize {
    const ENOUGH: usize = 20_000;
    let mut count = 0;
    while count < ENOUGH {
        // SAFETY: this program has one thread, and each child only waits.
        match unsafe { libc::fork() } {
            -1 => break,
            0 => loop {
                // SAFETY: it waits for a signal.
                unsafe { libc::pause() };
            },
            _ => count += 1,
        }
    }
    count
}

/// Whether so much memory can be had.
pub(super) fn memory(bytes: usize) -> &'static str {
    // SAFETY: a new mapping that nobody uses.
    let place = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    match place == libc::MAP_FAILED {
        true => "refused",
        false => "done",
    }
}
