//! Starts the helper for one child, and stays with it until both are gone.
//!
//! The helper gets everything in one message before it starts, so that no descriptor is ever inheritable. A child is
//! ended by closing the host's side of that socket, which the helper watches: that happens when the host wants it,
//! and when there is no host any more.

use std::fs::File;
use std::io::{self, IoSlice, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::time::Instant;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown,
    SocketFlags, SocketType, recv, sendmsg, shutdown, socketpair,
};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::net::unix::pipe;
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::ProcessConfig;
use super::confine::{MESSAGE_BYTES, Message, Plan};
use super::scratch::Scratch;

/// What a child reads.
pub(super) enum Input {
    /// Nothing.
    Empty,
    /// What is written to it.
    Piped,
}

/// A child on its way, or running.
pub(super) struct Started {
    pub(super) stdin: Option<pipe::Sender>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
    pub(super) running: Running,
}

/// A hold on a child.
#[derive(Clone)]
pub(super) struct Running {
    ended: watch::Receiver<Option<Ended>>,
    stop: CancellationToken,
}

/// How it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// What the helper said last, if it said anything.
    pub(super) message: Option<Message>,
    pub(super) was_stopped: bool,
    pub(super) was_out_of_time: bool,
}

impl Running {
    /// Waits until it and everything that it started is gone.
    pub(super) async fn ended(&self) -> Ended {
        let lost = Ended {
            message: None,
            was_stopped: false,
            was_out_of_time: false,
        };
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.unwrap_or(lost),
            Err(_) => lost,
        }
    }

    /// How it ended, if it did.
    pub(super) fn try_ended(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Ends it. That takes a moment, see [`Running::ended`].
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }
}

/// Everything about a child that is to be started.
pub(super) struct Start<'a> {
    pub(super) plan: &'a Plan,
    /// None for a probe.
    pub(super) program: Option<&'a File>,
    pub(super) input: Input,
    /// When it is ended at the latest.
    pub(super) deadline: Option<Instant>,
    /// Ends it.
    pub(super) stop: CancellationToken,
    /// Who waits for its end besides.
    pub(super) tracker: &'a TaskTracker,
    /// Its temporary files, which go when it is gone.
    pub(super) scratch: Option<Scratch>,
}

/// Starts the helper.
pub(super) fn start(config: &ProcessConfig, start: Start<'_>) -> io::Result<Started> {
    let Start {
        plan,
        program,
        input,
        deadline,
        stop,
        tracker,
        scratch,
    } = start;
    let (reader, writer) = match input {
        Input::Empty => (OwnedFd::from(File::open("/dev/null")?), None),
        Input::Piped => {
            let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
            (
                reader,
                Some(pipe::Sender::from_owned_fd(non_blocking(writer)?)?),
            )
        }
    };
    let kind = SocketType::SEQPACKET;
    let (host, helper) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
    let plan = in_memory(&plan.to_bytes())?;
    let descriptors = [
        Some(plan.as_fd()),
        Some(reader.as_fd()),
        program.map(AsFd::as_fd),
    ];
    send(&host, &Vec::from_iter(descriptors.into_iter().flatten()))?;
    let mut child = Command::new(&config.helper)
        .args(&config.helper_arguments)
        .env_clear()
        .current_dir("/")
        .stdin(helper)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (sender, ended) = watch::channel(None);
    let stopped = stop.clone();
    tracker.spawn(async move {
        let out_of_time = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        let (was_stopped, was_out_of_time) = tokio::select! {
            _ = child.wait() => (false, false),
            () = stopped.cancelled() => (true, false),
            () = out_of_time => (false, true),
        };
        if was_stopped || was_out_of_time {
            // The other side wakes up from this, and can still say how it went.
            let _ = shutdown(&host, Shutdown::Write);
            let _ = child.wait().await;
        }
        drop(scratch);
        sender.send_replace(Some(Ended {
            message: last_message(&host),
            was_stopped,
            was_out_of_time,
        }));
    });
    Ok(Started {
        stdin: writer,
        stdout,
        stderr,
        running: Running { ended, stop },
    })
}

/// The first that was said is the reason; what follows from it is not.
fn last_message(host: &OwnedFd) -> Option<Message> {
    let mut bytes = [0; MESSAGE_BYTES];
    let (_, length) = recv(host, &mut bytes, RecvFlags::DONTWAIT).ok()?;
    Message::parse(bytes.get(..length)?)
}

fn non_blocking(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    Ok(descriptor)
}

fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("plan", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn send(socket: &OwnedFd, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    sendmsg(
        socket,
        &[IoSlice::new(&[0])],
        &mut ancillary,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}
