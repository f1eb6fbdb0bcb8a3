//! From the words of a guest to a child that can be started: which file the program is, whether it is the one that
//! was granted, and what the child may use.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_package::permission::Folder;
use claw_package::{Permission, PermissionKind};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::command::{Command, Refusal, Wanted, allowing, shown};
use super::confine::{Bounds, Granted, Plan};
use super::confiner::Confiner;
use super::profile::{self, Profile};
use super::program::{self, Program, ProgramError};
use super::scratch::Scratch;
use super::{Level, Processes, Script, environment};
use crate::denial::{Denial, DenialReason};

/// Where a child has its temporary files when they are in memory: the first that holds no granted folder, since what
/// may be done in a folder may be done in all that is mounted in it.
const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/run/tmp"];

/// A file that a child writes is no larger, whatever the guest itself may write: the rest of the disk is others'.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Processes and threads of one child at once: enough for a compiler, and nothing for a bomb.
const PROCESSES_MAX: u64 = 128;

/// Open files of each process. Many programs can't count further anyway.
const FILES_MAX: u64 = 1024;

/// Why nothing is started.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// It is not allowed.
    Denied(Box<Denial>),
    /// The program is not the one that was granted.
    Changed(Box<Denial>),
    /// There is no such program or folder.
    NotFound(String),
    /// It makes no sense.
    Invalid(String),
    /// It is too much.
    TooMuch(String),
    /// It can't be confined.
    Unconfined(Box<Denial>),
    /// The machine refused.
    Failed(String),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(denial) => Self::Denied(denial),
            Refusal::Invalid(why) => Self::Invalid(why),
            Refusal::TooMuch(why) => Self::TooMuch(why),
        }
    }
}

/// What a command came to.
pub(super) enum Prepared {
    /// A child that can be started.
    Real(Box<Ready>),
    /// An answer.
    Scripted(Script),
}

/// Everything that starting takes.
pub(super) struct Ready {
    pub(super) confiner: Arc<Confiner>,
    pub(super) plan: Plan,
    pub(super) program: fs::File,
    pub(super) scratch: Option<Scratch>,
}

impl Processes {
    /// Checks a command, and readies the child. It counts whatever is allowed.
    pub(super) async fn prepare(&mut self, wanted: &Wanted) -> Result<Prepared, Fault> {
        let command = wanted.check(&self.grants, &self.environment)?;
        if self.started >= self.limits.processes {
            let most = self.limits.processes;
            return Err(Fault::TooMuch(format!(
                "an action runs at most {most} programs"
            )));
        }
        self.started += 1;
        if self.programs.scripts.is_some() {
            command.words(command.profile())?;
            return Ok(Prepared::Scripted(self.scripted(&command.argv)?));
        }
        let unconfined = |why: &str| {
            let mut denial = self.denial(&command, DenialReason::Unconfined, None);
            denial.what = format!("{} ({why})", denial.what);
            Fault::Unconfined(denial)
        };
        let Some(confiner) = self.confiner.clone() else {
            return Err(unconfined("no helper was given to confine it with"));
        };
        let program = self.open(&command, &confiner).await?;
        let name = program.path.file_name().and_then(|name| name.to_str());
        let profile = name.and_then(profile::of).or_else(|| command.profile());
        let words = command.words(profile)?;
        let confinement = confiner.confinement().await;
        let level = confinement.map_err(|why| unconfined(&why.reason))?.level;
        let workspace = self
            .workspace
            .as_deref()
            .and_then(|path| path.canonicalize().ok());
        let granted = workspace
            .as_deref()
            .map_or_else(Vec::new, |path| self.folders(path));
        let hidden = self.hidden(&granted);
        if level == Level::Basic && !hidden.is_empty() {
            return Err(unconfined(
                "without namespaces claw's own folder can't be hidden in the workspace",
            ));
        }
        let scratch = match level {
            Level::Full => None,
            Level::Basic => {
                let scratch = Scratch::new(&confiner.helpers.config.temporary);
                Some(scratch.map_err(|error| Fault::Failed(error.to_string()))?)
            }
        };
        let holds_none = |path: &&str| {
            granted
                .iter()
                .all(|granted| !granted.path.starts_with(path))
        };
        let temporary = match &scratch {
            Some(scratch) => scratch.path().to_owned(),
            None => TEMPORARY
                .iter()
                .find(|path| holds_none(path))
                .map(PathBuf::from)
                .ok_or_else(|| Fault::Failed("no folder is left for temporary files".to_owned()))?,
        };
        let folder = start_folder(&command, workspace.as_deref(), &granted, &temporary)?;
        let environment = self.variables(
            &command,
            profile,
            &program,
            &temporary,
            workspace.as_deref(),
        );
        let mut executable = vec![program.path.clone()];
        executable.extend(program.loader.clone());
        executable.extend(own_files(profile, &program, &confiner));
        let needed = confiner.needed();
        let plan = Plan {
            level,
            is_probe: false,
            argv: words.into_iter().map(String::into_bytes).collect(),
            environment,
            folder,
            granted,
            readable: needed.files.clone(),
            links: needed.links.clone(),
            executable,
            hidden,
            temporary,
            keeps_repository: profile.is_some_and(|profile| profile.keeps_repository),
            bounds: Bounds {
                memory_bytes: self.limits.process_memory_bytes,
                file_bytes: FILE_BYTES_MAX.min(self.limits.written_bytes),
                cpu_seconds: self.limits.timeout.as_secs().saturating_add(1),
                processes: PROCESSES_MAX,
                files: FILES_MAX,
            },
        };
        Ok(Prepared::Real(Box::new(Ready {
            confiner,
            plan,
            program: program.file,
            scratch,
        })))
    }

