//! A guest that uses up what it can is stopped within its limit, with an error of its own, and the host goes on.

use claw_tests::packages::{self, TestPackage};
use claw_tests::{Run, TestEnv};
use serde_json::{Value, json};

/// What a limit may take beyond itself.
const GRACE_MS: u64 = 500;

/// The receipts of the agent, oldest first.
fn receipts(env: &TestEnv) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(env.agent.home.join("receipts"))
        .expect("there are receipts")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).expect("text");
            text.lines()
                .map(|line| serde_json::from_str(line).expect("a receipt is JSON"))
                .collect::<Vec<Value>>()
        })
        .collect()
}

/// How long the last call took, as its receipt says.
fn last_duration_ms(env: &TestEnv) -> u64 {
    let receipts = receipts(env);
    let last = receipts.last().expect("a receipt");
    last["duration_us"]
        .as_u64()
        .map_or_else(|| panic!("no duration in {last}"), |us| us / 1000)
}

fn probed() -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.claw("add acme/probe --no-grants").ok();
    env
}

fn goes_on(env: &TestEnv) {
    env.claw("run acme/probe echo text=on").ok();
}

/// Runs a bare component from a file, with a second to do it in.
fn run_file(env: &TestEnv, wat: &str) -> Run {
    let file = env.agent.folder.join("guest.wasm");
    std::fs::write(&file, packages::component(wat)).expect("written");
    env.claw("run guest.wasm run --timeout 1s")
}

#[test]
fn a_loop_ends_in_time() {
    let env = probed();
    let run = env.claw("run acme/probe spin --timeout 1s").exits(6);
    assert!(run.stderr.contains("time"), "{}", run.stderr);
    assert!(
        last_duration_ms(&env) <= 1000 + GRACE_MS,
        "it took {} ms",
        last_duration_ms(&env)
    );
    goes_on(&env);
}

#[test]
fn a_guest_asleep_in_the_host_ends_in_time() {
    let env = probed();
    env.claw("run acme/probe wait milliseconds=60000 --timeout 1s")
        .exits(6)
        .says("time");
    assert!(
        last_duration_ms(&env) <= 1000 + GRACE_MS,
        "it took {} ms",
        last_duration_ms(&env)
    );
    goes_on(&env);
}

#[test]
fn a_loop_in_the_start_function_ends_in_time() {
    let env = TestEnv::new();
    run_file(&env, packages::LOOP_IN_START)
        .exits(6)
        .says("time");
    assert!(
        last_duration_ms(&env) <= 1000 + GRACE_MS,
        "it took {} ms",
        last_duration_ms(&env)
    );
}

#[test]
fn a_loop_while_the_input_is_placed_ends_in_time() {
    let env = TestEnv::new();
    let file = env.agent.folder.join("guest.wasm");
    std::fs::write(&file, packages::component(packages::LOOP_IN_REALLOC)).expect("written");
    env.claw("run guest.wasm run text=hello --timeout 1s")
        .exits(6)
        .says("time");
    assert!(
        last_duration_ms(&env) <= 1000 + GRACE_MS,
        "it took {} ms",
        last_duration_ms(&env)
    );
}

#[test]
fn a_memory_bomb_ends_as_out_of_memory() {
    let env = probed();
    env.claw("run acme/probe allocate mebibytes=16").ok();
    env.claw("run acme/probe allocate mebibytes=1000")
        .exits(6)
        .says("memory");
    goes_on(&env);
}

#[test]
fn an_endless_result_ends_as_too_large() {
    let env = probed();
    env.claw("run acme/probe long-result bytes=900000").ok();
    env.claw("run acme/probe long-result bytes=2000000")
        .exits(6)
        .says("result");
    goes_on(&env);
}

#[test]
fn deep_recursion_ends_as_a_trap() {
    let env = probed();
    env.claw("run acme/probe recurse depth=0")
        .exits(6)
        .says("stack");
    goes_on(&env);
}

#[test]
fn a_crash_ends_as_a_trap() {
    let env = probed();
    env.claw("run acme/probe crash").exits(6).says("trap");
    goes_on(&env);
}

