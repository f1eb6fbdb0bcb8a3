//! What there is once per process: engine, epoch ticker, linker, compile cache.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;

use claw_trust::VerifiedComponent;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::cache::{self, Cache, CacheError};
use crate::engine;
use crate::imports::{self, NotEnforced};
use crate::limits::Together;
use crate::linker;
#[cfg(target_os = "linux")]
use crate::process::Confiner;
use crate::process::ProcessConfig;
use crate::skill::Skill;
use crate::state::State;
use crate::text;
use crate::ticker::Ticker;

/// How instances get their memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// When they are made: right for a single call.
    #[default]
    OnDemand,
    /// From a pool made beforehand, which takes some milliseconds and makes each call several times
    /// faster: right for a gateway.
    Pooled {
        /// How many may live at once.
        instances: u32,
    },
}

/// Where compiled code is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// A folder of the operator's own, made on first use, open to nobody else.
    pub directory: PathBuf,
    /// The key that seals what is in it, made on first use. It lies outside the folder.
    pub key_file: PathBuf,
}

/// How a host is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConfig {
    /// How instances get their memory.
    pub allocation: Allocation,
    /// Where compiled code is kept; none compiles at each load.
    pub cache: Option<CacheConfig>,
    /// The memories of all guests together, in bytes; none bounds each guest alone. Who runs so many
    /// at once gives them so many times the limit of one.
    pub memory_bytes_all: Option<u64>,
    /// How programs are confined; none runs no program.
    pub processes: Option<ProcessConfig>,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Wasmtime refuses this machine or these settings.
    #[error("could not start Wasmtime")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The pool is too small or too large.
    #[error("a pool of {instances} instances is not between 1 and {max}")]
    PoolSize {
        /// What was asked for.
        instances: u32,
        /// The most there can be.
        max: u32,
    },
    /// No thread could be started.
    #[error("could not start the epoch thread")]
    Thread(#[source] io::Error),
}

/// Whether what the cache holds is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuild {
    /// Use a compiled image when it is there and its seal holds.
    No,
    /// Compile again and replace it.
    Yes,
}

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no component, or one that this host cannot compile or hold.
    #[error("`{skill}` could not be made ready to run")]
    Compile {
        /// Whose component.
        skill: String,
        /// What Wasmtime says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It imports what no host offers.
    #[error("`{skill}` imports `{import}`, which no host offers")]
    UnknownImport {
        /// Whose component.
        skill: String,
        /// The first such import.
        import: String,
    },
    /// It imports what this version does not control yet, and so does not give.
    #[error(transparent)]
    NotEnforced(#[from] NotEnforced),
    /// A compiled image in the cache is not what was put there.
    #[error("{what} does not match in the compiled image `{}`", file.display())]
    CacheMismatch {
        /// The image.
        file: PathBuf,
        /// What did not match.
        what: &'static str,
    },
    /// The cache could not be used.
    #[error("could not use `{}` of the compile cache", path.display())]
    Cache {
        /// The image, its folder or the key.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It imports a known interface, but not as it is.
    #[error("`{skill}` does not fit the interfaces of this host")]
    Link {
        /// Whose component.
        skill: String,
        /// What Wasmtime says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Runs skills. One per process; clones are the same host.
#[derive(Clone)]
pub struct Host {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) linker: Linker<State>,
    pub(crate) together: Arc<Together>,
    #[cfg(target_os = "linux")]
    pub(crate) confiner: Option<Arc<Confiner>>,
    cache: Option<Cache>,
}

impl Host {
    /// Makes a host. The cache's folder and key are touched only when they are needed.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let engine = engine::build(config.allocation)?;
        let linker = linker::build(&engine).map_err(|error| HostError::Engine(error.into()))?;
        let ticker = Ticker::start(&engine).map_err(HostError::Thread)?;
        let cache = config.cache.map(|config| Cache::new(config, &engine));
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                ticker,
                linker,
                together: Arc::new(Together::new(config.memory_bytes_all.unwrap_or(u64::MAX))),
                #[cfg(target_os = "linux")]
                confiner: config
                    .processes
                    .map(|config| Arc::new(Confiner::new(config))),
                cache,
            }),
        })
    }

    /// Compiles a component into the cache, so that loading it later is quick. This takes about a
    /// second for each megabyte; without a cache nothing is kept.
    pub fn prepare(
        &self,
        component: &VerifiedComponent,
        rebuild: Rebuild,
    ) -> Result<(), LoadError> {
        if rebuild == Rebuild::No && self.cached(component)?.is_some() {
            return Ok(());
        }
        let compiled = self.compile(component)?;
        self.keep(component, &compiled)
    }

    /// Makes a component ready to be invoked: from the cache, or by compiling it.
    ///
    /// It blocks for as long as that takes.
    pub fn load(&self, component: &VerifiedComponent) -> Result<Skill, LoadError> {
        let compiled = match self.cached(component)? {
            Some(cached) => cached,
            None => {
                let compiled = self.compile(component)?;
                // A full disk makes the next load slow, and is no reason to refuse this one.
                let _ = self.keep(component, &compiled);
                compiled
            }
        };
        Skill::new(Arc::clone(&self.shared), component, &compiled)
    }

    fn cached(&self, component: &VerifiedComponent) -> Result<Option<Component>, LoadError> {
        let Some(cache) = &self.shared.cache else {
            return Ok(None);
        };
        let Some(image) = cache.read(component)? else {
            return Ok(None);
        };
        // What is under our seal is what Wasmtime wrote, so the reason is in this host: a pool whose
        // places are too small, for one.
        let loaded = cache::load::component(&self.shared.engine, &image);
        loaded
            .map(Some)
            .map_err(|error| not_ready(component, &error))
    }

    /// Reads what the component is within our own bounds first: the compiler has none.
    fn compile(&self, component: &VerifiedComponent) -> Result<Component, LoadError> {
        let skill = || component.skill().to_owned();
        let info = claw_package::decode(component.bytes()).map_err(|error| LoadError::Compile {
            skill: skill(),
            source: Box::new(error),
        })?;
        imports::check(&info.imports).map_err(|refused| match refused {
            imports::Refused::Unknown(import) => LoadError::UnknownImport {
                skill: skill(),
                import,
            },
            imports::Refused::NotEnforced(refused) => LoadError::NotEnforced(refused),
        })?;
        // A component that makes the compiler panic must not take other skills down with it.
        let compile = || Component::new(&self.shared.engine, component.bytes());
        match panic::catch_unwind(AssertUnwindSafe(compile)) {
            Ok(Ok(compiled)) => Ok(compiled),
            Ok(Err(error)) => Err(not_ready(component, &error)),
            Err(_) => Err(LoadError::Compile {
                skill: skill(),
                source: "the compiler panicked".into(),
            }),
        }
    }

    fn keep(&self, component: &VerifiedComponent, compiled: &Component) -> Result<(), LoadError> {
        let Some(cache) = &self.shared.cache else {
            return Ok(());
        };
        let image = compiled
            .serialize()
            .map_err(|error| not_ready(component, &error))?;
        Ok(cache.write(component, &image)?)
    }
}

fn not_ready(component: &VerifiedComponent, error: &wasmtime::Error) -> LoadError {
    LoadError::Compile {
        skill: component.skill().to_owned(),
        source: text::line(&format!("{error:#}")).into(),
    }
}

impl From<CacheError> for LoadError {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Mismatch { file, what } => Self::CacheMismatch { file, what },
            CacheError::Io { path, source } => Self::Cache { path, source },
        }
    }
}
