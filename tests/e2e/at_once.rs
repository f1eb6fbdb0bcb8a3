//! Many calls at once, and calls that nobody wants any more: who waits, who is sent away, and how soon a call ends.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use claw_tests::TestEnv;
use claw_tests::packages::TestPackage;
use rmcp::model::{CallToolRequestParams, ClientRequest, Request, ServerResult};
use rmcp::service::{PeerRequestOptions, RequestHandle, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt;
use tokio::task::JoinSet;

/// From the wish to the end of the process or the answer: some milliseconds, and far more on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Longer than any test: whatever waits so long was not ended.
const LONG_MS: u64 = 600_000;

fn probed() -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/probe acme/x --no-grants").ok();
    let settings = env.agent.home.join("config.yaml");
    let text = std::fs::read_to_string(&settings).expect("init wrote it");
    let text = format!("{text}execution:\n  timeout: {LONG_MS}\n");
    std::fs::write(&settings, text).expect("written");
    env
}

/// The outcome and the skill of each receipt, oldest first.
fn receipts(env: &TestEnv) -> Vec<(String, String)> {
    let path = env.agent.home.join("receipts/receipts.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(|line| {
        let receipt: Value = serde_json::from_str(line).expect("a receipt is JSON");
        let field = |name: &str| receipt[name].as_str().unwrap_or_default().to_owned();
        (field("outcome"), field("skill"))
    });
    lines.collect()
}

fn signal(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(process.expect("a process"), signal).expect("it is ours");
}

#[test]
fn a_signal_ends_a_run_at_once_wherever_it_is() {
    let env = probed();
    let wait = format!("milliseconds={LONG_MS}");
    for (action, parameter) in [
        ("say-and-spin", None),
        ("say-and-wait", Some(wait.as_str())),
    ] {
        for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let mut words = vec!["run", "acme/probe", action];
            words.extend(parameter);
            let mut command = env.agent.command("claw", &words);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            let mut process = command.spawn().expect("claw starts");
            let mut stderr = BufReader::new(process.stderr.take().expect("piped"));
            let mut line = String::new();
            while !line.contains("it runs") {
                line.clear();
                assert_ne!(
                    stderr.read_line(&mut line).expect("text"),
                    0,
                    "{action} did not run"
                );
            }
            let started = Instant::now();
            signal(process.id(), sent);
            let status = process.wait().expect("it ends");
            let took = started.elapsed();
            let mut rest = String::new();
            stderr.read_to_string(&mut rest).expect("text");
            assert_eq!(status.code(), Some(code), "{action}: {rest}");
            assert!(rest.contains("cancelled"), "{rest}");
            assert!(took < AT_ONCE, "{action} ended {took:?} after the signal");
        }
    }
    let outcomes = receipts(&env).into_iter().map(|(outcome, _)| outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), ["cancelled"; 4]);
}

/// `claw mcp`, and what it says on stderr.
struct Server {
    client: RunningService<RoleClient, ()>,
    process: u32,
    said: tokio::io::Lines<tokio::io::BufReader<tokio::process::ChildStderr>>,
}

type Call = RequestHandle<RoleClient>;

impl Server {
    async fn start(env: &TestEnv) -> Server {
        let command = tokio::process::Command::from(env.agent.command("claw", &["mcp"]));
        let child = TokioChildProcess::builder(command).stderr(Stdio::piped());
        let (child, stderr) = child.spawn().expect("claw mcp starts");
        let process = child.id().expect("it runs");
        let client = ().serve(child).await.expect("claw mcp speaks MCP");
        let said = tokio::io::BufReader::new(stderr.expect("piped")).lines();
        Server {
            client,
            process,
            said,
        }
    }

    async fn send(&self, tool: &str, arguments: Value) -> Call {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let request = ClientRequest::CallToolRequest(Request::new(params));
        let sent = self
            .client
            .send_cancellable_request(request, PeerRequestOptions::default());
        sent.await.expect("it is sent")
    }

    /// Starts calls that run until they are cancelled, and waits until they do: as many as may run at once.
    async fn occupy(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        for _ in 0..3 {
            let waiting = json!({ "milliseconds": LONG_MS });
            calls.push(self.send("probe__say-and-wait", waiting).await);
            self.hears("it runs").await;
        }
        calls
    }

    async fn hears(&mut self, text: &str) {
        loop {
            let line = self.said.next_line().await.expect("text");
            if line.expect("it still runs").contains(text) {
                return;
            }
        }
    }
}

