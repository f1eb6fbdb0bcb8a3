//! The host's side of the helpers: one process for each level, started when its first child is wanted, that forks for
//! every child.
//!
//! A helper that is gone, whoever ended it, is replaced at the next child. It goes with the host: the host ends it,
//! and where it can't any more, the end of the host's socket does.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};

use super::Level;
use super::config::ProcessConfig;
use super::confine::REQUEST_DESCRIPTORS_MAX;

/// How long a helper may leave a request lying. It takes it in well under a millisecond.
const REQUEST_MAX: Duration = Duration::from_secs(5);

/// One helper for each level.
pub(super) struct Helpers {
    pub(super) config: ProcessConfig,
    full: Mutex<Option<Helper>>,
    basic: Mutex<Option<Helper>>,
}

impl Helpers {
    pub(super) fn new(config: ProcessConfig) -> Self {
        Self {
            config,
            full: Mutex::default(),
            basic: Mutex::default(),
        }
    }

    /// Asks for one child: its socket, its plan, its streams and its program.
    pub(super) fn ask(&self, level: Level, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let helper = match level {
            Level::Full => &self.full,
            Level::Basic => &self.basic,
        };
        let mut helper = helper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*helper {
            match running.ask(level, descriptors) {
                // It is gone.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
                asked => return asked,
            }
        }
        // The one before is waited for first.
        *helper = None;
        helper
            .insert(Helper::start(&self.config)?)
            .ask(level, descriptors)
    }

    /// Ends the helper of a level that has no use.
    pub(super) fn end(&self, level: Level) {
        let helper = match level {
            Level::Full => &self.full,
            Level::Basic => &self.basic,
        };
        *helper.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

struct Helper {
    requests: OwnedFd,
    process: Child,
}

impl Helper {
    fn start(config: &ProcessConfig) -> io::Result<Self> {
        let kind = SocketType::SEQPACKET;
        let (requests, other) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&requests, Timeout::Send, Some(REQUEST_MAX))?;
        let process = Command::new(&config.helper)
            .args(&config.helper_arguments)
            .env_clear()
            .current_dir("/")
            .stdin(other)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { requests, process })
    }

    fn ask(&self, level: Level, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(REQUEST_DESCRIPTORS_MAX))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let bytes = [level.to_byte()];
        let bytes = [IoSlice::new(&bytes)];
        sendmsg(&self.requests, &bytes, &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // What it forked goes on until its child is gone, which it sees to by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
