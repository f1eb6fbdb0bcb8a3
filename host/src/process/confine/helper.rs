//! The helper process, from its start to its end.
//!
//! It gets one message with its first descriptors: the plan, the child's standard input, and the program. Standard
//! output and error are the child's from the beginning.

use std::fs::File;
use std::io::{IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{
    Signal, geteuid, getpid, set_child_subreaper, set_parent_process_death_signal, setsid,
};

use super::kernel::{self, Forked, Stream};
use super::message::{Message, Stage};
use super::plan::Plan;
use super::{Level, namespaces, program, root, supervise};

/// The exit code of a helper that was started by somebody else than a host.
const MISUSED: u8 = 2;

/// Descriptors in the message: plan, input, program.
const DESCRIPTORS_MAX: usize = 3;

/// Does what the host asks for through standard input. A program that embeds the host calls this, first of all, when
/// it is started as [`crate::ProcessConfig`] says; it prints nothing, and returns when the child is gone.
pub fn main() -> ExitCode {
    let Ok(control) = fcntl_dupfd_cloexec(std::io::stdin(), 3) else {
        return ExitCode::from(MISUSED);
    };
    let Some(task) = Task::receive(&control) else {
        return ExitCode::from(MISUSED);
    };
    if let Err((stage, error)) = task.run(&control) {
        let failed = Message::Failed(stage, error.raw_os_error());
        supervise::tell(control.as_fd(), failed);
    }
    ExitCode::SUCCESS
}

struct Task {
    plan: Plan,
    input: OwnedFd,
    program: Option<OwnedFd>,
}

type Step<T = ()> = Result<T, (Stage, Errno)>;

impl Task {
    fn receive(control: &OwnedFd) -> Option<Self> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut bytes = [IoSliceMut::new(&mut byte)];
        recvmsg(control, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC).ok()?;
        let mut descriptors = ancillary.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Vec::from_iter(descriptors),
            _ => Vec::new(),
        });
        let mut bytes = Vec::new();
        File::from(descriptors.next()?)
            .read_to_end(&mut bytes)
            .ok()?;
        Some(Self {
            plan: Plan::parse(&bytes)?,
            input: descriptors.next()?,
            program: descriptors.next(),
        })
    }

    fn run(self, control: &OwnedFd) -> Step {
        let at = |stage| move |error| (stage, error);
        // What is typed at the terminal of the host is for the host.
        setsid().map_err(at(Stage::Process))?;
        let null = openat(
            CWD,
            "/dev/null",
            OFlags::RDWR | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(at(Stage::Process))?;
        match self.plan.level {
            Level::Full => self.in_namespaces(control, &null),
            Level::Basic => self.without_namespaces(control, &null),
        }
    }

    fn in_namespaces(self, control: &OwnedFd, null: &OwnedFd) -> Step {
        namespaces::enter().map_err(|error| (Stage::Namespaces, error))?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Parent(first) => {
                let is_counted = !geteuid().is_root() || namespaces::has_own_count();
                let processes_max = (!is_counted).then_some(self.plan.bounds.processes);
                drop(self);
                let _ = let_go(null);
                supervise::namespace(control, first, processes_max);
                Ok(())
            }
            Forked::Child => {
                if let Err((stage, error)) = self.begin_namespace(control, null) {
                    let failed = Message::Failed(stage, error.raw_os_error());
                    supervise::tell(control.as_fd(), failed);
                }
                kernel::exit(0)
            }
        }
    }

    /// In the namespace, before the program: the process that everything in it ends with.
    fn begin_namespace(self, control: &OwnedFd, null: &OwnedFd) -> Step {
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| (Stage::Process, error))?;
        if geteuid().is_root() && namespaces::has_own_count() {
            namespaces::bound_count().map_err(|error| (Stage::Namespaces, error))?;
        }
        root::build(&self.plan)?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Child => self.become_program(control),
            Forked::Parent(program) => {
                drop(self);
                let _ = let_go(null);
                supervise::first(control.as_fd(), program);
                Ok(())
            }
        }
    }

    fn without_namespaces(self, control: &OwnedFd, null: &OwnedFd) -> Step {
        set_child_subreaper(Some(getpid())).map_err(|error| (Stage::Process, error))?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Child => self.become_program(control),
            Forked::Parent(program) => {
                let processes_max = self.plan.bounds.processes;
                drop(self);
                let _ = let_go(null);
                supervise::tree(control, program, processes_max);
                Ok(())
            }
        }
    }

    fn become_program(self, control: &OwnedFd) -> ! {
        match program::start(&self.plan, self.program, &self.input) {
            Ok(()) => kernel::exit(0),
            Err((stage, error)) => {
                let failed = Message::Failed(stage, error.raw_os_error());
                supervise::tell(control.as_fd(), failed);
                kernel::exit(127)
            }
        }
    }
}

/// The streams are the child's alone: they end with it.
fn let_go(null: &OwnedFd) -> Result<(), Errno> {
    let streams = [Stream::In, Stream::Out, Stream::Error];
    streams
        .into_iter()
        .try_for_each(|stream| kernel::replace(stream, null.as_fd()))
}
