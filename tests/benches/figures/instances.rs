//! The memory of one live instance: many that wait in a host call, each kind in a process of its own.

use std::future::Future;
use std::path::Path;
use std::pin::{Pin, pin};
use std::process::Command;
use std::task::{Context, Poll, Waker};

use claw_host::{Allocation, Invocation};
use serde_json::json;
use wasmtime::component::Component;

use crate::bare::{self, Calls};
use crate::measure::interleaved;
use crate::memory;
use crate::table::{Table, Target, bytes};
use crate::world::{self, World};

const INSTANCES: u32 = 200;
const ROUNDS: usize = 5;
/// Longer than any measurement, shorter than the limit of an invocation.
const WAIT_MS: u64 = 25_000;

pub(crate) fn measure(world: &World, table: &mut Table) {
    let component = world.env.root.path().join("waiting.wasm");
    std::fs::write(&component, world::waiting_component()).expect("a file can be written");
    let folder = world.folder();
    let of = |kind: &str| {
        let output = Command::new(std::env::current_exe().expect("a path"))
            .args(["--as", kind])
            .args([&component, &folder])
            .output()
            .expect("this program starts");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().expect("a number")
    };
    let compared = interleaved(ROUNDS, || of("claw-instances"), || of("bare-instances"));
    table.compared(
        "memory of a live instance",
        compared,
        bytes,
        Target::RatioAtMost(1.3),
    );
}

/// The process that holds instances of claw: prints bytes for each.
pub(crate) fn claw(component: &Path, folder: &Path) {
    let component = std::fs::read(component).expect("a component");
    let host = world::host(Allocation::Pooled {
        instances: INSTANCES + 1,
    });
    let skill = world::load(&host, &component);
    held(|milliseconds| {
        let invocation = Invocation {
            grants: world::grants(),
            workspace: Some(folder.to_owned()),
            ..Invocation::new("wait", json!({ "milliseconds": milliseconds }))
        };
        let skill = skill.clone();
        async move {
            skill.invoke(invocation).await;
        }
    });
}

/// The process that holds instances of Wasmtime alone: prints bytes for each.
pub(crate) fn bare(component: &Path, folder: &Path) {
    let component = std::fs::read(component).expect("a component");
    let engine = bare::engine(Some(INSTANCES + 1)).expect("an engine");
    let linker = bare::linker(&engine, Calls::Async).expect("a linker");
    let component = Component::new(&engine, &component).expect("it compiles");
    let ready = bare::Ready::new(&linker, &component, "acme:probe/probe@0.1.0", "wait");
    let ready = &ready.expect("a function");
    held(|milliseconds| async move {
        ready.wait(folder, milliseconds).await.expect("it waits");
    });
}

/// Starts all, waits until each waits, and prints what the process grew by for each.
fn held<F: Future<Output = ()>>(start: impl Fn(u64) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        // What only the first call makes is not of one instance.
        start(1).await;
        let before = memory::resident(std::process::id());
        let mut all: Vec<Pin<Box<F>>> = (0..INSTANCES).map(|_| Box::pin(start(WAIT_MS))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for one in &mut all {
            let mut one = pin!(one);
            assert_eq!(one.as_mut().poll(&mut context), Poll::Pending, "it waits");
        }
        let grown = memory::resident(std::process::id()) - before;
        println!("{}", grown / f64::from(INSTANCES));
    });
}
