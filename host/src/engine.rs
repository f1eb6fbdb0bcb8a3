//! The one Wasmtime configuration.
//!
//! Everything that influences compiled code is set here and nowhere else, so that an image compiled
//! for the on-demand allocator loads under the pooling one. What no skill toolchain emits is off:
//! every proposal is attack surface. Several memories in one module stay on, because Wasmtime's own
//! code between two components needs them.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

use crate::host::{Allocation, HostError};
use crate::limits::{
    CORE_INSTANCES_MAX, MEMORIES_MAX, STACK_BYTES, TABLE_ELEMENTS_EACH_MAX, TABLES_MAX,
    WASM_STACK_BYTES,
};

/// Each slot reserves 8 GiB of address space, of which there are 128 TiB.
const POOL_INSTANCES_MAX: u32 = 2_000;

/// Most components have one or two memories: the adapter of older toolchains has its own.
const POOL_MEMORIES_PER_INSTANCE: u32 = 2;

/// Pages kept from one call to the next: clearing 256 KiB is faster than returning it.
const MEMORY_KEPT_BYTES: usize = 256 * 1024;
const TABLE_KEPT_BYTES: usize = 16 * 1024;
const STACK_KEPT_BYTES: usize = 16 * 1024;

/// Frames of a trap's backtrace that anybody reads.
const BACKTRACE_FRAMES_MAX: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not zero");

pub(crate) fn build(allocation: Allocation) -> Result<Engine, HostError> {
    let mut config = Config::new();
    config
        .allocation_strategy(strategy(allocation)?)
        .epoch_interruption(true)
        .concurrency_support(false)
        .shared_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_component_model_map(false)
        .wasm_component_model_fixed_length_lists(false)
        .wasm_component_model_error_context(false)
        .wasm_component_model_memory64(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(STACK_BYTES)
        // Otherwise an environment variable decides.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES_MAX))
        .generate_address_map(false);
    Engine::new(&config).map_err(|error| HostError::Engine(error.into()))
}

fn strategy(allocation: Allocation) -> Result<InstanceAllocationStrategy, HostError> {
    let instances = match allocation {
        Allocation::OnDemand => return Ok(InstanceAllocationStrategy::OnDemand),
        Allocation::Pooled { instances } => instances,
    };
    if !(1..=POOL_INSTANCES_MAX).contains(&instances) {
        return Err(HostError::PoolSize {
            instances,
            max: POOL_INSTANCES_MAX,
        });
    }
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * CORE_INSTANCES_MAX)
        .total_memories(instances * POOL_MEMORIES_PER_INSTANCE + MEMORIES_MAX)
        .total_tables(instances * TABLES_MAX)
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_EACH_MAX)
        .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
        .table_keep_resident(TABLE_KEPT_BYTES)
        .async_stack_keep_resident(STACK_KEPT_BYTES)
        .max_unused_warm_slots(instances);
    Ok(InstanceAllocationStrategy::Pooling(pool))
}
