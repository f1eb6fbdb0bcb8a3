//! Has the linker pack the relocations of the program: a table of a megabyte and a half, read at each start, becomes
//! some kilobytes. That is a good part of what a short run costs.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // A C library that can't read the packed form is refused by its loader; glibc can since 2.36, and a linker that
    // knows an older one doesn't pack.
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
