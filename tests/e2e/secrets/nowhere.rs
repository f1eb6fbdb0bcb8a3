//! A secret that is used is nowhere but at the server that it is bound to: not in the guest's memory, not at the
//! program that the guest runs, not in what claw prints, keeps and sends.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use claw_host::{
    Allocation, Host, HostConfig, Invocation, Network, NetworkConfig, Outcome, SecretValue,
};
use claw_package::PermissionSet;
use claw_tests::packages::{TestPackage, member};
use claw_tests::site::{self, Site};
use claw_tests::{TestEnv, guests, programs};
use claw_trust::VerifiedComponent;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{files, set};

const VALUE: &str = "t0p-s3cret-value-of-the-operator";

/// The same in the forms that a program would write bytes in.
const ENCODED: [&str; 2] = [
    "dDBwLXMzY3JldC12YWx1ZS1vZi10aGUtb3BlcmF0b3",
    "7430702d7333637265742d76616c75652d6f662d7468652d6f70657261746f72",
];

/// What everybody may read, and who looks has to find.
const MARKER: &str = "what-lies-in-the-workspace";

/// The pages of the server: one that answers, one that redirects, one that says nothing that is HTTP.
const PATHS: [&str; 3] = ["/echo", "/away", "/broken"];

/// A server that sends what it was sent back in every part of its answers.
fn echo(head: &str) -> String {
    let sent = head
        .lines()
        .find_map(|line| line.strip_prefix("authorization: Bearer "))
        .unwrap_or("nothing");
    match head.split(' ').nth(1) {
        Some("/away") => site::answer(302, &format!("location: /echo?token={sent}\r\n"), sent),
        Some("/broken") => format!("HTTP/1.1 200 OK\r\nx {sent}: {sent}\r\n\r\n{sent}"),
        _ => site::answer(
            200,
            &format!("x-echo: {sent}\r\n"),
            &format!("you sent {sent}"),
        ),
    }
}

/// The value is not there, in no form.
#[track_caller]
fn is_not_in(place: &str, bytes: &[u8]) {
    for form in [VALUE].into_iter().chain(ENCODED) {
        let found = holds(bytes, form);
        assert!(
            !found,
            "`{form}` is in {place}: {}",
            String::from_utf8_lossy(bytes)
        );
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// From its end to its beginning: so it is given to those who look for it.
fn turned(text: &str) -> String {
    text.chars().rev().collect()
}

/// An agent whose guest may use the secret, run the probing program and write files.
fn world() -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/secret", "0.1.0").secret());
    let program = programs::path("confined");
    let program = format!("process.execute={} **", program.display());
    let mut words = vec!["add", "acme/secret"];
    for grant in [
        "filesystem.write=.",
        "network.internal=http://*:*",
        "secret=TOKEN http://127.0.0.1 authorization",
        &program,
    ] {
        words.extend(["--allow", grant]);
    }
    env.agent.claw(&words).ok();
    set(&env, "TOKEN", VALUE).ok();
    env.agent.write("marker.txt", MARKER);
    env
}

fn input(url: &str, ending: &str) -> Value {
    let program = programs::path("confined");
    let argv = [
        &program.display().to_string(),
        "search",
        &turned(VALUE),
        &turned(MARKER),
    ];
    json!({ "url": url, "argv": argv, "memory": "memory.bin", "ending": ending })
}

/// What a call left in the workspace: it had an answer, a program that looked around, and all of its own memory.
fn left(env: &TestEnv, path: &str) {
    let found = env.agent.read("found.txt");
    if path == "/echo" {
        assert!(found.contains("you sent ****"), "{found}");
    }
    assert!(found.contains("TMPDIR="), "no program ran: {found}");
    assert!(found.contains("word 1 is in "), "it found nothing: {found}");
    assert!(!found.contains("word 0 is in "), "it has it: {found}");
    let memory = std::fs::read(env.agent.folder.join("memory.bin")).expect("it was written");
    assert!(memory.len() > 1 << 20, "{} bytes", memory.len());
    let answer = found.get(..100).unwrap_or(&found);
    assert!(holds(&memory, answer), "this is not its memory");
    assert!(holds(&memory, "claw-secret-"), "this is not its memory");
    for file in ["found.txt", "memory.bin"] {
        let file = env.agent.folder.join(file);
        is_not_in(
            &file.display().to_string(),
            &std::fs::read(&file).expect("readable"),
        );
        std::fs::remove_file(file).expect("it is ours");
    }
}

/// Calls one tool of one `claw mcp` after the other, and gives every byte that it says to its client.
fn over_mcp(env: &TestEnv, inputs: &[Value], log: &Path, mut each: impl FnMut(usize)) -> String {
    let mut command = env.agent.command("claw", &["mcp"]);
    let log = File::create(log).expect("a file can be made");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    let mut server = command.spawn().expect("claw mcp starts");
    let mut stdin = server.stdin.take().expect("piped");
    let mut stdout = BufReader::new(server.stdout.take().expect("piped"));
    let mut said = String::new();
    let mut ask = |message: Value| writeln!(stdin, "{message}").expect("it reads");
    let mut hear = |id: usize| {
        loop {
            let begin = said.len();
            assert_ne!(
                stdout.read_line(&mut said).expect("text"),
                0,
                "it has ended: {said}"
            );
            let message: Value = serde_json::from_str(&said[begin..]).expect("JSON");
            if message["id"] == id {
                return;
            }
        }
    };
    let client = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                         "clientInfo": { "name": "test", "version": "0" } });
    ask(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client }));
    hear(0);
    ask(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    for (index, input) in inputs.iter().enumerate() {
        let call = json!({ "name": "secret__spill", "arguments": input });
        ask(json!({ "jsonrpc": "2.0", "id": index + 1, "method": "tools/call", "params": call }));
        hear(index + 1);
        each(index);
    }
    drop(stdin);
    server.wait().expect("it ends with its client");
    said
}

