//! One `claw mcp` after five hundred hostile calls: nothing of them is left in it, and it answers as before.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use claw_tests::packages::TestPackage;
use claw_tests::site::Site;
use claw_tests::{TestEnv, programs};
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};

/// How many hostile calls there are.
const CALLS: usize = 500;

/// How many answers a median is of.
const MEASURED: usize = 51;

/// How much more memory there may be after the second half of the calls than after the first.
const GROWTH_KIB_MAX: u64 = 32 * 1024;

/// What a busy machine may add to any answer, however short it is.
const SLACK: Duration = Duration::from_millis(20);

/// How many more threads may wait for work than before: the runtime has as many as were ever busy at once.
const THREADS_SLACK: usize = 4;

/// How long what a call has left may take to go: it takes milliseconds.
const GONE: Duration = Duration::from_secs(20);

/// What the kernel says that a process has.
#[derive(Debug, Clone, Copy)]
struct Held {
    files: usize,
    sockets: usize,
    threads: usize,
    children: usize,
    memory_kib: u64,
}

impl Held {
    fn by(process: u32) -> Held {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let files: Vec<_> = names(&folder.join("fd"))
            .filter_map(|file| std::fs::read_link(file).ok())
            .collect();
        let is_socket = |file: &&PathBuf| file.to_string_lossy().starts_with("socket:");
        let status = std::fs::read_to_string(folder.join("status")).expect("it runs");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|memory| memory.trim().strip_suffix(" kB"));
        Held {
            files: files.len(),
            sockets: files.iter().filter(is_socket).count(),
            threads: names(&folder.join("task")).count(),
            children: names(Path::new("/proc"))
                .filter(|other| parent(other) == Some(process))
                .count(),
            memory_kib: memory
                .and_then(|memory| memory.parse().ok())
                .expect("a number"),
        }
    }

    /// There is no more of anything than before, but for memory and threads that wait.
    fn is_no_more_than(&self, before: &Held) -> bool {
        self.files <= before.files
            && self.sockets <= before.sockets
            && self.threads <= before.threads + THREADS_SLACK
            && self.children <= before.children
    }
}

fn names(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).expect("there is /proc").flatten();
    entries.map(|entry| entry.path())
}

/// Whose child a process is, where it is one. One that has ended and was not waited for is one too.
fn parent(process: &Path) -> Option<u32> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

type Client = RunningService<RoleClient, ()>;

/// What is tried by turns: traps, limits, what is not granted, servers that do not answer, programs that stay.
fn hostile_calls(granted: &Site, other: &Site) -> Vec<(&'static str, Value)> {
    let program = programs::path("confined");
    let run = |words: &[&str]| {
        let first = program.display().to_string();
        let words = words.iter().map(|&word| word.to_owned());
        std::iter::once(first).chain(words).collect::<Vec<_>>()
    };
    let request = |site: &Site| json!({ "method": "GET", "scheme": "http", "authority": site.authority(), "path": "/", "headers": [] });
    vec![
        ("probe__crash", json!({})),
        (
            "probe__crash-holding",
            json!({ "path": "note.txt", "count": 100 }),
        ),
        (
            "probe__hold-files",
            json!({ "path": "note.txt", "count": 1_000_000 }),
        ),
        ("net__request", request(granted)),
        ("probe__recurse", json!({ "depth": u32::MAX })),
        (
            "process__leave",
            json!({ "argv": run(&["hang"]), "count": 3 }),
        ),
        ("probe__allocate", json!({ "mebibytes": 1024 })),
        ("net__request", request(other)),
        ("probe__long-result", json!({ "bytes": 4_000_000 })),
        (
            "net__crowd",
            json!({ "authority": granted.authority(), "count": 20 }),
        ),
        ("probe__read", json!({ "path": "../../../../etc/passwd" })),
        ("process__run", json!({ "argv": run(&["daemon"]) })),
        (
            "net__connect",
            json!({ "address": [127, 0, 0, 1], "port": 1, "text": "x" }),
        ),
        ("probe__echo", json!({ "text": 7 })),
        (
            "process__run",
            json!({ "argv": run(&["hang"]), "timeout-ms": 20 }),
        ),
        ("process__run", json!({ "argv": ["sh", "-c", "true"] })),
    ]
}

async fn call(client: &Client, tool: &str, arguments: &Value) {
    let arguments = arguments.as_object().expect("an object").clone();
    let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    let called = client.call_tool(request).await;
    called.unwrap_or_else(|error| panic!("{tool} was not answered: {error}"));
}

/// How long an answer to a call that does nothing takes, in the middle.
async fn usual(client: &Client) -> Duration {
    let mut times = Vec::new();
    for _ in 0..MEASURED {
        let began = Instant::now();
        call(client, "probe__echo", &json!({ "text": "on" })).await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[MEASURED / 2]
}

#[tokio::test]
async fn five_hundred_hostile_calls_leave_nothing_in_one_claw_mcp() {
    let env = TestEnv::pinned();
    // Hangs up without a word.
    let granted = Site::new(|_| String::new());
    let other = Site::new(|_| String::new());
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.publish(&TestPackage::new("acme/net", "0.1.0").net());
    env.publish(&TestPackage::new("acme/process", "0.1.0").process());
    let program = programs::path("confined");
    let program = format!("process.execute={} **", program.display());
    let server = format!("network.internal={}", granted.url());
    for (skill, grant) in [
        ("acme/probe", "filesystem.write=."),
        ("acme/net", server.as_str()),
        ("acme/process", program.as_str()),
    ] {
        env.agent.claw(&["add", skill, "--allow", grant]).ok();
    }
    env.agent.write("note.txt", "a note\n");

    let command = tokio::process::Command::from(env.agent.command("claw", &["mcp"]));
    let log = File::create(env.root.path().join("mcp.log")).expect("a file can be made");
    let (child, _) = TokioChildProcess::builder(command)
        .stderr(Stdio::from(log))
        .spawn()
        .expect("claw mcp starts");
    let process = child.id().expect("it runs");
    let client = ().serve(child).await.expect("claw mcp speaks MCP");

    // What is made for the first call of a kind stays: threads, a place for memory, a helper that starts programs.
    let calls = hostile_calls(&granted, &other);
    for (tool, arguments) in &calls {
        call(&client, tool, arguments).await;
    }
    let usual_before = usual(&client).await;
    let before = Held::by(process);
    let mut half = before;
    for (index, (tool, arguments)) in calls.iter().cycle().take(CALLS).enumerate() {
        call(&client, tool, arguments).await;
        if index == CALLS / 2 {
            half = Held::by(process);
        }
    }
    let usual_after = usual(&client).await;
    let began = Instant::now();
    let mut after = Held::by(process);
    while !after.is_no_more_than(&before) && began.elapsed() < GONE {
        call(&client, "probe__echo", &json!({ "text": "on" })).await;
        after = Held::by(process);
    }
    println!(
        "an answer takes {usual_before:?} before and {usual_after:?} after {CALLS} hostile calls"
    );
    println!(
        "before {before:?}\nhalf   {half:?}\nafter  {after:?}, {:?} later",
        began.elapsed()
    );
    assert!(
        after.is_no_more_than(&before),
        "{after:?}, but {before:?} before"
    );
    let growth = after.memory_kib.saturating_sub(half.memory_kib);
    assert!(
        growth <= GROWTH_KIB_MAX,
        "{growth} KiB more in the second half"
    );
    assert!(
        usual_after < usual_before * 5 + SLACK,
        "{usual_after:?}, but {usual_before:?} before"
    );
    client.cancel().await.expect("it ends");
}