    fn denial(
        &self,
        command: &Command,
        reason: DenialReason,
        permission: Option<Permission>,
    ) -> Box<Denial> {
        Box::new(Denial {
            kind: PermissionKind::ProcessExecute,
            what: format!("run {}", shown(&command.argv)),
            reason,
            permission,
        })
    }

    /// The program that was granted, opened, with its bytes compared.
    async fn open(&self, command: &Command, confiner: &Arc<Confiner>) -> Result<Program, Fault> {
        let word = &command.argv[0];
        let allowing = allowing(&self.grants, &command.argv);
        let again = allowing.first().cloned();
        let pin = self.programs.pins.iter().find(|pin| pin.word == *word);
        let any = allowing.iter().any(|permission| {
            matches!(permission, Permission::ProcessExecute(command) if command.is_any())
        });
        let (path, digest) = match pin {
            Some(pin) => (pin.path.clone(), Some(pin.digest)),
            None if any => {
                let found = program::find(word, &self.programs.search);
                (
                    found.map_err(|error| Fault::NotFound(error.to_string()))?,
                    None,
                )
            }
            None => {
                let denial = self.denial(command, DenialReason::NotPinned, again);
                return Err(Fault::Changed(denial));
            }
        };
        let workspace = self.workspace.clone();
        let confiner = Arc::clone(confiner);
        let opened = tokio::task::spawn_blocking(move || {
            let program = Program::open(&path, workspace.as_deref())?;
            let found = match digest {
                Some(_) => Some(confiner.digest(&program)?),
                None => None,
            };
            Ok::<_, ProgramError>((program, found))
        });
        let opened = opened
            .await
            .map_err(|error| Fault::Failed(error.to_string()))?;
        match opened {
            Ok((program, found)) if found == digest => Ok(program),
            Ok(_) => Err(Fault::Changed(self.denial(
                command,
                DenialReason::Changed,
                again,
            ))),
            Err(error) if pin.is_some() => {
                let mut denial = self.denial(command, DenialReason::Changed, again);
                denial.what = format!("{} ({error})", denial.what);
                Err(Fault::Changed(denial))
            }
            Err(error) => {
                let mut denial = self.denial(command, DenialReason::NoProgram, None);
                denial.what = format!("{} ({error})", denial.what);
                Err(Fault::Denied(denial))
            }
        }
    }

