//! The peer of every call: Wasmtime and its WASI as a program would use them that does nothing else.
//!
//! No grants, no limits, no receipt, no JSON. The pool is tuned as ours is, so that what differs is what claw
//! adds.

use std::path::Path;

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Linker,
    Lower, ResourceTable,
};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

/// What one instance has on the host's side.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// `claw:skill/log` has this one enum; what is logged goes nowhere.
#[derive(ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only the guest makes them")]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// Who waits for a host function that takes long.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    Sync,
    Async,
}

/// An engine with a pool for `instances`, or without one.
pub(crate) fn engine(instances: Option<u32>) -> Result<Engine> {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .generate_address_map(false);
    if let Some(instances) = instances {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(instances)
            .total_core_instances(instances * 8)
            .total_memories(instances * 2)
            .total_tables(instances * 4)
            .total_stacks(instances)
            .table_elements(8192)
            .linear_memory_keep_resident(256 * 1024)
            .table_keep_resident(16 * 1024)
            .async_stack_keep_resident(16 * 1024)
            .max_unused_warm_slots(instances);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    Engine::new(&config)
}

/// A linker with what a skill may import.
pub(crate) fn linker(engine: &Engine, calls: Calls) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    match calls {
        Calls::Sync => wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?,
        Calls::Async => wasmtime_wasi::p2::add_to_linker_async(&mut linker)?,
    }
    linker
        .instance("claw:skill/log@0.1.0")?
        .func_wrap("log", |_, (_, _): (Level, String)| Ok(()))?;
    Ok(linker)
}

/// A component with one function found.
pub(crate) struct Ready {
    engine: Engine,
    pre: InstancePre<State>,
    function: ComponentExportIndex,
}

impl Ready {
    /// Links `component` and finds `function` of `interface` in it.
    pub(crate) fn new(
        linker: &Linker<State>,
        component: &Component,
        interface: &str,
        function: &str,
    ) -> Result<Self> {
        let missing = || wasmtime::format_err!("the component has no `{interface}#{function}`");
        let interface = component
            .get_export_index(None, interface)
            .ok_or_else(missing)?;
        Ok(Self {
            engine: linker.engine().clone(),
            pre: linker.instantiate_pre(component)?,
            function: component
                .get_export_index(Some(&interface), function)
                .ok_or_else(missing)?,
        })
    }

    /// A store whose guest sees `folder` and nothing else.
    fn store(&self, folder: &Path, access: FsPerms) -> Result<Store<State>> {
        let mut wasi = WasiCtx::builder();
        wasi.preopened_dir(folder, ".", access)?;
        let state = State {
            wasi: wasi.build(),
            table: ResourceTable::new(),
        };
        Ok(Store::new(&self.engine, state))
    }

    /// Store, instance, `greet(name)`, and all of it gone again.
    pub(crate) fn greet(&self, folder: &Path, name: &str) -> Result<String> {
        let (greeting,): (Result<String, String>,) =
            self.call(folder, FsPerms::ReadOnly, (name,))?;
        greeting.map_err(wasmtime::Error::msg)
    }

    /// The same for any function.
    pub(crate) fn call<P, R>(&self, folder: &Path, access: FsPerms, parameters: P) -> Result<R>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let mut store = self.store(folder, access)?;
        let instance = self.pre.instantiate(&mut store)?;
        let function = instance.get_typed_func::<P, R>(&mut store, self.function)?;
        function.call(&mut store, parameters)
    }

    /// An instance that waits in a host call.
    pub(crate) async fn wait(&self, folder: &Path, milliseconds: u64) -> Result<()> {
        let mut store = self.store(folder, FsPerms::ReadOnly)?;
        let instance = self.pre.instantiate_async(&mut store).await?;
        let function = instance.get_typed_func::<(u64,), ()>(&mut store, self.function)?;
        function.call_async(&mut store, (milliseconds,)).await
    }
}
