//! Waits for a child and ends everything that it started: when it ends, when the host says so, and when the host
//! itself is gone.
//!
//! The host holds the other end of the socket. That end closes with it, whatever ended it.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, pidfd_open, wait,
    waitpid,
};

use super::group::Group;
use super::message::Message;

/// How often the processes of a child are looked at.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// Rounds of ending processes that start others meanwhile. Each ends all that there are.
const ROUNDS_MAX: usize = 10_000;

/// Tells the host. When it is gone there is nobody to tell.
pub(super) fn tell(control: BorrowedFd<'_>, message: Message) {
    let _ = send(control, &message.to_bytes(), SendFlags::NOSIGNAL);
}

fn ended(status: WaitStatus) -> Message {
    match status.terminating_signal() {
        Some(signal) => Message::Signalled(signal),
        None => Message::Exited(status.exit_status().unwrap_or(-1)),
    }
}

/// As the first process of a namespace: takes in what is orphaned, and ends with the program. The kernel ends the
/// rest.
pub(super) fn first(control: BorrowedFd<'_>, program: Pid) {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                return tell(control, ended(status));
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// What is looked at while a child runs, where the kernel does not stop it by itself.
pub(super) struct Watch {
    /// Processes at once. None where something else bounds them.
    pub(super) processes_max: Option<u64>,
    /// Processor time of all of them together.
    pub(super) cpu_seconds_max: u64,
    /// The group that they are in.
    pub(super) group: Option<Group>,
}

impl Watch {
    /// How often, if at all.
    fn tick(&self) -> Option<&'static Timespec> {
        (self.processes_max.is_some() || self.group.is_some()).then_some(&TICK)
    }

    fn is_too_much(&self) -> bool {
        let is_over = |most| descendants().len() as u64 > most;
        let takes_too_long = |group: &Group| group.cpu_seconds() > self.cpu_seconds_max;
        self.processes_max.is_some_and(is_over) || self.group.as_ref().is_some_and(takes_too_long)
    }

    /// The group's last ones are ended, and it goes with them.
    fn end(&self) {
        if let Some(group) = &self.group {
            group.kill();
            group.end();
        }
    }
}

/// From outside of the namespace: waits for its first process, or ends it.
pub(super) fn namespace(control: &OwnedFd, first: Pid, watch: &Watch) {
    if wait_for(control, first, watch) == Woken::Stop {
        let _ = kill_process(first, Signal::KILL);
    }
    let status = waited(first);
    watch.end();
    // What was ended with everything else in its group says nothing of its own end, nor of the program's.
    if let Some(status) = status
        && status.terminating_signal().is_some()
    {
        tell(control.as_fd(), ended(status));
    }
}

/// Without a namespace: waits for the program, and then ends everything that comes from it.
pub(super) fn tree(control: &OwnedFd, program: Pid, watch: &Watch) {
    if wait_for(control, program, watch) == Woken::Stop {
        let _ = kill_process(program, Signal::KILL);
    }
    let status = waited(program);
    if let Some(group) = &watch.group {
        group.kill();
    }
    end_all();
    watch.end();
    if let Some(status) = status {
        tell(control.as_fd(), ended(status));
    }
}

#[derive(PartialEq, Eq)]
enum Woken {
    /// The process has ended.
    Ended,
    /// It is to be ended.
    Stop,
}

fn wait_for(control: &OwnedFd, pid: Pid, watch: &Watch) -> Woken {
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
        return Woken::Stop;
    };
    loop {
        // The host never writes here: whatever wakes this end is its end.
        let mut both = [
            PollFd::new(&process, PollFlags::IN),
            PollFd::new(control, PollFlags::IN),
        ];
        match poll(&mut both, watch.tick()) {
            Ok(_) if !both[0].revents().is_empty() => return Woken::Ended,
            Ok(_) if !both[1].revents().is_empty() => return Woken::Stop,
            Ok(_) if watch.is_too_much() => return Woken::Stop,
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return Woken::Stop,
        }
    }
}

fn waited(pid: Pid) -> Option<WaitStatus> {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Some(status),
            Ok(None) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// This process takes in what is orphaned, so all that is left hangs below it.
fn end_all() {
    for _ in 0..ROUNDS_MAX {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        for pid in descendants() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Every process that comes from this one, as `/proc` has it now.
fn descendants() -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // The name of the program is in brackets, and may hold anything.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        if let Some(parent) = fields.split_whitespace().nth(1)
            && let Ok(parent) = parent.parse()
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut pending = vec![getpid().as_raw_nonzero().get()];
    while let Some(pid) = pending.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            pending.push(child);
            found.extend(Pid::from_raw(child));
        }
    }
    found
}
