//! Hostile cases as data: what each one tries, what must happen, and the function that finds out.
//!
//! A guest only tries. Whether something happened is looked up from outside of it: in files that lie beside its
//! workspace, on servers that should have heard nothing, among the processes of the machine. The same cases are run
//! through `claw run`, `claw mcp` and the library; nothing here knows which of them it is.

mod answer;
mod devices;
mod elsewhere;
mod exhaustion;
mod git;
mod guest;
mod library;
mod links;
mod memory;
mod names;
mod network;
mod output;
mod paths;
mod process;
mod server;
mod session;
mod stage;
mod table;
mod way;
mod world;

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

pub use answer::Answer;
pub use elsewhere::run_as;
pub use guest::Guest;
pub use library::{Call, Library};
pub use stage::Stage;
pub use table::{Row, page, page_file, print};
pub use way::{Configuration, Level, User, Way};
pub use world::World;

/// Nothing when what must happen has happened, else what happened instead.
pub type Verdict = Result<(), String>;

/// One thing that a hostile skill, server or repository tries.
pub struct Case {
    /// A few words for the table; unique within its family.
    pub name: &'static str,
    /// What is tried.
    pub tries: &'static str,
    /// What must happen.
    pub must: &'static str,
    /// Tries it, and looks from outside at what happened.
    pub run: fn(&mut Stage<'_>) -> Verdict,
}

/// Cases about one thing.
pub struct Family {
    /// One word, by which it is chosen on the command line.
    pub name: &'static str,
    /// What it is about, for people.
    pub about: &'static str,
    /// The cases, each list about one part of it.
    pub cases: &'static [&'static [Case]],
}

impl Family {
    /// All cases, in the order of the table.
    pub fn cases(&self) -> impl Iterator<Item = &'static Case> + use<> {
        self.cases.iter().copied().flatten()
    }
}

/// Every family, in the order of the table.
pub fn families() -> Vec<&'static Family> {
    vec![
        &paths::FAMILY,
        &links::FAMILY,
        &devices::FAMILY,
        &exhaustion::FAMILY,
        &memory::FAMILY,
        &output::FAMILY,
        &network::FAMILY,
        &process::FAMILY,
        &git::FAMILY,
    ]
}

/// Runs the cases of the families with these names, or all, in one new world.
pub fn run(configuration: Configuration, names: &[&str]) -> Vec<Row> {
    let world = World::new(configuration);
    let mut rows = Vec::new();
    for family in families() {
        if !names.is_empty() && !names.contains(&family.name) {
            continue;
        }
        for case in family.cases() {
            let (verdict, took) = judge(&world, case);
            rows.push(Row {
                family: family.name.to_owned(),
                case: case.name.to_owned(),
                verdict,
                took,
            });
        }
    }
    rows
}

/// Runs one case on a stage of its own, and looks at everything that no case may change.
fn judge(world: &World, case: &Case) -> (Verdict, Duration) {
    let started = Instant::now();
    let played = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut stage = Stage::new(world);
        let verdict = (case.run)(&mut stage);
        verdict.and_then(|()| stage.aftermath())
    }));
    let verdict = played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", text.unwrap_or("without a word")))
    });
    (verdict, started.elapsed())
}
