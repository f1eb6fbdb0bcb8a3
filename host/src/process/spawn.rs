//! Has a helper start one child, and stays with it until it and everything that it started is gone.
//!
//! Each child has a socket whose other side is held by whatever confines it, to the end. It is ended by closing the
//! host's side, which is watched there: that happens when the host wants it, and when there is no host any more.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::confine::{MESSAGE_BYTES, Message, Plan};
use super::helper::Helpers;
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
    pub(super) stdout: pipe::Receiver,
    pub(super) stderr: pipe::Receiver,
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
    /// What was said first of it, if anything was: what follows from that is not the reason.
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

/// Has it started. It must be called inside a Tokio runtime.
pub(super) fn start(helpers: &Helpers, start: Start<'_>) -> io::Result<Started> {
    let Start {
        plan,
        program,
        input,
        deadline,
        stop,
        tracker,
        scratch,
    } = start;
    let (stdin, writer) = match input {
        Input::Empty => (OwnedFd::from(File::open("/dev/null")?), None),
        Input::Piped => {
            let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
            (
                reader,
                Some(pipe::Sender::from_owned_fd(non_blocking(writer)?)?),
            )
        }
    };
    let (stdout, stdout_end) = output()?;
    let (stderr, stderr_end) = output()?;
    let (host, control) = UnixStream::pair()?;
    host.set_nonblocking(true)?;
    let mut host = tokio::net::UnixStream::from_std(host)?;
    let in_memory = in_memory(&plan.to_bytes())?;
    let descriptors = [
        Some(control.as_fd()),
        Some(in_memory.as_fd()),
        Some(stdin.as_fd()),
        Some(stdout_end.as_fd()),
        Some(stderr_end.as_fd()),
        program.map(AsFd::as_fd),
    ];
    helpers.ask(
        plan.level,
        &Vec::from_iter(descriptors.into_iter().flatten()),
    )?;
    let (sender, ended) = watch::channel(None);
    let stopped = stop.clone();
    tracker.spawn(async move {
        let out_of_time = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        let mut said = Vec::with_capacity(MESSAGE_BYTES);
        let (was_stopped, was_out_of_time) = tokio::select! {
            () = hear(&mut host, &mut said) => (false, false),
            () = stopped.cancelled() => (true, false),
            () = out_of_time => (false, true),
        };
        if was_stopped || was_out_of_time {
            // The other side wakes up from this, and can still say how it went.
            let _ = host.shutdown().await;
            hear(&mut host, &mut said).await;
        }
        drop(scratch);
        sender.send_replace(Some(Ended {
            message: said.first_chunk().and_then(Message::parse),
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

/// Adds what the other side says, until nobody holds it any more. What it has when it is dropped is kept.
async fn hear(socket: &mut tokio::net::UnixStream, said: &mut Vec<u8>) {
    while let Ok(1..) = socket.read_buf(said).await {}
}

/// What a child writes to, and where that is read.
fn output() -> io::Result<(pipe::Receiver, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    let reader = pipe::Receiver::from_owned_fd(non_blocking(reader)?)?;
    Ok((reader, writer))
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
