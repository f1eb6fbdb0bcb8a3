//! `claw mcp` as an MCP client sees it: tools, results, errors, denials, cancellation.

use std::time::{Duration, Instant};

use claw_tests::TestEnv;
use claw_tests::packages::TestPackage;
use rmcp::model::{CallToolRequestParams, CallToolResult, ClientRequest, Request};
use rmcp::service::{PeerRequestOptions, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};

type Client = RunningService<RoleClient, ()>;

async fn connect(env: &TestEnv) -> Client {
    let command = tokio::process::Command::from(env.agent.command("claw", &["mcp"]));
    ().serve(TokioChildProcess::new(command).expect("claw mcp starts"))
        .await
        .expect("claw mcp speaks MCP")
}

fn request(tool: &str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else {
        panic!("arguments are an object")
    };
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}

async fn call(client: &Client, tool: &str, arguments: Value) -> CallToolResult {
    client
        .call_tool(request(tool, arguments))
        .await
        .unwrap_or_else(|error| panic!("{tool}: {error}"))
}

fn text(result: &CallToolResult) -> String {
    serde_json::to_value(result)
        .expect("a result is JSON")
        .to_string()
}

fn probed(grants: &str) -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/probe", "0.1.0").probe());
    env.claw(&format!("add acme/probe {grants}")).ok();
    env.agent.write("docs/note.txt", "a note\n");
    env.agent.write("private.txt", "not for skills\n");
    env
}

#[tokio::test]
async fn every_action_is_a_tool_with_schema_and_description() {
    let env = probed("--no-grants");
    let client = connect(&env).await;
    let tools = client.list_all_tools().await.expect("tools");
    let echo = tools
        .iter()
        .find(|tool| tool.name == "probe__echo")
        .expect("echo is there");
    assert_eq!(
        echo.description.as_deref(),
        Some("Gives back what it was given.")
    );
    assert_eq!(echo.input_schema["properties"]["text"]["type"], "string");
    assert!(tools.len() >= 25, "{} tools", tools.len());
    assert!(tools.iter().all(|tool| tool.name.len() <= 64));
    client.cancel().await.expect("it ends");
}

#[tokio::test]
async fn results_errors_denials_and_bad_input_are_told_apart() {
    let env = probed("--allow filesystem.read=docs");
    let client = connect(&env).await;
    let echo = call(&client, "probe__echo", json!({ "text": "hello" })).await;
    assert!(echo.is_error != Some(true) && text(&echo).contains("hello"));
    let read = call(&client, "probe__read", json!({ "path": "docs/note.txt" })).await;
    assert!(
        read.is_error != Some(true) && text(&read).contains("a note"),
        "{}",
        text(&read)
    );
    let failed = call(&client, "probe__fail", json!({ "message": "no luck" })).await;
    assert!(failed.is_error == Some(true) && text(&failed).contains("no luck"));
    let denied = call(&client, "probe__read", json!({ "path": "private.txt" })).await;
    assert!(
        denied.is_error == Some(true) && text(&denied).contains("filesystem.read"),
        "{}",
        text(&denied)
    );
    assert!(!text(&denied).contains("not for skills"));
    let refused = call(&client, "probe__echo", json!({ "text": 7 })).await;
    assert!(
        refused.is_error == Some(true) && text(&refused).contains("/text"),
        "{}",
        text(&refused)
    );
    let trapped = call(&client, "probe__crash", json!({})).await;
    assert!(
        trapped.is_error == Some(true) && text(&trapped).contains("trap"),
        "{}",
        text(&trapped)
    );
    let echo = call(&client, "probe__echo", json!({ "text": "still here" })).await;
    assert!(echo.is_error != Some(true));
    assert!(
        client
            .call_tool(request("probe__nothing", json!({})))
            .await
            .is_err_and(|error| error.to_string().contains("probe__nothing"))
            || call(&client, "probe__nothing", json!({})).await.is_error == Some(true)
    );
    client.cancel().await.expect("it ends");
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once_and_others_go_on() {
    let env = probed("--no-grants");
    let client = connect(&env).await;
    for (tool, arguments) in [
        ("probe__spin", json!({})),
        ("probe__wait", json!({ "milliseconds": 25_000 })),
    ] {
        let started = Instant::now();
        let call_request = ClientRequest::CallToolRequest(Request::new(request(tool, arguments)));
        let handle = client
            .send_cancellable_request(call_request, PeerRequestOptions::default())
            .await
            .expect("the request is sent");
        let other = call(&client, "probe__echo", json!({ "text": "meanwhile" })).await;
        assert!(text(&other).contains("meanwhile"));
        handle
            .cancel(Some("the test".to_owned()))
            .await
            .expect("the cancellation is sent");
        while !receipts(&env).iter().any(|receipt| {
            receipt["outcome"] == "cancelled"
                && receipt["action"]
                    .as_str()
                    .is_some_and(|action| tool.ends_with(action))
        }) {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{tool} was not cancelled"
            );
            call(&client, "probe__echo", json!({ "text": "still here" })).await;
        }
    }
    client.cancel().await.expect("it ends");
}

