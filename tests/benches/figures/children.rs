//! A confined child against the same program started by anybody.

use claw_host::{Host, HostConfig, Invocation, Limits, ProcessConfig, Programs, pin_program};
use claw_package::PermissionSet;
use claw_tests::{guests, packages, programs};
use claw_trust::VerifiedComponent;
use serde_json::json;
use std::process::{Command, Stdio};

use crate::measure::{interleaved, seconds};
use crate::table::{Table, Target, time};

const ROUNDS: usize = 20;
const RUNS_A_ROUND: u32 = 50;

pub(crate) fn measure(table: &mut Table) {
    let program = programs::path("confined");
    let program = program.to_str().expect("a UTF-8 path");
    let grant = format!("process.execute={program} **");
    let granted = PermissionSet::new([grant.parse().expect("a permission")]);
    let component = packages::member(guests::process(), "skill.wasm");
    let component = VerifiedComponent::local(component, None, &granted);
    let host = Host::new(HostConfig {
        processes: Some(ProcessConfig {
            helper: programs::path("claw"),
            helper_arguments: vec!["__confine".into()],
            temporary: std::env::temp_dir(),
            level_max: None,
        }),
        ..HostConfig::default()
    });
    let skill = host.expect("a host").load(&component).expect("it loads");
    let pin = pin_program(program, &[], None).expect("a program");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let argv = json!([program, "exit", "0"]);
    let ours = || {
        let mut call = Invocation::new("again", json!({ "argv": argv, "count": RUNS_A_ROUND }));
        call.grants = granted.clone();
        call.programs = Programs {
            pins: vec![pin.clone()],
            ..Programs::default()
        };
        call.limits = Limits {
            processes: RUNS_A_ROUND,
            ..Limits::default()
        };
        let all = seconds(1, || {
            let report = runtime.block_on(skill.invoke(call.clone()));
            assert_eq!(report.receipt.outcome, "ok", "{report:?}");
        });
        all / f64::from(RUNS_A_ROUND)
    };
    let bare = || {
        seconds(RUNS_A_ROUND, || {
            let output = Command::new(program)
                .args(["exit", "0"])
                .env_clear()
                .stdin(Stdio::null())
                .output();
            assert!(output.expect("it starts").status.success());
        })
    };
    table.compared(
        "a program run by a skill, confined",
        interleaved(ROUNDS, ours, bare),
        time,
        Target::RatioAtMost(3.0),
    );
}
