//! The rules about files, held against the functions that a guest calls.

use std::fs;
use std::path::Path;

use crate::tests::HOST;
use claw_package::{PermissionKind, PermissionSet};
use serde_json::json;
use tempfile::TempDir;
use wasmtime::component::Resource;

use super::*;
use crate::bindings::wasi::filesystem::preopens::Host as _;
use crate::bindings::wasi::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, Host as _, HostDescriptor,
    HostDirectoryEntryStream, NewTimestamp, OpenFlags, PathFlags,
};
use crate::denial::Denial;
use crate::limits::Limits;
use crate::state::State;

mod budgets;
mod content;
mod escape;
mod hidden;
mod long;
mod protected;
mod races;

/// A workspace on disk, with a secret beside it.
struct Disk {
    disk: TempDir,
}

/// What a guest can do in it.
struct Guest {
    state: State,
    start: Vec<(Resource<Descriptor>, String)>,
}

type Answer<T> = Result<T, ErrorCode>;

const SECRET: &str = "the secret";

impl Disk {
    /// `workspace/` with `docs/a.txt`, `src/main.rs` and `.git/config`, and `outside/secret.txt`.
    fn new() -> Self {
        let disk = TempDir::new().unwrap();
        for (path, text) in [
            ("workspace/docs/a.txt", "a"),
            ("workspace/docs/sub/b.txt", "b"),
            ("workspace/src/main.rs", "fn main() {}"),
            ("workspace/.git/config", "[core]"),
            ("outside/secret.txt", SECRET),
        ] {
            let path = disk.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { disk }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.disk.path().join(path)
    }

    fn link(&self, target: impl AsRef<Path>, path: &str) {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn guest(&self, grants: &[&str]) -> Guest {
        self.guest_with(grants, |_| {})
    }

    fn guest_with(&self, grants: &[&str], change: impl FnOnce(&mut Invocation)) -> Guest {
        let mut invocation = Invocation::new("x", json!({}));
        invocation.workspace = Some(self.path("workspace"));
        invocation.grants = PermissionSet::new(grants.iter().map(|line| line.parse().unwrap()));
        change(&mut invocation);
        let limits = invocation.limits;
        let mut state = State::new(&invocation, &limits, &HOST.shared);
        let start = state.get_directories().unwrap();
        Guest { state, start }
    }
}

fn read_only() -> (OpenFlags, DescriptorFlags) {
    (OpenFlags::empty(), DescriptorFlags::READ)
}

fn for_writing() -> (OpenFlags, DescriptorFlags) {
    (OpenFlags::empty(), DescriptorFlags::WRITE)
}

fn creating() -> (OpenFlags, DescriptorFlags) {
    (
        OpenFlags::CREATE | OpenFlags::TRUNCATE,
        DescriptorFlags::WRITE,
    )
}

impl Guest {
    fn names(&self) -> Vec<&str> {
        self.start.iter().map(|(_, name)| name.as_str()).collect()
    }

    /// The folder that is shown under this name.
    fn at(&self, name: &str) -> Resource<Descriptor> {
        let (fd, _) = self.start.iter().find(|(_, shown)| shown == name).unwrap();
        Resource::new_borrow(fd.rep())
    }

    fn code<T>(&mut self, result: Result<T, FsError>) -> Answer<T> {
        result.map_err(|error| self.state.convert_error_code(error).unwrap())
    }

    fn open(
        &mut self,
        base: &str,
        path: &str,
        (open, wanted): (OpenFlags, DescriptorFlags),
    ) -> Answer<Resource<Descriptor>> {
        let follow = PathFlags::SYMLINK_FOLLOW;
        let fd = self.at(base);
        let opened = self
            .state
            .open_at(fd, follow, path.to_owned(), open, wanted);
        self.code(opened)
    }

    fn read(&mut self, base: &str, path: &str) -> Answer<String> {
        let fd = self.open(base, path, read_only())?;
        let read = self.state.read(Resource::new_borrow(fd.rep()), 1000, 0);
        HostDescriptor::drop(&mut self.state, fd).unwrap();
        let (bytes, _) = self.code(read)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    fn write(&mut self, base: &str, path: &str, text: &str) -> Answer<()> {
        let fd = self.open(base, path, creating())?;
        let written = self
            .state
            .write(Resource::new_borrow(fd.rep()), text.into(), 0);
        self.code(written).map(drop)
    }

    /// Calls a function of the interface on a folder.
    fn on<T>(
        &mut self,
        base: &str,
        act: impl FnOnce(&mut State, Resource<Descriptor>) -> Result<T, FsError>,
    ) -> Answer<T> {
        let fd = self.at(base);
        let result = act(&mut self.state, fd);
        self.code(result)
    }

    fn list(&mut self, base: &str, path: &str) -> Answer<Vec<String>> {
        let fd = self.open(base, path, (OpenFlags::DIRECTORY, DescriptorFlags::READ))?;
        let listing = self.state.read_directory(Resource::new_borrow(fd.rep()));
        let listing = self.code(listing)?.rep();
        let mut names = Vec::new();
        loop {
            let entry = self
                .state
                .read_directory_entry(Resource::new_borrow(listing));
            match self.code(entry)? {
                Some(entry) => names.push(entry.name),
                None => break,
            }
        }
        names.sort();
        Ok(names)
    }

    fn denials(self) -> Vec<Denial> {
        self.state.denials.into_kept()
    }

    /// The only denial.
    fn denial(self) -> Denial {
        let mut denials = self.denials();
        assert_eq!(denials.len(), 1, "{denials:?}");
        denials.remove(0)
    }
}

const DENIED: ErrorCode = ErrorCode::NotPermitted;
