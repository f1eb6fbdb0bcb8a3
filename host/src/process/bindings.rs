//! What Wasmtime generates from `wit/process.wit`.

wasmtime::component::bindgen!({
    inline: "
        package claw:host;

        world processes {
            import claw:skill/process@0.1.0;
        }
    ",
    path: "../wit",
    imports: {
        "claw:skill/process.run": async | trappable,
        "claw:skill/process.spawn": async | trappable,
        "claw:skill/process.[method]child.wait": async | trappable,
        default: trappable,
    },
    with: {
        "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
        "claw:skill/process.child": crate::process::Child,
    },
});
