//! Whole processes: `claw run` and `claw list` against processes that do the least there is to do, and what they
//! take of memory.

use std::path::Path;
use std::process::{Command, Stdio};

use claw_host::Allocation;
use claw_tests::programs;
use wasmtime::component::Component;

use crate::bare::{self, Calls};
use crate::measure::{interleaved, seconds};
use crate::memory;
use crate::table::{Table, Target, bytes, time};
use crate::world::{self, World};

const ROUNDS: usize = 40;
const RUNS_A_ROUND: u32 = 5;
const PEAKS: usize = 20;
const POOL: u32 = 1_000;
const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn measure(world: &World, table: &mut Table) {
    let image = world.env.root.path().join("hello.image");
    let engine = bare::engine(None).expect("an engine");
    let compiled = Component::new(&engine, &world.hello).expect("it compiles");
    std::fs::write(&image, compiled.serialize().expect("it serializes")).expect("a file");

    let agent = &world.env.agent;
    let run = || agent.command("claw", &["run", "acme/hello", "greet", "name=World"]);
    let list = || agent.command("claw", &["list", "--json"]);
    let peer = |kind: &str| {
        let mut command = programs::command("claw", &agent.folder, &agent.home);
        let environment: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
            .collect();
        command = Command::new(std::env::current_exe().expect("a path"));
        command.env_clear().current_dir(&agent.folder);
        command.envs(environment.into_iter().filter_map(|(n, v)| Some((n, v?))));
        command.args(["--as", kind]).args([&image, &agent.folder]);
        command
    };

    let compared = interleaved(
        ROUNDS,
        || seconds(RUNS_A_ROUND, || ends(run())),
        || seconds(RUNS_A_ROUND, || ends(peer("bare-run"))),
    );
    table.compared(
        "`claw run` of an installed skill, whole process",
        compared,
        time,
        Target::RatioAtMost(1.5),
    );
    let compared = interleaved(
        ROUNDS,
        || seconds(RUNS_A_ROUND, || ends(list())),
        || seconds(RUNS_A_ROUND, || ends(peer("nothing"))),
    );
    table.compared(
        "home start-up: `claw list`, one skill, against a process that does nothing",
        compared,
        time,
        Target::None,
    );

    let most = |command: &dyn Fn() -> Command| {
        (0..PEAKS)
            .map(|_| memory::peak(command()))
            .fold(0.0, f64::max)
    };
    let compared = interleaved(1, || most(&run), || most(&|| peer("bare-run")));
    table.compared(
        "`claw run hello`, peak memory",
        compared,
        bytes,
        Target::AtMost(60.0 * MIB),
    );
    engines(table);
}

/// Inside of one process: what there is once, made and dropped.
fn engines(table: &mut Table) {
    for (what, allocation, instances, times) in [
        (
            "engine start-up, on demand (linker included)",
            Allocation::OnDemand,
            None,
            20,
        ),
        (
            "engine start-up, pool of 1,000 (linker included)",
            Allocation::Pooled { instances: POOL },
            Some(POOL),
            5,
        ),
    ] {
        let compared = interleaved(
            ROUNDS,
            || seconds(times, || world::host(allocation)),
            || {
                seconds(times, || {
                    let engine = bare::engine(instances).expect("an engine");
                    bare::linker(&engine, Calls::Sync).expect("a linker")
                })
            },
        );
        table.compared(what, compared, time, Target::None);
    }
}

/// Runs a program to its end and takes what it prints.
fn ends(mut command: Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
}

/// The process that only runs `greet` of a precompiled component: what `claw run` is held against.
pub(crate) fn bare_run(image: &Path, folder: &Path) {
    let engine = bare::engine(None).expect("an engine");
    let linker = bare::linker(&engine, Calls::Sync).expect("a linker");
    let component = deserialize(&engine, image);
    let ready = bare::Ready::new(&linker, &component, "acme:hello/hello@0.1.0", "greet")
        .expect("a function");
    println!("{}", ready.greet(folder, "World").expect("a greeting"));
}

#[expect(
    unsafe_code,
    reason = "the peer loads compiled code as anybody would who checks nothing"
)]
fn deserialize(engine: &wasmtime::Engine, image: &Path) -> Component {
    // SAFETY: the process that measures wrote this file from Wasmtime's own output a moment ago, into a temporary
    // folder of its own.
    unsafe { Component::deserialize_file(engine, image) }.expect("it loads")
}
