//! A child that runs: its streams, its end, and the output that is kept of it.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::Pollable;

use super::Script;
use super::bindings::claw::skill::process as wit;
use super::confine::Message;
use super::confiner::failure;
use super::prepare::{Prepared, Ready};
use super::running::{CHILDREN_MAX, END_MAX, Processes};
use super::spawn::{self, Ended, Input, Running, Start};
use super::traffic::{Counted, Traffic};

/// The resource `child`.
#[expect(unreachable_pub, reason = "generated code names it")]
pub struct Child {
    pub(super) stdin: Option<Counted<pipe::Sender>>,
    pub(super) stdout: Option<Counted<pipe::Receiver>>,
    pub(super) stderr: Option<Counted<pipe::Receiver>>,
    /// What was scripted in its place, as far as nobody took it.
    pub(super) script: Option<Script>,
    running: Option<Running>,
    traffic: Traffic,
    exit: u32,
}

impl Processes {
    /// Starts what was readied.
    pub(super) fn start(
        &mut self,
        prepared: Prepared,
        input: Input,
        timeout: Option<Duration>,
    ) -> Result<Child, wit::Error> {
        let ready = match prepared {
            Prepared::Real(ready) => *ready,
            Prepared::Scripted(script) => {
                return Ok(Child {
                    stdin: None,
                    stdout: None,
                    stderr: None,
                    exit: script.exit.into(),
                    script: Some(script),
                    running: None,
                    traffic: self.traffic.clone(),
                });
            }
        };
        if self.running.len() >= CHILDREN_MAX {
            let why = format!("at most {CHILDREN_MAX} programs run at once");
            return Err(wit::Error::LimitExceeded(why));
        }
        let Ready {
            confiner,
            plan,
            program,
            scratch,
        } = ready;
        let deadline = timeout
            .and_then(|timeout| Instant::now().checked_add(timeout))
            .map_or(self.deadline, |wanted| wanted.min(self.deadline));
        let start = Start {
            plan: &plan,
            program: Some(&program),
            input,
            deadline: Some(deadline),
            stop: self.stop.child_token(),
            tracker: &self.running,
            scratch,
        };
        let started = spawn::start(&confiner.helpers, start)
            .map_err(|error| wit::Error::SpawnFailed(error.to_string()))?;
        Ok(Child {
            stdin: started.stdin.map(|pipe| self.traffic.count(pipe)),
            stdout: Some(self.traffic.count(started.stdout)),
            stderr: Some(self.traffic.count(started.stderr)),
            script: None,
            running: Some(started.running),
            traffic: self.traffic.clone(),
            exit: 0,
        })
    }

    /// Ends all children, and waits until they are gone.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        self.running.close();
        // A child that can't be ended (in a read of a dead disk, for one) holds nobody up.
        let _ = tokio::time::timeout(END_MAX, self.running.wait()).await;
    }
}

impl Child {
    pub(super) async fn wait(&mut self) -> Result<wit::ExitStatus, wit::Error> {
        // Nobody is left to talk with it.
        drop((self.stdin.take(), self.stdout.take(), self.stderr.take()));
        match &self.running {
            Some(running) => status(running.ended().await),
            None => Ok(wit::ExitStatus::Exited(self.exit)),
        }
    }

    pub(super) fn try_wait(&self) -> Option<Result<wit::ExitStatus, wit::Error>> {
        match &self.running {
            Some(running) => running.try_ended().map(status),
            None => Some(Ok(wit::ExitStatus::Exited(self.exit))),
        }
    }

    pub(super) fn kill(&self) {
        if let Some(running) = &self.running {
            running.stop();
        }
    }

