//! One call, warm: from JSON text to JSON text with the receipt written, against Wasmtime alone.

use claw_host::{Allocation, Invocation, Limits, Outcome, ReceiptLog, grants};
use claw_package::PermissionSet;
use serde_json::Value;
use tempfile::TempDir;
use wasmtime::component::Component;

use crate::bare::{self, Calls};
use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};
use crate::world::{self, World};

/// How many instances either pool holds.
const POOL: u32 = 64;
const ROUNDS: usize = 60;
const CALLS_A_ROUND: u32 = 500;

pub(crate) fn measure(world: &World, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = world.folder();
    let host = world::host(Allocation::Pooled { instances: POOL });
    let skill = world::load(&host, &world.hello);
    let home = TempDir::new().expect("a temporary folder");
    let receipts = ReceiptLog::open(home.path().join("receipts")).expect("a log of receipts");
    let (stored, none) = (world::grants(), PermissionSet::empty());
    let ours = || {
        let input: Value = serde_json::from_str(r#"{"name":"World"}"#).expect("JSON");
        let invocation = Invocation {
            grants: grants::effective(skill.permissions(), &stored, &none, &none, &none),
            workspace: Some(folder.clone()),
            home: Some(home.path().to_owned()),
            limits: Limits::default().for_skill(skill.limits()),
            ..Invocation::new("greet", input)
        };
        let report = runtime.block_on(skill.invoke(invocation));
        receipts
            .append(&report.receipt)
            .expect("a receipt is written");
        match report.outcome {
            Outcome::Ok(value) => value.to_string(),
            other => panic!("`greet` ended with {other:?}"),
        }
    };
    assert_eq!(ours(), "\"Hello, World!\"");

    let engine = bare::engine(Some(POOL)).expect("an engine");
    let linker = bare::linker(&engine, Calls::Sync).expect("a linker");
    let component = Component::new(&engine, &world.hello).expect("a component");
    let ready = bare::Ready::new(&linker, &component, "acme:hello/hello@0.1.0", "greet")
        .expect("a function");
    let bare = || ready.greet(&folder, "World").expect("a greeting");
    assert_eq!(bare(), "Hello, World!");

    let compared = interleaved(
        ROUNDS,
        || seconds(CALLS_A_ROUND, ours),
        || seconds(CALLS_A_ROUND, bare),
    );
    table.compared("warm `invoke`", compared, time, Target::RatioAtMost(2.0));
}