#[test]
fn a_used_secret_is_nowhere_but_at_its_host_through_claw_run_and_claw_mcp() {
    let env = world();
    let site = Site::new(echo);
    let mut said = String::new();
    for (path, ending, code) in [
        ("/echo", "value", 0),
        ("/away", "error", 3),
        ("/broken", "value", 0),
        ("/echo", "trap", 3),
    ] {
        let input = input(&format!("{}{path}", site.url()), ending).to_string();
        let words = ["run", "acme/secret", "spill", "--json", "--input", &input];
        // Where it fails, what it was denied besides is shown too.
        let run = env.agent.claw(&words).exits(code);
        said.extend([run.stdout, run.stderr]);
        left(&env, path);
    }
    let inputs = [("/echo", "value"), ("/away", "trap"), ("/broken", "error")];
    let calls = inputs.map(|(path, ending)| input(&format!("{}{path}", site.url()), ending));
    let log = env.root.path().join("mcp.log");
    said.push_str(&over_mcp(&env, &calls, &log, |index| {
        left(&env, inputs[index].0)
    }));
    // The name of another host, though it is the same machine.
    let other = Site::new(echo);
    let elsewhere = other.url().replace("127.0.0.1", "localhost");
    let input = input(&elsewhere, "error").to_string();
    let words = ["run", "acme/secret", "spill", "--input", &input];
    let run = env.agent.claw(&words).exits(3);
    said.extend([run.stdout, run.stderr]);
    left(&env, "/elsewhere");
    assert_eq!(other.asked(), [""; 0]);
    for command in [
        "receipts --json",
        "secret list --json",
        "doctor --offline",
        "list --json",
    ] {
        let run = env.claw(command);
        said.extend([run.stdout, run.stderr]);
    }
    is_not_in("what claw said", said.as_bytes());

    let asked = site.asked();
    for path in PATHS {
        let head = asked
            .iter()
            .find(|head| head.starts_with(&format!("GET {path} ")));
        let head = head.unwrap_or_else(|| panic!("nobody asked for {path}: {asked:?}"));
        assert!(
            head.contains(&format!("authorization: Bearer {VALUE}\r\n")),
            "{head}"
        );
    }
    for head in &asked {
        let others = head
            .lines()
            .filter(|line| !line.starts_with("authorization: "));
        others.for_each(|line| is_not_in("a request", line.as_bytes()));
    }

    // Everything of everybody: homes, receipts, logs, caches, workspaces, the registry.
    let all = files(env.root.path());
    for name in ["secrets", "secrets.key", "receipts.jsonl", "mcp.log"] {
        assert!(
            all.iter().any(|file| file.ends_with(name)),
            "no {name}: {all:?}"
        );
    }
    for file in all {
        // A socket or a pipe keeps nothing.
        if let Ok(bytes) = std::fs::read(&file) {
            is_not_in(&file.display().to_string(), &bytes);
        }
    }
}

