//! The helper process, from its start to its end: it forks for each child, and what it forks confines one.
//!
//! The host starts one for all children of a level, so that loading the program again, and what all of them have in
//! common, is paid for once. Each request is one message with descriptors: the child's own socket, its plan, its three
//! streams, and its program. The process that is forked for it holds that socket until the child and everything that
//! it started is gone: its end is how the host learns of theirs.

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

use super::filter::Filters;
use super::group::{Group, Groups};
use super::kernel::{self, Forked, Stream};
use super::message::{Message, PROBED_TOGETHER, REQUEST_DESCRIPTORS_MAX, Stage};
use super::plan::Plan;
use super::program::{self, Streams};
use super::supervise::Watch;
use super::{Level, namespaces, root, supervise};

/// The exit code of a helper that was started by somebody else than a host.
const MISUSED: u8 = 2;

/// Does what the host asks for through standard input. A program that embeds the host calls this, first of all, when
/// it is started as [`crate::ProcessConfig`] says; it prints nothing, and returns when the host is gone.
pub fn main() -> ExitCode {
    let Ok(requests) = detach() else {
        return ExitCode::from(MISUSED);
    };
    let mut common = None;
    loop {
        let request = match Request::receive(&requests) {
            Ok(Some(request)) => request,
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::from(MISUSED),
        };
        let common = common.get_or_insert_with(|| Common::of(request.level));
        match kernel::fork() {
            // This copy of the child's descriptors goes, so that their end is seen.
            Ok(Forked::Parent(_)) => {}
            Ok(Forked::Child) => {
                drop(requests);
                request.serve(common)
            }
            Err(error) => request.fail((Stage::Fork, error)),
        }
    }
}

/// What is typed at the terminal of the host is for the host, and so is its standard input.
fn detach() -> Result<OwnedFd, Errno> {
    let requests = fcntl_dupfd_cloexec(std::io::stdin(), 3)?;
    // Who is first of a session already needs none of its own.
    let _ = setsid();
    let null = openat(
        CWD,
        "/dev/null",
        OFlags::RDWR | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    for stream in [Stream::In, Stream::Out, Stream::Error] {
        kernel::replace(stream, null.as_fd())?;
    }
    kernel::forget_children();
    Ok(requests)
}

/// What all children of a level have in common.
struct Common {
    groups: Option<Groups>,
    namespaces: Result<(), Errno>,
    filters: Filters,
}

impl Common {
    fn of(level: Level) -> Self {
        Self {
            // In the host's own namespaces, where it is seen which group is whose.
            groups: Groups::find(),
            namespaces: match level {
                Level::Full => namespaces::enter_common(),
                Level::Basic => Ok(()),
            },
            filters: Filters::of(level),
        }
    }
}

/// A child that is wanted.
struct Request {
    level: Level,
    control: OwnedFd,
    plan: OwnedFd,
    streams: Streams,
    program: Option<OwnedFd>,
}

type Step<T = ()> = Result<T, (Stage, Errno)>;

impl Request {
    /// None when there is no host any more.
    fn receive(requests: &OwnedFd) -> Result<Option<Self>, Errno> {
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(REQUEST_DESCRIPTORS_MAX))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut bytes = [IoSliceMut::new(&mut byte)];
        let received = loop {
            match recvmsg(
                requests,
                &mut bytes,
                &mut ancillary,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Err(Errno::INTR) => {}
                received => break received?,
            }
        };
        if received.bytes == 0 {
            return Ok(None);
        }
        let mut descriptors = ancillary.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Vec::from_iter(descriptors),
            _ => Vec::new(),
        });
        let mut next = || descriptors.next().ok_or(Errno::BADMSG);
        Ok(Some(Self {
            level: Level::from_byte(byte[0]).ok_or(Errno::BADMSG)?,
            control: next()?,
            plan: next()?,
            streams: Streams {
                stdin: next()?,
                stdout: next()?,
                stderr: next()?,
            },
            program: next().ok(),
        }))
    }

    fn fail(&self, (stage, error): (Stage, Errno)) {
        let failed = Message::Failed(stage, error.raw_os_error());
        supervise::tell(self.control.as_fd(), failed);
    }

    /// In a process of its own, which ends with the child, and holds its socket until then.
    fn serve(self, common: &Common) -> ! {
        kernel::reset_signals();
        let Self {
            level,
            control,
            plan,
            streams,
            program,
        } = self;
        let mut bytes = Vec::new();
        let read = File::from(plan).read_to_end(&mut bytes);
        let plan = read.ok().and_then(|_| Plan::parse(&bytes));
        let plan = plan.ok_or((Stage::Plan, Errno::INVAL));
        let mut made = None;
        let done = plan.and_then(|plan| {
            let groups = common.groups.as_ref();
            let group = groups.map(|groups| groups.make(Some(&plan.bounds)));
            let group = group.transpose().map_err(|error| (Stage::Group, error))?;
            made.clone_from(&group);
            let task = Task {
                group,
                plan,
                streams,
                program,
                common,
            };
            match level {
                Level::Full => task.in_namespaces(&control),
                Level::Basic => task.without_namespaces(&control),
            }
        });
        if let Err((stage, error)) = done {
            // Nothing is in it, or will be.
            made.iter().for_each(Group::end);
            let failed = Message::Failed(stage, error.raw_os_error());
            supervise::tell(control.as_fd(), failed);
        }
        kernel::exit(0)
    }
}

