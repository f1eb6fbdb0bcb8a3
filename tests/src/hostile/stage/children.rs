//! What a case needs that is about programs: one to run, a neighbour for it, and a look at what is left of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Level, Stage, Verdict};

/// How long the end of a child may be after the end of its action: it takes milliseconds.
const GONE: Duration = Duration::from_secs(5);

impl Stage<'_> {
    /// How children are confined.
    pub(in super::super) fn level(&self) -> Level {
        self.world.level()
    }

    /// The probing program: `tests/src/confined.rs`, under a name that no other process has.
    pub(in super::super) fn program(&self) -> String {
        self.world.program().display().to_string()
    }

    /// The last part of it.
    pub(in super::super) fn program_name(&self) -> String {
        let name = self.world.program().file_name();
        name.expect("a program is a file")
            .to_string_lossy()
            .into_owned()
    }

    /// A copy of it that a case may change.
    pub(in super::super) fn program_of_its_own(&self) -> String {
        let folder = self.root.join("programs");
        std::fs::create_dir(&folder).expect("a folder can be made");
        let copy = folder.join(self.program_name());
        std::fs::copy(self.world.program(), &copy).expect("copied");
        copy.display().to_string()
    }

    /// Grants the workspace, and the probing program with any words.
    pub(in super::super) fn grant_program(&mut self) {
        let program = format!("process.execute={} **", self.program());
        self.grant(&["filesystem.write=.", &program]);
    }

    /// A process of the same user that no child may touch.
    pub(in super::super) fn neighbour(&self) -> Child {
        let mut command = Command::new(self.world.program());
        command
            .arg("hang")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command.spawn().expect("it starts")
    }

    /// No process that runs the probing program is left.
    pub(in super::super) fn no_process_left(&self) -> Verdict {
        let began = Instant::now();
        loop {
            match running(&self.program_name()) {
                0 => break,
                count if began.elapsed() > GONE => {
                    return Err(format!("{count} processes are left"));
                }
                _ => std::thread::yield_now(),
            }
        }
        match self.world.library().temporary_files() {
            0 => Ok(()),
            count => Err(format!("{count} temporary files are left")),
        }
    }

    /// A second stage, for the second half of a case.
    pub(in super::super) fn another(&self) -> Self {
        Stage::new(self.world)
    }
}

/// Whether a process has a child, ended or not.
pub(super) fn has_one(process: u32) -> bool {
    let entries = std::fs::read_dir("/proc").expect("there is /proc");
    let mut parents = entries.flatten().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().nth(1)?.parse::<u32>().ok()
    });
    parents.any(|parent| parent == process)
}

/// How many processes have this name and have not ended.
fn running(name: &str) -> usize {
    let entries = std::fs::read_dir("/proc")
        .expect("there is /proc")
        .flatten();
    entries
        .filter(|entry| is_running(&entry.path(), name))
        .count()
}

fn is_running(process: &Path, name: &str) -> bool {
    // What ends meanwhile has no such file any more.
    let Ok(stat) = std::fs::read_to_string(process.join("stat")) else {
        return false;
    };
    let Some((head, state)) = stat.rsplit_once(')') else {
        return false;
    };
    let is_it = head
        .split_once('(')
        .is_some_and(|(_, command)| command == name);
    is_it && !state.trim_start().starts_with('Z')
}