    /// Gives it all of its input, and keeps what it says up to `bytes_max` of each output.
    pub(super) async fn run(
        mut self,
        stdin: Option<Vec<u8>>,
        bytes_max: usize,
    ) -> Result<wit::Output, wit::Error> {
        if let Some(script) = self.script.take() {
            return Ok(scripted(script, bytes_max));
        }
        let (mut pipe, input) = (self.stdin.take(), stdin.unwrap_or_default());
        let write = async {
            if let Some(pipe) = &mut pipe {
                // A program may end without having read everything.
                let _ = pipe.write_all(&input).await;
            }
            drop(pipe.take());
        };
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let stopped_writing = async {
            tokio::select! {
                () = write => {}
                _ = self.wait_for_end() => {}
            }
        };
        let (stdout, stderr, status, ()) = tokio::join!(
            self.kept(stdout, bytes_max),
            self.kept(stderr, bytes_max),
            self.wait_for_end(),
            stopped_writing
        );
        if let Some(why) = self.traffic.refusal() {
            return Err(wit::Error::LimitExceeded(why));
        }
        let status = match status {
            Some(ended) => self::status(ended)?,
            None => wit::ExitStatus::Exited(self.exit),
        };
        Ok(wit::Output {
            status,
            stdout: stdout.bytes,
            stdout_truncated: stdout.truncated,
            stderr: stderr.bytes,
            stderr_truncated: stderr.truncated,
        })
    }

    /// What it says. Who says too much is ended.
    async fn kept(&self, from: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Kept {
        let kept = kept(from, bytes_max).await;
        if self.traffic.refusal().is_some() {
            self.kill();
        }
        kept
    }

    async fn wait_for_end(&self) -> Option<Ended> {
        match &self.running {
            Some(running) => Some(running.ended().await),
            None => None,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

#[async_trait]
impl Pollable for Child {
    async fn ready(&mut self) {
        self.wait_for_end().await;
    }
}

/// What is kept of an output.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    truncated: bool,
}

impl Kept {
    fn add(&mut self, bytes: &[u8], bytes_max: usize) {
        let room = bytes_max - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.truncated |= bytes.len() > room;
    }
}

/// Reads to the end. What is beyond the limit is read too, so that the program goes on.
async fn kept(from: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> Kept {
    let mut kept = Kept::default();
    let Some(mut from) = from else {
        return kept;
    };
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        kept.add(&buffer[..read], bytes_max);
    }
    kept
}

fn scripted(script: Script, bytes_max: usize) -> wit::Output {
    let keep = |text: String| {
        let mut kept = Kept::default();
        kept.add(text.as_bytes(), bytes_max);
        kept
    };
    let (stdout, stderr) = (keep(script.stdout), keep(script.stderr));
    wit::Output {
        status: wit::ExitStatus::Exited(script.exit.into()),
        stdout: stdout.bytes,
        stdout_truncated: stdout.truncated,
        stderr: stderr.bytes,
        stderr_truncated: stderr.truncated,
    }
}

/// How it ended, as the guest is told.
fn status(ended: Ended) -> Result<wit::ExitStatus, wit::Error> {
    let killed = || wit::ExitStatus::Signalled(libc::SIGKILL.cast_unsigned());
    match ended.message {
        Some(Message::Failed(stage, errno)) => Err(wit::Error::SpawnFailed(failure(stage, errno))),
        _ if ended.was_out_of_time => Err(wit::Error::TimedOut),
        Some(Message::Exited(code)) => Ok(wit::ExitStatus::Exited(code.cast_unsigned())),
        Some(Message::Signalled(signal)) => Ok(wit::ExitStatus::Signalled(signal.cast_unsigned())),
        None if ended.was_stopped => Ok(killed()),
        None => Err(wit::Error::Other("its end was not seen".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_beyond_the_limit_is_read_and_not_kept() {
        let text = [b'x'; 200_000];
        let all = kept(Some(&text[..]), 200_000).await;
        assert_eq!((all.bytes.len(), all.truncated), (200_000, false));
        let some = kept(Some(&text[..]), 199_999).await;
        assert_eq!((some.bytes.len(), some.truncated), (199_999, true));
        assert!(kept(Some(&text[..]), 0).await.truncated);
    }

    #[test]
    fn every_end_has_its_answer() {
        let ended = |message, was_stopped, was_out_of_time| {
            status(Ended {
                message,
                was_stopped,
                was_out_of_time,
            })
        };
        let exited = Some(Message::Exited(3));
        assert!(matches!(
            ended(exited, false, false),
            Ok(wit::ExitStatus::Exited(3))
        ));
        assert!(matches!(
            ended(exited, false, true),
            Err(wit::Error::TimedOut)
        ));
        assert!(matches!(
            ended(None, true, false),
            Ok(wit::ExitStatus::Signalled(9))
        ));
        assert!(matches!(
            ended(None, false, false),
            Err(wit::Error::Other(_))
        ));
    }
}