struct Task<'a> {
    group: Option<Group>,
    plan: Plan,
    streams: Streams,
    program: Option<OwnedFd>,
    common: &'a Common,
}

impl Task<'_> {
    /// What is looked at while the child runs. It outlives the rest.
    fn watch(&mut self, processes_max: Option<u64>) -> Watch {
        let bounds = self.plan.bounds;
        Watch {
            processes_max: processes_max.filter(|_| self.group.is_none()),
            cpu_seconds_max: bounds.cpu_seconds,
            group: self.group.take(),
        }
    }

    /// Before anything else of the child is started.
    fn enter_group(&self) -> Step {
        let group = self.group.as_ref();
        let entered = group.map_or(Ok(()), Group::enter);
        entered.map_err(|error| (Stage::Group, error))
    }

    fn in_namespaces(mut self, control: &OwnedFd) -> Step {
        let at = |error| (Stage::Namespaces, error);
        self.common.namespaces.map_err(at)?;
        namespaces::enter().map_err(at)?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Parent(first) => {
                let is_counted = !geteuid().is_root() || namespaces::has_own_count();
                let processes_max = (!is_counted).then_some(self.plan.bounds.processes);
                let watch = self.watch(processes_max);
                // The streams are the child's alone: they end with it.
                drop(self);
                supervise::namespace(control, first, &watch);
                Ok(())
            }
            Forked::Child => {
                if let Err((stage, error)) = self.begin_namespace(control) {
                    let failed = Message::Failed(stage, error.raw_os_error());
                    supervise::tell(control.as_fd(), failed);
                }
                kernel::exit(0)
            }
        }
    }

    /// In the namespace, before the program: the process that everything in it ends with.
    fn begin_namespace(self, control: &OwnedFd) -> Step {
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| (Stage::Process, error))?;
        self.enter_group()?;
        if geteuid().is_root() && namespaces::has_own_count() {
            namespaces::bound_count().map_err(|error| (Stage::Namespaces, error))?;
        }
        root::build(&self.plan)?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Child => self.become_program(control),
            Forked::Parent(program) => {
                drop(self);
                supervise::first(control.as_fd(), program);
                Ok(())
            }
        }
    }

    fn without_namespaces(mut self, control: &OwnedFd) -> Step {
        set_child_subreaper(Some(getpid())).map_err(|error| (Stage::Process, error))?;
        match kernel::fork().map_err(|error| (Stage::Fork, error))? {
            Forked::Child => match self.enter_group() {
                Ok(()) => self.become_program(control),
                Err((stage, error)) => {
                    let failed = Message::Failed(stage, error.raw_os_error());
                    supervise::tell(control.as_fd(), failed);
                    kernel::exit(0)
                }
            },
            Forked::Parent(program) => {
                let watch = self.watch(Some(self.plan.bounds.processes));
                drop(self);
                supervise::tree(control, program, &watch);
                Ok(())
            }
        }
    }

    fn become_program(self, control: &OwnedFd) -> ! {
        let filters = &self.common.filters;
        match program::start(&self.plan, self.program, &self.streams, filters) {
            Ok(()) if self.group.is_some() => kernel::exit(PROBED_TOGETHER),
            Ok(()) => kernel::exit(0),
            Err((stage, error)) => {
                let failed = Message::Failed(stage, error.raw_os_error());
                supervise::tell(control.as_fd(), failed);
                kernel::exit(127)
            }
        }
    }
}
