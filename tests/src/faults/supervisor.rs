//! Starts a program under watch, and answers for each of its calls as the disk's state says.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{
    Pid, PidfdFlags, PidfdGetfdFlags, Signal, kill_process, pidfd_getfd, pidfd_open,
};

use super::call::{Act, Call, Caller};
use super::filter::{Answer, Listener, Notification};
use super::{Fault, State};

/// Starts `command`; its calls are answered until the last process that it started has ended.
pub(super) fn spawn(state: Arc<Mutex<State>>, mut command: Command) -> Child {
    let (sender, receiver) = channel::<Listener>();
    thread::spawn(move || {
        let Ok(listener) = receiver.recv() else {
            return;
        };
        while let Some(asked) = listener.next() {
            let answer = state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .judge(&asked);
            listener.answer(asked.id, answer);
        }
    });
    // What a thread is put under, it never gets rid of: hence a thread of its own.
    let spawner = thread::spawn(move || {
        let listener = Listener::install().expect("the kernel knows seccomp user notification");
        sender.send(listener).expect("somebody answers");
        command.spawn().expect("the program starts")
    });
    spawner.join().expect("the program was started")
}

impl State {
    /// Decides about one call.
    fn judge(&mut self, asked: &Notification) -> Answer {
        let Some(call) = Call::read(asked, &self.root) else {
            return Answer::Continue;
        };
        let caller = Caller(asked.thread);
        if call.act == Act::Unseen {
            self.unseen.push(format!(
                "call {} on `{}`",
                asked.number,
                call.path.display()
            ));
            return Answer::Continue;
        }
        if self.fault == Fault::ReadOnly && call.act != Act::Sync {
            self.struck = true;
            return Answer::Error(libc::EROFS);
        }
        if call.act == Act::Open {
            return Answer::Continue;
        }
        self.changes += 1;
        if let Some(shadow) = &mut self.shadow
            && !matches!(call.act, Act::Write { .. } | Act::Resize)
        {
            shadow.capture(&format!("{:?} `{}`", call.act, call.path.display()));
            shadow.moved(call.moved);
        }
        if let Fault::Killed(at) = self.fault
            && self.changes >= at
        {
            self.struck = true;
            if let Some(process) = caller.process().and_then(Pid::from_raw) {
                // Who is gone already needs no killing.
                let _ = kill_process(process, Signal::KILL);
            }
            return Answer::Error(libc::EIO);
        }
        if let Fault::Failing(at) = self.fault
            && self.changes >= at
        {
            self.struck = true;
            return Answer::Error(libc::EIO);
        }
        match call.act {
            Act::Sync => self.sync(&call, caller),
            Act::Write { .. } | Act::Resize | Act::Name => self.need(&call, caller),
            Act::Remove | Act::Open | Act::Unseen => Answer::Continue,
        }
    }

    /// A sync is only remembered: the tests do not wait for a real disk.
    fn sync(&mut self, call: &Call, caller: Caller) -> Answer {
        self.syncs += 1;
        if let Fault::Broken(at) = self.fault
            && self.syncs >= at
        {
            self.struck = true;
            return Answer::Error(libc::EIO);
        }
        let path = call.path.strip_prefix(&self.root).unwrap_or(&call.path);
        let is_neglected = self.neglected.is_some_and(|neglected| neglected(path));
        if let (Some(shadow), Some(descriptor), false) =
            (&mut self.shadow, call.descriptor, is_neglected)
        {
            shadow.sync(&caller.link(descriptor));
        }
        Answer::Result(0)
    }

    /// A call that needs room.
    fn need(&mut self, call: &Call, caller: Caller) -> Answer {
        self.needs += 1;
        let Fault::Full(at) = self.fault else {
            return Answer::Continue;
        };
        if self.needs < at {
            return Answer::Continue;
        }
        self.struck = true;
        if self.needs == at
            && let Some(written) = write_half(call, caller)
        {
            return Answer::Result(written);
        }
        Answer::Error(libc::ENOSPC)
    }
}

/// Does half of a write in the caller's place, as a disk does that fills up in the middle of it.
fn write_half(call: &Call, caller: Caller) -> Option<i64> {
    let Act::Write {
        address,
        length,
        place,
    } = call.act
    else {
        return None;
    };
    let half = usize::try_from(length).ok()? / 2;
    if half == 0 {
        return None;
    }
    let bytes = caller.bytes(address, half)?;
    let mut file = borrow(caller.process()?, call.descriptor?).ok()?;
    let written = match place {
        Some(place) => file.write_at(&bytes, place),
        None => file.write(&bytes),
    };
    i64::try_from(written.ok()?).ok()
}

/// The caller's own open file, so that it goes on where we have stopped.
fn borrow(process: i32, descriptor: i32) -> io::Result<File> {
    let process = Pid::from_raw(process).ok_or(io::ErrorKind::NotFound)?;
    let process = pidfd_open(process, PidfdFlags::empty())?;
    Ok(pidfd_getfd(process, descriptor, PidfdGetfdFlags::empty())?.into())
}
