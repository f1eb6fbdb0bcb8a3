//! The functions of `claw:skill/process` as the guest calls them.

use std::time::Duration;

use bytes::Bytes;
use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::pipe::{AsyncReadStream, AsyncWriteStream, MemoryInputPipe};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, OutputStream, Pollable, StreamResult, subscribe,
};

use super::bindings::claw::skill::process as wit;
use super::child::Child;
use super::command::Wanted;
use super::prepare::{Fault, Prepared};
use super::spawn::Input;
use crate::state::State;

/// Bytes that a guest may have written and the program not yet read, besides what is in the pipe.
const WRITE_BUDGET: usize = 64 * 1024;

impl State {
    async fn readied(&mut self, command: wit::Command) -> Result<Prepared, wit::Error> {
        let wanted = Wanted {
            argv: command.argv,
            folder: command.folder,
            environment: command.environment,
        };
        let prepared = self.processes.prepare(&wanted).await;
        prepared.map_err(|fault| self.told(fault))
    }

    /// What the guest is told; a denial is kept for the operator.
    fn told(&mut self, fault: Fault) -> wit::Error {
        let (denial, error): (_, fn(String) -> wit::Error) = match fault {
            Fault::NotFound(why) => return wit::Error::NotFound(why),
            Fault::Invalid(why) => return wit::Error::Invalid(why),
            Fault::TooMuch(why) => return wit::Error::LimitExceeded(why),
            Fault::Failed(why) => return wit::Error::SpawnFailed(why),
            Fault::Denied(denial) => (denial, wit::Error::Denied),
            Fault::Changed(denial) => (denial, wit::Error::Changed),
            Fault::Unconfined(denial) => (denial, wit::Error::Unsupported),
        };
        let text = denial.to_string();
        self.denials.add(*denial);
        error(text)
    }
}

impl wit::Host for State {
    async fn run(
        &mut self,
        command: wit::Command,
        stdin: Option<Vec<u8>>,
    ) -> Result<Result<wit::Output, wit::Error>> {
        let timeout = command.timeout_ms.map(Duration::from_millis);
        let most = self.processes.limits.process_output_bytes;
        let bytes_max = command.output_bytes.unwrap_or(most).min(most);
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        let input = match stdin {
            Some(_) => Input::Piped,
            None => Input::Empty,
        };
        let prepared = match self.readied(command).await {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match self.processes.start(prepared, input, timeout) {
            Ok(child) => child.run(stdin, bytes_max).await,
            Err(error) => Err(error),
        })
    }

    async fn spawn(
        &mut self,
        command: wit::Command,
    ) -> Result<Result<Resource<Child>, wit::Error>> {
        let timeout = command.timeout_ms.map(Duration::from_millis);
        let prepared = match self.readied(command).await {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        match self.processes.start(prepared, Input::Piped, timeout) {
            Ok(child) => Ok(Ok(self.table.push(child)?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl wit::HostChild for State {
    fn take_stdin(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynOutputStream>>> {
        let child = self.table.get_mut(&child)?;
        let stream: DynOutputStream = match (child.stdin.take(), &mut child.script) {
            (Some(pipe), _) => Box::new(AsyncWriteStream::new(WRITE_BUDGET, pipe)),
            (None, Some(script)) if !script.argv.is_empty() => {
                script.argv.clear();
                Box::new(Unread)
            }
            _ => return Ok(None),
        };
        Ok(Some(self.table.push(stream)?))
    }

    fn take_stdout(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynInputStream>>> {
        let child = self.table.get_mut(&child)?;
        let stream: DynInputStream = match (child.stdout.take(), &mut child.script) {
            (Some(pipe), _) => Box::new(AsyncReadStream::new(pipe)),
            (None, Some(script)) => {
                Box::new(MemoryInputPipe::new(std::mem::take(&mut script.stdout)))
            }
            _ => return Ok(None),
        };
        Ok(Some(self.table.push(stream)?))
    }

    fn take_stderr(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynInputStream>>> {
        let child = self.table.get_mut(&child)?;
        let stream: DynInputStream = match (child.stderr.take(), &mut child.script) {
            (Some(pipe), _) => Box::new(AsyncReadStream::new(pipe)),
            (None, Some(script)) => {
                Box::new(MemoryInputPipe::new(std::mem::take(&mut script.stderr)))
            }
            _ => return Ok(None),
        };
        Ok(Some(self.table.push(stream)?))
    }

    fn subscribe(&mut self, child: Resource<Child>) -> Result<Resource<DynPollable>> {
        subscribe(&mut self.table, child)
    }

    fn try_wait(
        &mut self,
        child: Resource<Child>,
    ) -> Result<Option<Result<wit::ExitStatus, wit::Error>>> {
        Ok(self.table.get(&child)?.try_wait())
    }

    async fn wait(
        &mut self,
        child: Resource<Child>,
    ) -> Result<Result<wit::ExitStatus, wit::Error>> {
        Ok(self.table.get_mut(&child)?.wait().await)
    }

    fn kill(&mut self, child: Resource<Child>) -> Result<()> {
        self.table.get(&child)?.kill();
        Ok(())
    }

    fn drop(&mut self, child: Resource<Child>) -> Result<()> {
        self.table.delete(child)?;
        Ok(())
    }
}

/// The input of a scripted program: it reads nothing.
struct Unread;

#[wasmtime_wasi::async_trait]
impl Pollable for Unread {
    async fn ready(&mut self) {}
}

impl OutputStream for Unread {
    fn write(&mut self, _: Bytes) -> StreamResult<()> {
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BUDGET)
    }
}