async fn answer(call: Call) -> (bool, String) {
    let answer = call.await_response().await.expect("an answer");
    let ServerResult::CallToolResult(result) = answer else {
        panic!("not the answer to a call: {answer:?}")
    };
    let text = serde_json::to_string(&result).expect("a result is JSON");
    (result.is_error == Some(true), text)
}

/// The next answer of many.
async fn next(answers: &mut JoinSet<(bool, String)>) -> (bool, String) {
    let answer = answers.join_next().await.expect("one is left");
    answer.expect("it does not panic")
}

async fn cancel(call: Call) {
    call.cancel(Some("the test".to_owned()))
        .await
        .expect("it is sent");
}

#[tokio::test]
async fn a_call_that_is_cancelled_in_the_line_never_starts_and_the_next_takes_its_turn() {
    let env = probed();
    let mut server = Server::start(&env).await;
    let mut running = server.occupy().await;
    let unwanted = server
        .send("probe__echo", json!({ "text": "unwanted" }))
        .await;
    let wanted = server.send("x__echo", json!({ "text": "wanted" })).await;
    cancel(unwanted).await;
    let started = Instant::now();
    cancel(running.remove(0)).await;
    let (failed, text) = answer(wanted).await;
    let took = started.elapsed();
    assert!(!failed && text.contains("wanted"), "{text}");
    assert!(
        took < AT_ONCE,
        "the next came {took:?} after a turn was free"
    );
    let left = [("cancelled", "acme/probe"), ("ok", "acme/x")];
    let left = left.map(|(outcome, skill)| (outcome.to_owned(), skill.to_owned()));
    assert_eq!(receipts(&env), left);
    server.client.cancel().await.expect("it ends");
}

#[tokio::test]
async fn a_flood_of_one_skill_neither_fills_the_line_nor_delays_another() {
    let env = probed();
    let mut server = Server::start(&env).await;
    let mut running = server.occupy().await;
    // Whichever of them comes last finds the line full.
    let mut flood = JoinSet::new();
    for _ in 0..=64 {
        let call = server.send("probe__echo", json!({ "text": "flood" })).await;
        flood.spawn(answer(call));
    }
    let is_sent_away = |(failed, text): (bool, String)| {
        let result: Value = serde_json::from_str(&text).expect("a result is JSON");
        let error = &result["structuredContent"]["error"];
        let seconds = error["retry_after_s"].as_u64().expect("it says when");
        assert!(failed && error["code"] == "too-busy", "{text}");
        assert!((1..=60).contains(&seconds), "{text}");
        assert!(
            text.contains(&format!("try again in {seconds} s")),
            "{text}"
        );
    };
    is_sent_away(next(&mut flood).await);
    let other = server.send("x__echo", json!({ "text": "other" })).await;
    // Another of the flood makes room for it.
    is_sent_away(next(&mut flood).await);
    cancel(running.remove(0)).await;
    let (failed, text) = answer(other).await;
    assert!(!failed && text.contains("other"), "{text}");
    while !flood.is_empty() {
        let (failed, text) = next(&mut flood).await;
        assert!(!failed, "{text}");
    }
    let skills: Vec<_> = receipts(&env).into_iter().map(|(_, skill)| skill).collect();
    assert_eq!(skills.len(), 1 + 63 + 1);
    let place = skills.iter().position(|skill| skill == "acme/x");
    assert!(place <= Some(2), "it came as number {place:?}");
    server.client.cancel().await.expect("it ends");
}

#[tokio::test]
async fn a_server_that_is_told_to_end_writes_down_what_ran() {
    for how in ["signal", "client"] {
        let env = probed();
        let mut server = Server::start(&env).await;
        let _running = server.occupy().await;
        let _waiting = server.send("x__echo", json!({ "text": "never" })).await;
        let started = Instant::now();
        match how {
            "signal" => signal(server.process, Signal::TERM),
            _ => drop(server.client.cancel().await),
        }
        while server.said.next_line().await.expect("text").is_some() {}
        let took = started.elapsed();
        // A client that is gone may still read the answers, for a second.
        let bound = AT_ONCE + Duration::from_secs(1);
        assert!(took < bound, "{how}: it ended after {took:?}");
        let left = receipts(&env).into_iter().map(|(outcome, _)| outcome);
        assert_eq!(left.collect::<Vec<_>>(), ["cancelled"; 3], "{how}");
    }
}
