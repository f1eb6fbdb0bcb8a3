//! Which calls the kernel asks about, and how it asks.
//!
//! The only unsafe code of the tests: two system calls that no library wraps.
#![expect(unsafe_code, reason = "seccomp user notification has no safe wrapper")]

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libc::{c_long, seccomp_data, seccomp_notif, seccomp_notif_resp, sock_filter, sock_fprog};

/// Calls that are asked about whatever their arguments are.
pub(super) const ALWAYS: &[c_long] = &[
    libc::SYS_write,
    libc::SYS_pwrite64,
    libc::SYS_writev,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_ftruncate,
    libc::SYS_truncate,
    libc::SYS_fallocate,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_syncfs,
    libc::SYS_sync,
    libc::SYS_openat2,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_io_uring_setup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
];

/// Flags of `open` with which it changes something, or lets something be changed.
const CHANGING: u32 = (libc::O_CREAT | libc::O_TRUNC | libc::O_WRONLY | libc::O_RDWR) as u32;

/// A call that waits for our answer.
#[derive(Debug)]
pub(super) struct Notification {
    pub(super) id: u64,
    /// The thread that calls.
    pub(super) thread: u32,
    pub(super) number: c_long,
    pub(super) arguments: [u64; 6],
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The kernel does it.
    Continue,
    /// It is not done, and this is its result.
    Result(i64),
    /// It is not done, and fails with this number.
    Error(i32),
}

/// Where the calls of one thread, and of all that it starts, arrive.
#[derive(Debug)]
pub(super) struct Listener(OwnedFd);

impl Listener {
    /// Puts the calling thread, and whatever it starts from now on, under watch. There is no way back.
    pub(super) fn install() -> io::Result<Listener> {
        let program = program();
        let length = u16::try_from(program.len()).map_err(io::Error::other)?;
        let filter = sock_fprog {
            len: length,
            filter: program.as_ptr().cast_mut(),
        };
        // SAFETY: the first call takes no pointers; the second reads `filter` and the program it points
        // to, which both live until it returns. What it returns is a new descriptor that is nobody else's.
        unsafe {
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
                return Err(io::Error::last_os_error());
            }
            let mode = libc::SECCOMP_SET_MODE_FILTER;
            let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
            let descriptor = libc::syscall(libc::SYS_seccomp, mode, flags, &raw const filter);
            match i32::try_from(descriptor) {
                Ok(descriptor) if descriptor >= 0 => Ok(Listener(OwnedFd::from_raw_fd(descriptor))),
                _ => Err(io::Error::last_os_error()),
            }
        }
    }

    /// Waits for the next call; none once nobody is under watch any more.
    pub(super) fn next(&self) -> Option<Notification> {
        loop {
            let mut poll = libc::pollfd {
                fd: self.0.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: one `pollfd` is passed, and it lives until the call returns.
            let ready = unsafe { libc::poll(&raw mut poll, 1, -1) };
            if ready < 0 {
                continue; // interrupted
            }
            if poll.revents & libc::POLLIN == 0 {
                return None;
            }
            // SAFETY: the structure is plain numbers, for which zero is a value, and the kernel wants it zeroed.
            let mut asked: seccomp_notif = unsafe { std::mem::zeroed() };
            // SAFETY: the kernel fills a structure of exactly the size that the request's number states.
            let received = unsafe {
                libc::ioctl(
                    self.0.as_raw_fd(),
                    libc::SECCOMP_IOCTL_NOTIF_RECV,
                    &raw mut asked,
                )
            };
            // Whoever asked may have been killed meanwhile.
            if received == 0 {
                return Some(Notification {
                    id: asked.id,
                    thread: asked.pid,
                    number: c_long::from(asked.data.nr),
                    arguments: asked.data.args,
                });
            }
        }
    }

    /// Lets the caller go on. Nobody may be there any more, which is as well.
    pub(super) fn answer(&self, id: u64, answer: Answer) {
        let (value, error, flags) = match answer {
            Answer::Continue => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
            Answer::Result(value) => (value, 0, 0),
            Answer::Error(number) => (0, -number, 0),
        };
        let mut response = seccomp_notif_resp {
            id,
            val: value,
            error,
            flags,
        };
        // SAFETY: the kernel reads a structure of exactly the size that the request's number states.
        unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_SEND,
                &raw mut response,
            )
        };
    }
}

/// The program that the kernel runs for each call: ask about those that could change a file.
fn program() -> Vec<sock_filter> {
    const ASK: u32 = libc::SECCOMP_RET_USER_NOTIF;
    let load = |offset: usize| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset as u32);
    let result = |value| statement(libc::BPF_RET | libc::BPF_K, value);
    let jump = |code, value, yes, no| sock_filter {
        code: (libc::BPF_JMP | code | libc::BPF_K) as u16,
        jt: yes,
        jf: no,
        k: value,
    };
    // The low half of an argument: both architectures that we run on are little-endian.
    let argument = |index: usize| load(offset_of!(seccomp_data, args) + 8 * index);
    let mut program = vec![load(offset_of!(seccomp_data, nr))];
    for number in ALWAYS {
        program.push(jump(libc::BPF_JEQ, *number as u32, 0, 1));
        program.push(result(ASK));
    }
    let opens: &[(c_long, usize)] = &[
        (libc::SYS_openat, 2),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, 1),
    ];
    for (number, flags) in opens {
        program.push(jump(libc::BPF_JEQ, *number as u32, 0, 4));
        program.push(argument(*flags));
        program.push(jump(libc::BPF_JSET, CHANGING, 0, 1));
        program.push(result(ASK));
        program.push(result(libc::SECCOMP_RET_ALLOW));
    }
    program.push(jump(libc::BPF_JEQ, libc::SYS_mmap as u32, 0, 5));
    program.push(argument(2));
    program.push(jump(libc::BPF_JSET, libc::PROT_WRITE as u32, 0, 3));
    program.push(argument(3));
    program.push(jump(libc::BPF_JSET, libc::MAP_SHARED as u32, 0, 1));
    program.push(result(ASK));
    program.push(result(libc::SECCOMP_RET_ALLOW));
    program
}

fn statement(code: u32, value: u32) -> sock_filter {
    sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k: value,
    }
}