#[tokio::test]
async fn a_used_secret_is_nowhere_but_at_its_host_in_the_library() {
    let (own, other) = (Site::new(echo), Site::new(echo));
    let component = member(guests::net(), "skill.wasm");
    let grants = PermissionSet::new(
        [
            "network.internal=http://*:*",
            "filesystem.write=.",
            "secret=TOKEN http://127.0.0.1 authorization",
        ]
        .map(|line| line.parse().expect("a permission")),
    );
    let component = VerifiedComponent::local(component, None, &grants);
    let host = Host::new(HostConfig {
        allocation: Allocation::OnDemand,
        cache: None,
        memory_bytes_all: None,
        processes: None,
    });
    let skill = host.expect("a host").load(&component).expect("a skill");
    let workspace = tempfile::tempdir().expect("a folder");
    let logged = Arc::new(Mutex::new(String::new()));
    let call = |action: &str, input: Value| {
        let log = Arc::clone(&logged);
        let value = SecretValue::new(Zeroizing::new(VALUE.to_owned())).expect("a secret");
        let config = NetworkConfig::from_variables(|_| None).expect("a network");
        skill.invoke(Invocation {
            grants: grants.clone(),
            workspace: Some(workspace.path().canonicalize().expect("a folder")),
            network: Some(Network::new(config)),
            secrets: [("TOKEN".to_owned(), value)].into(),
            log: Some(Arc::new(move |record| {
                log.lock()
                    .expect("nobody panicked")
                    .push_str(&record.message);
            })),
            ..Invocation::new(action, input)
        })
    };

    let input = json!({ "url": format!("{}/", own.url()), "secret": "TOKEN" });
    let report = call("leak", input.clone()).await;
    let Outcome::Ok(result) = &report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(result.to_string().contains("[secret TOKEN]"), "{result}");
    assert!(own.asked()[0].contains(&format!("authorization: Bearer {VALUE}\r\n")));
    let failed = call("leak-in-error", input).await;
    assert!(matches!(failed.outcome, Outcome::ActionError(_)));

    // The name of another host, though it is the same machine.
    let port = other
        .authority()
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let elsewhere = json!({ "url": format!("http://localhost:{port}/"), "secret": "TOKEN" });
    let denied = call("leak", elsewhere).await;
    assert_eq!(denied.denials.len(), 1, "{:?}", denied.denials);
    assert_eq!(other.asked(), [""; 0]);

    let kept = std::fs::read_to_string(workspace.path().join("leak.txt")).expect("it was written");
    let logged = logged.lock().expect("nobody panicked").clone();
    assert!(logged.contains("you sent ") && kept.contains("you sent "));
    for report in [&report, &failed, &denied] {
        let receipt = serde_json::to_string(&report.receipt).expect("a receipt");
        let all = format!("{:?}{:?}{receipt}", report.outcome, report.denials);
        assert!(!all.contains(VALUE), "{all}");
    }
    assert!(
        !logged.contains(VALUE) && !kept.contains(VALUE),
        "{logged}{kept}"
    );
}
