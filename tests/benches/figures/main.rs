//! Prints every figure of speed and size, each beside its bare peer, as one table.
//!
//! ```text
//! cargo bench --workspace --bench figures                  all of it
//! cargo bench --workspace --bench figures -- calls serving   these parts
//! ```
//!
//! Criterion and divan measure one thing after the other; on a machine that does other things too, a ratio of two
//! such figures says little. Here ours and the peer's are taken in turns (`measure.rs`), and whole processes and
//! servers are measured as well as calls. Nothing leaves the machine. Outside of a release build it refuses.

mod bare;
mod calls;
#[cfg(target_os = "linux")]
mod children;
mod ending;
mod files;
mod instances;
mod load;
mod measure;
mod memory;
mod network;
mod nginx;
mod packages;
mod processes;
mod publishing;
mod resolution;
mod serving;
mod sizes;
mod table;
mod values;
mod world;

use std::path::Path;
use std::process::ExitCode;

use table::Table;
use world::World;

const PARTS: [&str; 13] = [
    "calls",
    "files",
    "ending",
    "values",
    "instances",
    "processes",
    "children",
    "network",
    "packages",
    "resolution",
    "publishing",
    "serving",
    "sizes",
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["--as", kind, first, second] = words[..] {
        return peer(kind, Path::new(first), Path::new(second));
    }
    if cfg!(debug_assertions) {
        eprintln!(
            "error: a build without optimisation says nothing about speed\nhint: cargo bench --workspace --bench figures"
        );
        return ExitCode::FAILURE;
    }
    if let Some(word) = words.iter().find(|word| !PARTS.contains(word)) {
        eprintln!(
            "error: there is no part `{word}`\nhint: {}",
            PARTS.join(" ")
        );
        return ExitCode::from(2);
    }
    let wanted = |part: &str| words.is_empty() || words.contains(&part);
    let mut table = Table::default();
    let world = World::new();
    if wanted("serving") {
        serving::idle(&world, &mut table);
    }
    if wanted("calls") {
        calls::measure(&world, &mut table);
    }
    if wanted("files") {
        files::measure(&mut table);
    }
    if wanted("ending") {
        ending::measure(&mut table);
    }
    if wanted("values") {
        values::measure(&mut table);
    }
    if wanted("instances") {
        instances::measure(&world, &mut table);
    }
    if wanted("processes") {
        processes::measure(&world, &mut table);
    }
    #[cfg(target_os = "linux")]
    if wanted("children") {
        children::measure(&mut table);
    }
    if wanted("network") {
        network::measure(&mut table);
    }
    if wanted("packages") {
        packages::measure(&world, &mut table);
    }
    if wanted("resolution") {
        resolution::measure(&mut table);
    }
    if wanted("publishing") {
        publishing::measure(&world, &mut table);
    }
    if wanted("serving") {
        serving::measure(&world, &mut table);
    }
    if wanted("sizes") {
        sizes::measure(&mut table);
    }
    table.print();
    ExitCode::SUCCESS
}

/// What this program is when it starts itself as a peer.
fn peer(kind: &str, first: &Path, second: &Path) -> ExitCode {
    match kind {
        "nothing" => {}
        "bare-run" => processes::bare_run(first, second),
        "bare-instances" => instances::bare(first, second),
        "claw-instances" => instances::claw(first, second),
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}
