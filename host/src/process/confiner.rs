//! What is known once per process: how well this kernel confines, which programs were hashed, and where programs
//! have their libraries.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use claw_package::Digest;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::config::ProcessConfig;
use super::confine::{Bounds, Message, PROBED_TOGETHER, Plan, Stage};
use super::helper::Helpers;
use super::level::{Confinement, Level, Unconfined};
use super::program::{Identity, Program, ProgramError};
use super::spawn::{self, Input, Start};

/// What loaders and most programs read before they start: shared libraries, what finds them, and the clocks of the
/// world. Nothing in it is anybody's own.
const NEEDED: [&str; 14] = [
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
    "/usr/local/lib",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
];

/// Programs whose digest is remembered. More are hashed again.
const DIGESTS_MAX: usize = 1_000;

/// How long a helper may take to find out what works. It takes milliseconds.
const PROBE_MAX: Duration = Duration::from_secs(10);

/// One for all invocations.
pub(crate) struct Confiner {
    pub(super) helpers: Helpers,
    confinement: OnceCell<Result<Confinement, Unconfined>>,
    digests: Mutex<HashMap<Identity, Digest>>,
    needed: OnceLock<Needed>,
}

/// Files and folders of the machine that exist, and links to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Needed {
    pub(super) files: Vec<PathBuf>,
    pub(super) links: Vec<(PathBuf, PathBuf)>,
}

impl Confiner {
    pub(crate) fn new(config: ProcessConfig) -> Self {
        Self {
            helpers: Helpers::new(config),
            confinement: OnceCell::new(),
            digests: Mutex::default(),
            needed: OnceLock::new(),
        }
    }

    /// The best level that works, found out by trying.
    pub(crate) async fn confinement(&self) -> Result<Confinement, Unconfined> {
        let found = self.confinement.get_or_init(|| self.find()).await;
        found.clone()
    }

    async fn find(&self) -> Result<Confinement, Unconfined> {
        let mut reason = None;
        for level in [Level::Full, Level::Basic] {
            if self
                .helpers
                .config
                .level_max
                .is_some_and(|most| level > most)
            {
                reason = Some("no more is asked for".to_owned());
                continue;
            }
            match self.probe(level).await {
                Ok(together) => {
                    return Ok(Confinement {
                        level,
                        together,
                        reason,
                    });
                }
                Err(why) => {
                    self.helpers.end(level);
                    reason = Some(why);
                }
            }
        }
        Err(Unconfined {
            reason: reason.unwrap_or_default(),
        })
    }

    /// Whether a child's processes are bounded together, if one can be confined at all.
    async fn probe(&self, level: Level) -> Result<bool, String> {
        let needed = self.needed();
        let plan = Plan {
            level,
            is_probe: true,
            argv: Vec::new(),
            environment: Vec::new(),
            folder: PathBuf::from("/"),
            granted: Vec::new(),
            readable: needed.files.clone(),
            links: needed.links.clone(),
            executable: Vec::new(),
            hidden: Vec::new(),
            temporary: match level {
                Level::Full => PathBuf::from("/tmp"),
                Level::Basic => self.helpers.config.temporary.clone(),
            },
            keeps_repository: false,
            bounds: PROBE,
        };
        let start = Start {
            plan: &plan,
            program: None,
            input: Input::Empty,
            deadline: Some(Instant::now() + PROBE_MAX),
            stop: CancellationToken::new(),
            tracker: &TaskTracker::new(),
            scratch: None,
        };
        let started = spawn::start(&self.helpers, start);
        let started = started.map_err(|error| format!("could not start the helper: {error}"))?;
        match started.running.ended().await.message {
            Some(Message::Exited(code)) => Ok(code == i32::from(PROBED_TOGETHER)),
            Some(Message::Failed(stage, errno)) => Err(failure(stage, errno)),
            _ => Err("the helper does not answer".to_owned()),
        }
    }

    /// The digest of a program. A file that was hashed before is not hashed again.
    pub(super) fn digest(&self, program: &Program) -> Result<Digest, ProgramError> {
        let known = || self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known().get(&program.identity) {
            return Ok(*digest);
        }
        let digest = program.digest()?;
        let mut known = known();
        if known.len() >= DIGESTS_MAX {
            known.clear();
        }
        known.insert(program.identity, digest);
        Ok(digest)
    }

    pub(super) fn needed(&self) -> &Needed {
        self.needed.get_or_init(Needed::of_this_machine)
    }
}

const PROBE: Bounds = Bounds {
    memory_bytes: 1 << 30,
    file_bytes: 1 << 20,
    cpu_seconds: 10,
    processes: 16,
    files: 64,
};

/// What failed, for people.
pub(super) fn failure(stage: Stage, errno: i32) -> String {
    let why = io::Error::from_raw_os_error(errno);
    format!("could not {}: {why}", stage.act())
}

impl Needed {
    fn of_this_machine() -> Self {
        let mut needed = Self::default();
        for path in NEEDED.map(Path::new) {
            needed.add(path);
        }
        needed
    }

    /// Adds a file or folder, or a link as a link.
    fn add(&mut self, path: &Path) {
        if let Ok(text) = fs::read_link(path) {
            self.links.push((path.to_owned(), text));
        } else if path.exists() {
            self.files.push(path.to_owned());
        }
    }
}
