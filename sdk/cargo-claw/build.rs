//! Has the linker pack the relocations of the program, which are most of what a short run of it costs: a table of a
//! megabyte and a half becomes some kilobytes that the loader reads in one go.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // A C library that can't read the packed form is refused by its loader; glibc can since 2.36, and a linker that
    // knows an older one doesn't pack.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
