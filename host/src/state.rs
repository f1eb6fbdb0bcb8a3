//! What one invocation has on the host's side.

use std::sync::Arc;

use claw_package::Permission;
use wasmtime::Engine;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::denial::Denials;
use crate::filesystem::Filesystem;
use crate::host::Shared;
use crate::invocation::Invocation;
use crate::limits::{FIELD_BYTES_MAX, Limits, RANDOM_BYTES_MAX, Resources};
use crate::log::{Captured, Log, LogSource};
use crate::network::Traffic;
#[cfg(target_os = "linux")]
use crate::process::Processes;
use crate::receipts::Calls;
use crate::secrets::Held;

/// Everything that host functions reach.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) resources: Resources,
    pub(crate) log: Log,
    pub(crate) filesystem: Filesystem,
    pub(crate) traffic: Traffic,
    pub(crate) http_fields: WasiHttpCtx,
    pub(crate) secrets: Option<Arc<Held>>,
    #[cfg(target_os = "linux")]
    pub(crate) processes: Processes,
    pub(crate) denials: Denials,
    pub(crate) calls: Calls,
    wasi: WasiCtx,
    host_calls_max: u64,
    engine: Engine,
}

/// Whose host function is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Capability {
    Filesystem,
    Log,
    Network,
    Process,
    Wasi,
}

impl State {
    pub(crate) fn new(invocation: &Invocation, limits: &Limits, shared: &Shared) -> Self {
        let together = &shared.together;
        let secrets = Held::of(invocation);
        let log = Log::new(limits, invocation.log.clone(), secrets.clone());
        let mut http_fields = WasiHttpCtx::new();
        http_fields.set_field_size_limit(FIELD_BYTES_MAX);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles as usize);
        Self {
            table,
            resources: Resources::new(limits.memory_bytes, together),
            filesystem: Filesystem::new(invocation),
            traffic: Traffic::new(invocation, limits, secrets.clone()),
            http_fields,
            #[cfg(target_os = "linux")]
            processes: Processes::new(invocation, limits, shared.confiner.clone()),
            denials: Denials::default(),
            calls: Calls::default(),
            wasi: wasi(invocation, &log, secrets.as_deref()),
            secrets,
            log,
            host_calls_max: limits.host_calls,
            engine: shared.engine.clone(),
        }
    }

    /// Counts one call into the host. Every linked function comes through here.
    ///
    /// It cannot fail, so crossing the limit lets the next epoch check happen now: the guest gets no
    /// further than its next loop or function.
    pub(crate) fn counted(&mut self, capability: Capability) -> &mut Self {
        self.calls.count(capability);
        if self.calls.total() == self.host_calls_max.saturating_add(1) {
            self.engine.increment_epoch();
        }
        self
    }

    pub(crate) fn has_too_many_calls(&self) -> bool {
        self.calls.total() > self.host_calls_max
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let state = self.counted(Capability::Wasi);
        WasiCtxView {
            ctx: &mut state.wasi,
            table: &mut state.table,
        }
    }
}

/// No arguments, no input, no network; the variables that are granted, and the placeholders of
/// secrets; output into the log.
fn wasi(invocation: &Invocation, log: &Log, secrets: Option<&Held>) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(Captured {
            log: log.clone(),
            source: LogSource::Stdout,
        })
        .stderr(Captured {
            log: log.clone(),
            source: LogSource::Stderr,
        })
        .max_random_size(RANDOM_BYTES_MAX);
    for permission in &invocation.grants {
        let Permission::Environment(granted) = permission else {
            continue;
        };
        let mut named = invocation
            .environment
            .iter()
            .filter(|(name, _)| name == granted.as_str());
        let is_secret = |name: &str| {
            secrets.is_some_and(|secrets| secrets.environment().any(|(of, _)| of == name))
        };
        if let Some((name, value)) = named.next().filter(|(name, _)| !is_secret(name)) {
            builder.env(name, value);
        }
    }
    for (name, placeholder) in secrets.into_iter().flat_map(Held::environment) {
        builder.env(name, placeholder);
    }
    builder.build()
}
