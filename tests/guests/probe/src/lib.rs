//! A guest that tries what a hostile skill would try. It judges nothing: the tests do.

mod budgets;
mod files;
mod hoard;
mod limits;
mod voice;

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

    fn race_write(path: String, text: String, times: u32) -> u32 {
        let written = (0..times).filter(|_| std::fs::write(&path, &text).is_ok());
        u32::try_from(written.count()).unwrap_or(u32::MAX)
    }

    fn hold_files(path: String, count: u32) -> (u32, Option<String>) {
        hoard::files(&path, count).said()
    }

    fn hold_timers(count: u32) -> u32 {
        hoard::timers(count)
    }

    fn crash_holding(path: String, count: u32) {
        let _files = hoard::files(&path, count);
        let _timers = hoard::timers(count);
        core::arch::wasm32::unreachable()
    }

    fn make_files(folder: String, count: u32) -> (u32, Option<String>) {
        hoard::make_files(&folder, count).said()
    }

    fn nest_folders(base: String, count: u32) -> (u32, Option<String>) {
        hoard::nest_folders(&base, count)
    }

    fn grow(path: String, bytes: u64) -> Result<(), String> {
        let file = std::fs::File::create(&path).map_err(|error| error.to_string())?;
        file.set_len(bytes).map_err(|error| error.to_string())
    }

    fn write_at(base: String, path: String, place: u64, text: String) -> Result<(), String> {
        files::write_at(&base, &path, place, &text)
    }

    fn zeroes(base: String, path: String, count: u64) -> Result<(), String> {
        files::zeroes(&base, &path, count)
    }

    fn random(bytes: u64) -> u64 {
        wasi::random::random::get_random_bytes(bytes).len() as u64
    }

    fn listen() -> Result<String, String> {
        voice::listen()
    }

    fn print(text: String) {
        print!("{text}");
    }

    fn complain(text: String) {
        eprint!("{text}");
    }

    fn note(text: String) {
        claw_sdk::log::info(text);
    }

    fn leave(code: u8) {
        std::process::exit(i32::from(code))
    }

    fn rewrite(path: String, text: String, times: u32) -> Result<(), String> {
        budgets::rewrite(&path, &text, times)
    }

    fn count_names(path: String, times: u32) -> Result<u64, String> {
        budgets::count_names(&path, times)
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

    fn say_and_spin() {
        claw_sdk::log::info(format_args!("it runs"));
        limits::spin()
    }

    fn say_and_wait(milliseconds: u64) {
        claw_sdk::log::info(format_args!("it runs"));
        Self::wait(milliseconds)
    }

    fn crash() {
        core::arch::wasm32::unreachable()
    }
}
