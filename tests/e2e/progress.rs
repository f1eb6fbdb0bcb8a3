//! What takes long is told on a terminal, and never in a pipe.

use claw_tests::TestEnv;
use claw_tests::packages::{LOOP_IN_START, TestPackage, component};
use claw_tests::terminal;

fn env() -> TestEnv {
    let env = TestEnv::pinned();
    let endless = TestPackage::new("acme/x", "1.0.0").component(component(LOOP_IN_START));
    env.publish(&endless);
    env.claw("add acme/x --no-grants").ok();
    env
}

const RUN: [&str; 5] = ["run", "acme/x", "run", "--timeout", "2500ms"];

#[test]
fn a_call_that_takes_more_than_a_second_is_told_on_a_terminal() {
    let env = env();
    let run = terminal::run(env.agent.command("claw", &RUN), "").exits(6);
    let run = run.shows("running `run` of `acme/x` … 1 s");
    // The line is gone before anything else is said.
    let error = run.screen.find("error: ").expect("it ran out of time");
    assert!(
        run.screen[..error].ends_with("\r\u{1b}[K"),
        "{:?}",
        run.screen
    );
    assert!(run.stdout.is_empty());
}

#[test]
fn a_pipe_never_sees_progress() {
    let env = env();
    let run = env.agent.claw(&RUN).exits(6);
    assert!(
        !run.stderr.contains('\r') && !run.stderr.contains("running"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
}
