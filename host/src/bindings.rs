//! What Wasmtime generates from the WIT of the interfaces that the host implements itself.
//!
//! `wasi:filesystem` is among them because its answers are the operator's grants. Everything else of
//! WASI comes from `wasmtime-wasi`.

wasmtime::component::bindgen!({
    inline: "
        package claw:host;

        world host {
            import claw:skill/log@0.1.0;
            import wasi:filesystem/preopens@0.2.6;
            import wasi:filesystem/types@0.2.6;
        }
    ",
    path: "../wit",
    imports: {
        "claw:skill/log": async | trappable,
        "wasi:filesystem/types.[method]descriptor.sync": async | trappable,
        "wasi:filesystem/types.[method]descriptor.sync-data": async | trappable,
        default: trappable,
    },
    trappable_error_type: {
        "wasi:filesystem/types.error-code" => crate::filesystem::FsError,
    },
    with: {
        "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
        "wasi:clocks/wall-clock": wasmtime_wasi::p2::bindings::clocks::wall_clock,
        "wasi:filesystem/types.descriptor": crate::filesystem::Descriptor,
        "wasi:filesystem/types.directory-entry-stream": crate::filesystem::Listing,
    },
});