    /// The granted folders that are there, without links on the way.
    fn folders(&self, workspace: &Path) -> Vec<Granted> {
        let mut folders = Vec::new();
        for permission in &self.grants {
            let (folder, writable) = match permission {
                Permission::FilesystemRead(folder) => (folder, false),
                Permission::FilesystemWrite(folder) => (folder, true),
                _ => continue,
            };
            if let Some((path, device, inode)) = find_folder(workspace, folder) {
                folders.push(Granted {
                    path,
                    writable,
                    device,
                    inode,
                });
            }
        }
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders
    }

    /// Claw's own folder, where a granted one holds it.
    fn hidden(&self, granted: &[Granted]) -> Vec<PathBuf> {
        let home = self
            .home
            .as_deref()
            .and_then(|home| home.canonicalize().ok());
        let is_seen = |home: &PathBuf| {
            granted
                .iter()
                .any(|granted| home.starts_with(&granted.path))
        };
        home.into_iter().filter(is_seen).collect()
    }

    fn variables(
        &self,
        command: &Command,
        profile: Option<&Profile>,
        program: &Program,
        temporary: &Path,
        workspace: Option<&Path>,
    ) -> Vec<Vec<u8>> {
        let mut all = environment::fixed(&program.path, temporary);
        all.extend(command.environment.iter().cloned());
        if let Some(profile) = profile {
            let own = profile.environment.iter();
            all.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let place = (profile.place)(self.programs.author.as_ref(), workspace);
            all.extend(
                place
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        let all = all.into_iter().filter(|(_, value)| !value.contains('\0'));
        all.map(|(name, value)| format!("{name}={value}").into_bytes())
            .collect()
    }
}

/// Where a child starts: where it is told to, in the workspace where that may be read, else among its own files.
fn start_folder(
    command: &Command,
    workspace: Option<&Path>,
    granted: &[Granted],
    temporary: &Path,
) -> Result<PathBuf, Fault> {
    match (&command.folder, workspace) {
        (Some(folder), Some(workspace)) => find_folder(workspace, folder)
            .map(|(path, ..)| path)
            .ok_or_else(|| Fault::NotFound(format!("there is no folder `{folder}`"))),
        (Some(folder), None) => Err(Fault::NotFound(format!("there is no folder `{folder}`"))),
        (None, Some(workspace)) if granted.iter().any(|granted| granted.path == workspace) => {
            Ok(workspace.to_owned())
        }
        (None, _) => Ok(temporary.to_owned()),
    }
}

/// A folder of the workspace with its identity. A link to it is none.
fn find_folder(workspace: &Path, folder: &Folder) -> Option<(PathBuf, u64, u64)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(workspace, flags, Mode::empty()).ok()?;
    let (path, relative) = match folder.components().join("/") {
        names if names.is_empty() => (workspace.to_owned(), ".".to_owned()),
        names => (workspace.join(&names), names),
    };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let opened = openat2(&top, relative, flags, Mode::empty(), resolve).ok()?;
    let stat = rustix::fs::fstat(&opened).ok()?;
    Some((path, stat.st_dev, stat.st_ino))
}

/// Files beside the program that are the same program, byte for byte: it executes itself by them.
fn own_files(profile: Option<&Profile>, program: &Program, confiner: &Confiner) -> Vec<PathBuf> {
    let prefix = program.path.parent().and_then(Path::parent);
    let (Some(profile), Some(prefix)) = (profile, prefix) else {
        return Vec::new();
    };
    let Ok(digest) = confiner.digest(program) else {
        return Vec::new();
    };
    let is_same = |path: &PathBuf| {
        Program::open(path, None)
            .and_then(|other| confiner.digest(&other))
            .is_ok_and(|other| other == digest)
    };
    let candidates = profile.own.iter().map(|own| prefix.join(own));
    candidates
        .filter_map(|path| path.canonicalize().ok())
        .filter(|path| *path != program.path)
        .filter(is_same)
        .collect()
}