fn receipts(env: &TestEnv) -> Vec<Value> {
    let folder = std::fs::read_dir(env.agent.home.join("receipts"))
        .into_iter()
        .flatten()
        .flatten();
    folder
        .flat_map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect::<Vec<Value>>()
        })
        .collect()
}

#[tokio::test]
async fn prefixes_are_fixed_when_a_skill_is_added() {
    let env = TestEnv::pinned();
    let other = claw_tests::environment::Person::new(env.root.path(), "umbrella");
    let (token, keyset) =
        claw_tests::environment::open_namespace(&env.registry, &other, "umbrella", "ann");
    let key = claw_tests::environment::key_of(&other, "umbrella", "ann");
    let origin = claw_tests::environment::ORIGIN;
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    TestPackage::new("umbrella/x", "1.0.0")
        .publish(&env.registry.address, &token, &key, origin, &keyset)
        .expect("published");
    env.claw(&format!(
        "trust add umbrella --origin {origin} --keyset {keyset}"
    ))
    .ok();
    env.claw("add acme/x --no-grants").ok();
    env.claw("add umbrella/x --no-grants").ok();
    assert_eq!(tool_names(&env).await, ["umbrella-x__echo", "x__echo"]);

    env.claw("remove acme/x").ok();
    assert_eq!(tool_names(&env).await, ["umbrella-x__echo"]);
    env.claw("remove umbrella/x").ok();
    env.claw("add umbrella/x --no-grants").ok();
    assert_eq!(
        tool_names(&env).await,
        ["umbrella-x__echo"],
        "the short prefix went to another namespace"
    );
    env.claw("add acme/x --no-grants").ok();
    assert_eq!(tool_names(&env).await, ["umbrella-x__echo", "x__echo"]);
}

async fn tool_names(env: &TestEnv) -> Vec<String> {
    let client = connect(env).await;
    let mut names: Vec<String> = client
        .list_all_tools()
        .await
        .expect("tools")
        .into_iter()
        .map(|tool| tool.name.into_owned())
        .collect();
    client.cancel().await.expect("it ends");
    names.sort();
    names
}

#[tokio::test]
async fn a_skill_that_fails_verification_is_not_offered_and_the_others_are() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.publish(&TestPackage::new("acme/y", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    env.claw("add acme/y --no-grants").ok();
    let store = env.agent.home.join("store/acme/x");
    let release = std::fs::read_dir(store)
        .expect("the store")
        .flatten()
        .next()
        .expect("one release")
        .path();
    let component = release.join("package/skill.wasm");
    let mut bytes = std::fs::read(&component).expect("readable");
    bytes[100] ^= 1;
    std::fs::write(&component, bytes).expect("writable");
    assert_eq!(tool_names(&env).await, ["y__echo"]);
}