#[test]
fn a_flood_of_log_records_ends_as_too_much_log() {
    let env = probed();
    env.claw("run acme/probe log-flood records=10").ok();
    let run = env
        .claw("run acme/probe log-flood records=200000")
        .exits(6)
        .says("log");
    assert!(
        run.stderr.len() < 3 << 20,
        "{} bytes of log came through",
        run.stderr.len()
    );
    goes_on(&env);
}

#[test]
fn ten_million_host_calls_end_as_too_many() {
    let env = probed();
    env.claw("run acme/probe host-calls calls=20000000")
        .exits(6)
        .says("host calls");
    assert!(last_duration_ms(&env) <= 30_000 + GRACE_MS);
    goes_on(&env);
}

#[test]
fn each_limit_has_an_outcome_of_its_own_in_the_receipt() {
    let env = probed();
    env.claw("run acme/probe spin --timeout 200ms").exits(6);
    env.claw("run acme/probe allocate mebibytes=1000").exits(6);
    env.claw("run acme/probe long-result bytes=2000000")
        .exits(6);
    env.claw("run acme/probe crash").exits(6);
    env.claw("run acme/probe fail message=no").exits(1);
    env.claw("run acme/probe echo text=yes").ok();
    let outcomes: Vec<Value> = receipts(&env)
        .into_iter()
        .map(|receipt| receipt["outcome"].clone())
        .collect();
    let expected = [
        "out-of-time",
        "out-of-memory",
        "output-too-large",
        "trap",
        "action-error",
        "ok",
    ];
    assert_eq!(outcomes, expected.map(|outcome| json!(outcome)));
}

/// An agent whose probe may write all of its project.
fn writing() -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.claw("add acme/probe --allow filesystem.write=.").ok();
    env.agent.write("docs/note.txt", "a note\n");
    env
}

/// The guest's own error, which it got instead of being ended.
fn is_told(run: Run, text: &str) {
    let run = run.exits(1);
    assert!(run.stderr.contains(text), "no `{text}` in {}", run.stderr);
}

#[test]
fn more_bytes_than_a_call_may_write_are_no_space() {
    let env = writing();
    env.claw("run acme/probe grow path=docs/large bytes=1000000000")
        .ok();
    let run = env.claw("run acme/probe grow path=docs/larger bytes=1100000000");
    is_told(run, "No space left on device");
    let larger = std::fs::metadata(env.agent.folder.join("docs/larger")).expect("it was made");
    assert_eq!(larger.len(), 0);
    goes_on(&env);
}

/// How many the guest got before it was told why there are no more.
fn got(run: Run, why: &str) -> Value {
    let answer = run.ok().json();
    let told = answer[1].as_str().unwrap_or_default();
    assert!(told.contains(why), "{answer}");
    answer[0].clone()
}

#[test]
fn more_files_than_a_call_may_make_are_over_its_quota() {
    let env = writing();
    env.agent.write("made/.keep", "");
    let run = env.claw("run acme/probe make-files folder=made count=20000 --timeout 10m");
    assert_eq!(got(run, "Quota exceeded"), json!(10_000));
    goes_on(&env);
}

#[test]
fn more_files_than_a_call_may_hold_open_are_refused() {
    let env = writing();
    let run = env.claw("run acme/probe hold-files path=docs/note.txt count=200");
    assert_eq!(got(run, "Out of memory"), json!(100));
    goes_on(&env);
}

#[test]
fn a_folder_too_large_to_list_and_too_many_listings_are_over_the_quota() {
    let env = writing();
    let folder = env.agent.folder.join("many");
    std::fs::create_dir(&folder).expect("it can be made");
    let make = |name: &str| std::fs::write(folder.join(name), "").expect("it can be written");
    for number in 0..100_000 {
        make(&number.to_string());
    }
    // What is tried is not the time.
    let count = |times: u32| {
        env.claw(&format!(
            "run acme/probe count-names path=many times={times} --timeout 10m"
        ))
    };
    assert_eq!(count(1).ok().json(), json!(100_000));
    is_told(count(11), "after 1000000: quota");
    make("one more");
    is_told(count(1), "after 100000: quota");
    goes_on(&env);
}
