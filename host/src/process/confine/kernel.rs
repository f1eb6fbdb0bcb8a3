//! What the helper asks of the kernel that no safe function offers. Beside loading compiled code it is the one
//! module of this crate with `unsafe` in it: docs/architecture.md has the argument.
//!
//! Only the helper's own process calls this, and that has one thread: a fork of it is a whole process.

#![expect(
    unsafe_code,
    reason = "fork, execveat, mount_setattr and signals have no safe form"
)]

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// Which of the two processes goes on after a fork.
pub(super) enum Forked {
    Parent(Pid),
    Child,
}

fn checked(result: libc::c_long) -> Result<libc::c_long, Errno> {
    if result >= 0 {
        return Ok(result);
    }
    let error = std::io::Error::last_os_error();
    Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

/// Makes a second process of this one.
pub(super) fn fork() -> Result<Forked, Errno> {
    // SAFETY: this process has one thread, so that no lock is held by a thread that the child lacks.
    let pid = checked(unsafe { libc::fork() }.into())?;
    Ok(i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .map_or(Forked::Child, Forked::Parent))
}

/// One of the three streams that every program starts with.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    In = 0,
    Out = 1,
    Error = 2,
}

/// Makes a stream of this process another one.
pub(super) fn replace(stream: Stream, with: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the three numbers belong to no owned descriptor, so nobody's is closed.
    checked(unsafe { libc::dup2(with.as_raw_fd(), stream as i32) }.into()).map(|_| ())
}

/// Ends this process at once.
pub(super) fn exit(code: u8) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code.into()) }
}

/// Leaves the namespaces of the parent.
pub(super) fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    // SAFETY: descriptors, the one thing whose sharing memory safety may rest on, are no namespace:
    // no caller has that flag.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Turns attributes of a mount on: of everything mounted in it too, where `recursive` says so.
pub(super) fn restrict_mount(
    mount: BorrowedFd<'_>,
    attributes: u64,
    recursive: bool,
) -> Result<(), Errno> {
    let wanted = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the descriptor is open, the path is a C string, and the size is that of what the pointer points to.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const wanted,
            size_of::<libc::mount_attr>(),
        )
    };
    checked(result).map(|_| ())
}

/// Makes every signal do what it does by itself, and blocks none.
pub(super) fn reset_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: no function of ours is named as a handler. Some signals can't be set, and need not.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: the set is initialised by the call before it is read.
    unsafe {
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Has the kernel forget every process that this one forks as soon as it ends: nobody waits for it.
pub(super) fn forget_children() {
    // SAFETY: no function of ours is named as a handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
}

/// Has the kernel close every descriptor but the first three when the program starts.
pub(super) fn close_on_exec() -> Result<(), Errno> {
    const CLOSE_RANGE_CLOEXEC: u32 = 4;
    // SAFETY: nothing is closed now, so that no owner of a descriptor loses it.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    checked(result).map(|_| ())
}

/// Becomes the program behind a descriptor. It returns only when it can't.
pub(super) fn execute(program: BorrowedFd<'_>, argv: &[CString], environment: &[CString]) -> Errno {
    let pointers = |strings: &[CString]| {
        let strings = strings.iter().map(|string| string.as_ptr());
        Vec::from_iter(strings.chain([std::ptr::null()]))
    };
    let (argv, environment) = (pointers(argv), pointers(environment));
    // SAFETY: both lists end in a null pointer, and their strings outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_execveat,
            program.as_raw_fd(),
            c"".as_ptr(),
            argv.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    checked(result).err().unwrap_or(Errno::IO)
}
