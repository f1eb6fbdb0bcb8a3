//! What `cargo claw new` puts into a skill besides its own files: the SDK, until it is published, and the WIT of what
//! a skill can import.
//!
//! The lists are kept by hand; a test compares them with the folders.

/// A path and the text of the file.
pub(crate) type File = (&'static str, &'static str);

/// The SDK, without what it has of `claw:skill`.
pub(crate) const SDK: &[File] = &[
    ("Cargo.toml", include_str!("../../Cargo.toml")),
    ("src/lib.rs", include_str!("../../src/lib.rs")),
    ("src/error.rs", include_str!("../../src/error.rs")),
    ("src/http.rs", include_str!("../../src/http.rs")),
    ("src/http/error.rs", include_str!("../../src/http/error.rs")),
    ("src/http/url.rs", include_str!("../../src/http/url.rs")),
    ("src/log.rs", include_str!("../../src/log.rs")),
    ("src/process.rs", include_str!("../../src/process.rs")),
];

/// `claw:skill`, one file per interface.
pub(crate) const CLAW_SKILL: &[File] = &[
    ("log.wit", include_str!("../../../wit/log.wit")),
    ("process.wit", include_str!("../../../wit/process.wit")),
];

/// Pairs each path below `wit/deps` with its text.
macro_rules! wasi {
    ($($path:literal),+ $(,)?) => { &[$(($path, include_str!(concat!("../../../wit/deps/", $path)))),+] };
}

/// WASI, one folder per package.
pub(crate) const WASI: &[File] = wasi![
    "cli/command.wit",
    "cli/environment.wit",
    "cli/exit.wit",
    "cli/imports.wit",
    "cli/run.wit",
    "cli/stdio.wit",
    "cli/terminal.wit",
    "clocks/monotonic-clock.wit",
    "clocks/timezone.wit",
    "clocks/wall-clock.wit",
    "clocks/world.wit",
    "filesystem/preopens.wit",
    "filesystem/types.wit",
    "filesystem/world.wit",
    "http/handler.wit",
    "http/proxy.wit",
    "http/types.wit",
    "io/error.wit",
    "io/poll.wit",
    "io/streams.wit",
    "io/world.wit",
    "random/insecure-seed.wit",
    "random/insecure.wit",
    "random/random.wit",
    "random/world.wit",
    "sockets/instance-network.wit",
    "sockets/ip-name-lookup.wit",
    "sockets/network.wit",
    "sockets/tcp-create-socket.wit",
    "sockets/tcp.wit",
    "sockets/udp-create-socket.wit",
    "sockets/udp.wit",
    "sockets/world.wit",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The paths of all files below `folder`, relative to `root`.
    fn files(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if root.join(&path).is_dir() {
                files(root, &path, found);
            } else {
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
    }

    fn below(root: &Path, folder: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        files(root, Path::new(folder), &mut found);
        found
    }

    fn paths(carried: &[File]) -> BTreeSet<String> {
        carried.iter().map(|(path, _)| (*path).to_owned()).collect()
    }

    #[test]
    fn everything_is_carried() {
        let house = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .unwrap();
        let sdk: BTreeSet<String> = paths(SDK)
            .into_iter()
            .filter(|path| path.starts_with("src/"))
            .collect();
        assert_eq!(sdk, below(&house.join("sdk"), "src"));
        assert_eq!(paths(WASI), below(&house.join("wit/deps"), ""));
        let wit: BTreeSet<String> = below(&house.join("wit"), "")
            .into_iter()
            .filter(|path| !path.contains('/'))
            .collect();
        assert_eq!(paths(CLAW_SKILL), wit);
    }
}
