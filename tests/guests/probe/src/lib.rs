//! A guest that tries what a hostile skill would try. It judges nothing: the tests do.

mod files;
mod limits;

use exports::acme::probe::probe::{Guest, Opening};

claw_sdk::skill!(Probe);

struct Probe;

impl Guest for Probe {
    fn read(path: String) -> Result<String, String> {
        std::fs::read_to_string(&path).map_err(|error| error.to_string())
    }

    fn write(path: String, text: String) -> Result<(), String> {
        std::fs::write(&path, text).map_err(|error| error.to_string())
    }

    fn names(path: String) -> Result<Vec<String>, String> {
        files::names(&path)
    }

    fn folders() -> Vec<String> {
        files::folders()
    }

    fn open(base: String, path: String, how: Opening, text: String) -> Result<(), String> {
        files::open(&base, &path, &how, &text)
    }

    fn stat(base: String, path: String, follow: bool) -> Result<String, String> {
        files::stat(&base, &path, follow)
    }

    fn rename(base: String, old: String, new: String) -> Result<(), String> {
        files::at(&base, |folder| folder.rename_at(&old, folder, &new))
    }

    fn link(base: String, old: String, new: String, follow: bool) -> Result<(), String> {
        files::at(&base, |folder| {
            folder.link_at(files::path_flags(follow), &old, folder, &new)
        })
    }

    fn symlink(base: String, target: String, path: String) -> Result<(), String> {
        files::at(&base, |folder| folder.symlink_at(&target, &path))
    }

    fn readlink(base: String, path: String) -> Result<String, String> {
        files::at(&base, |folder| folder.readlink_at(&path))
    }

    fn unlink(base: String, path: String) -> Result<(), String> {
        files::at(&base, |folder| folder.unlink_file_at(&path))
    }

    fn make_folder(base: String, path: String) -> Result<(), String> {
        files::at(&base, |folder| folder.create_directory_at(&path))
    }

    fn remove_folder(base: String, path: String) -> Result<(), String> {
        files::at(&base, |folder| folder.remove_directory_at(&path))
    }

    fn touch(base: String, path: String, follow: bool) -> Result<(), String> {
        files::touch(&base, &path, follow)
    }

    fn race(path: String, times: u32, wanted: String) -> Option<String> {
        (0..times).find_map(|_| {
            std::fs::read_to_string(&path)
                .ok()
                .filter(|text| text.contains(&wanted))
        })
    }

    fn environment() -> Vec<(String, String)> {
        wasi::cli::environment::get_environment()
    }

    fn echo(text: String) -> String {
        text
    }

    fn fail(message: String) -> Result<(), String> {
        Err(message)
    }

    fn spin() {
        limits::spin()
    }

    fn allocate(mebibytes: u32) -> u64 {
        limits::allocate(mebibytes)
    }

    fn recurse(depth: u64) -> u64 {
        limits::recurse(depth)
    }

    fn long_result(bytes: u64) -> String {
        "x".repeat(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    fn log_flood(records: u64) {
        limits::log_flood(records)
    }

    fn host_calls(calls: u64) -> u64 {
        limits::host_calls(calls)
    }

    fn wait(milliseconds: u64) {
        wasi::clocks::monotonic_clock::subscribe_duration(milliseconds * 1_000_000).block();
    }

    fn crash() {
        core::arch::wasm32::unreachable()
    }
}
