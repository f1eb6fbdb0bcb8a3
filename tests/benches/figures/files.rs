//! What claw's own file system costs: files opened, used and closed by a guest, against `wasmtime-wasi` with the same
//! guest and folder.

use claw_host::{Allocation, Invocation, Outcome};
use claw_package::PermissionSet;
use serde_json::{Value, json};
use tempfile::TempDir;
use wasmtime::component::Component;
use wasmtime_wasi::FsPerms;

use crate::bare::{self, Calls, Ready};
use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};
use crate::world;

const POOL: u32 = 16;
const ROUNDS: usize = 30;
/// In one call of the guest, so that what a call costs is not counted.
const FILES_A_CALL: u32 = 2_000;
const TEXT_BYTES: usize = 1024;
const FILE: &str = "docs/deep/file.txt";

pub(crate) fn measure(table: &mut Table) {
    let component = world::waiting_component();
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join(FILE);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("folders can be made");
    let text = "x".repeat(TEXT_BYTES);
    std::fs::write(&file, &text).expect("a file can be written");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let host = world::host(Allocation::Pooled { instances: POOL });
    let skill = world::load(&host, &component);
    let ours = |action: &str, input: Value| {
        let mut invocation = Invocation::new(action, input);
        invocation.workspace = Some(folder.path().to_owned());
        invocation.grants = PermissionSet::new(["filesystem.write=.".parse().expect("a grant")]);
        // All that is written again counts as written.
        invocation.limits.written_bytes = u64::MAX;
        match runtime.block_on(skill.invoke(invocation)).outcome {
            Outcome::Ok(value) => value,
            other => panic!("`{action}` ended with {other:?}"),
        }
    };
    let engine = bare::engine(Some(POOL)).expect("an engine");
    let linker = bare::linker(&engine, Calls::Sync).expect("a linker");
    let component = Component::new(&engine, &component).expect("a component");
    let ready = |function: &str| {
        Ready::new(&linker, &component, "acme:probe/probe@0.1.0", function).expect("a function")
    };

    let each = |call: &dyn Fn()| seconds(1, call) / f64::from(FILES_A_CALL);
    let race = ready("race");
    let compared = interleaved(
        ROUNDS,
        || {
            each(&|| {
                let input = json!({"path": FILE, "times": FILES_A_CALL, "wanted": "nothing"});
                assert_eq!(ours("race", input), Value::Null);
            })
        },
        || {
            each(&|| {
                let parameters = (FILE, FILES_A_CALL, "nothing");
                let (found,): (Option<String>,) = race
                    .call(folder.path(), FsPerms::ReadWrite, parameters)
                    .expect("an answer");
                assert_eq!(found, None);
            })
        },
    );
    let what = "a file of 1 KiB, two folders down: open, read, close";
    table.compared(what, compared, time, Target::None);

    let rewrite = ready("rewrite");
    let compared = interleaved(
        ROUNDS,
        || {
            each(&|| {
                let input = json!({"path": FILE, "text": text, "times": FILES_A_CALL});
                assert_eq!(ours("rewrite", input), Value::Null);
            })
        },
        || {
            each(&|| {
                let parameters = (FILE, text.as_str(), FILES_A_CALL);
                let (written,): (Result<(), String>,) = rewrite
                    .call(folder.path(), FsPerms::ReadWrite, parameters)
                    .expect("an answer");
                assert_eq!(written, Ok(()));
            })
        },
    );
    let what = "the same: open, write 1 KiB over it, close";
    table.compared(what, compared, time, Target::None);
}
