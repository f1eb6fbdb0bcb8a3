//! What a request leaves behind: a name, a line, a count, and nothing that was sent.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use claw_package::Digest;
use claw_registry_api::paths;
use serde_json::Value;

use crate::testing::{Publisher, Request, TestRegistry, package};

thread_local! {
    /// What this thread, and so the one test on it, has logged.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of its thread.
struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on, as `--log-format json` writes it.
fn keep_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_writer(|| ThreadLog)
            .init();
    });
}

fn log() -> String {
    LOG.with_borrow(|log| String::from_utf8(log.clone()).unwrap())
}

/// The lines that say something else or nothing else than that a request was answered.
fn lines(answered: bool) -> Vec<Value> {
    let lines = log();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| (line["message"] == "answered") == answered)
        .collect()
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let registry = TestRegistry::start().await;
    for path in ["/", "/nothing", paths::TOKENS] {
        let request = Request::new("GET", path).header("X-Request-Id", "mine.1");
        let reply = registry.send(request).await;
        assert_eq!(reply.header("x-request-id"), Some("mine.1"), "{path}");
        let made = registry.get(path).await;
        assert_eq!(made.header("x-request-id").unwrap().len(), 16, "{path}");
        let odd = Request::new("GET", path).header("X-Request-Id", "a b=c");
        let odd = registry.send(odd).await;
        assert_ne!(odd.header("x-request-id"), Some("a b=c"));
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_found_in_the_log_by_its_name() {
    keep_log();
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    let digest = packed.tarball_digest.digest;
    std::fs::remove_file(registry.app.storage.blob_path(&digest)).unwrap();
    let request = Request::new("GET", &paths::blob(&digest)).header("X-Request-Id", "lost-1");
    let reply = registry.send(request).await;
    assert_eq!(reply.refusal(), (500, "internal".to_owned()));
    assert!(
        reply.detail().ends_with("under the request `lost-1`"),
        "{}",
        reply.detail()
    );
    let said = lines(false);
    let line = said.iter().find(|line| line["level"] == "ERROR");
    let line = line.unwrap_or_else(|| panic!("no error in {}", log()));
    assert_eq!(line["span"]["id"], "lost-1", "{line}");
    assert!(
        line["message"]
            .as_str()
            .unwrap()
            .starts_with("a request failed: "),
        "{line}"
    );
}

#[tokio::test]
async fn a_request_is_one_line_with_nothing_of_what_was_sent() {
    keep_log();
    let registry = TestRegistry::start().await;
    Publisher::of(&registry, "acme").await;
    let bytes = b"bytes";
    let path = format!(
        "{}?token=claw_in_a_query",
        paths::upload(&Digest::of(bytes))
    );
    let upload = Request::new("PUT", &path)
        .token(&registry.admin)
        .header("X-Request-Id", "up-1")
        .header("Cookie", "session=claw_in_a_cookie")
        .body(bytes);
    assert_eq!(registry.send(upload).await.status, 201);
    let wrong = Request::new("GET", "/claw_in_a_path").token("claw_publish_wrong");
    assert_eq!(registry.send(wrong).await.status, 404);
    let odd = Request::new("BREW", "/");
    assert_eq!(registry.send(odd).await.status, 405);
    let answered = lines(true);
    let [upload, wrong, odd] = &answered[..] else {
        panic!("three lines: {}", log())
    };
    assert_eq!(upload["level"], "INFO");
    assert_eq!(upload["span"]["id"], "up-1");
    assert_eq!(upload["span"]["token"], 1);
    assert_eq!(upload["method"], "PUT");
    assert_eq!(upload["route"], "/api/v1/blobs/{digest}");
    assert_eq!(
        (&upload["status"], &upload["bytes"]),
        (&201.into(), &0.into())
    );
    assert!(upload["duration_us"].as_u64().unwrap() > 0, "{upload}");
    assert!(
        upload["client"].as_str().unwrap().starts_with("127.0.0.1"),
        "{upload}"
    );
    assert_eq!(
        (&wrong["route"], &wrong["code"]),
        (&"none".into(), &"not-found".into())
    );
    assert_eq!(
        (&odd["method"], &odd["status"]),
        (&"other".into(), &405.into())
    );
    let text = log();
    for secret in ["claw_in_a", "claw_publish", &registry.admin, "session"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn the_numbers_add_up_and_name_nobody() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/secret-plans", "1.0.0", "one");
    registry.publish(&acme, &packed).await;
    registry
        .post(paths::RELEASES, &registry.admin, &acme.release(&packed))
        .await;
    let blob = paths::blob(&packed.tarball_digest.digest);
    registry.get(&blob).await;
    registry
        .send(Request::new("GET", &blob).header("Range", "bytes=0-9"))
        .await;
    registry.get("/index/acme/nothing").await;
    registry
        .get("/one/of/many/paths/that/clients/make/up")
        .await;
    let reply = registry.get(paths::METRICS).await;
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = String::from_utf8(reply.body).unwrap();
    let size = packed.tarball.len();
    for line in [
        r#"requests_total{method="GET",route="/blobs/sha256/{hex}",status="2xx"} 2"#.to_owned(),
        r#"requests_total{method="GET",route="/index/{namespace}/{name}",status="4xx"} 1"#
            .to_owned(),
        r#"requests_total{method="GET",route="none",status="4xx"} 1"#.to_owned(),
        r#"request_seconds_count{route="/blobs/sha256/{hex}"} 2"#.to_owned(),
        format!(
            r#"sent_bytes_total{{route="/blobs/sha256/{{hex}}"}} {}"#,
            size + 10
        ),
        format!(
            "received_bytes_total {}",
            size + 2 * acme.release(&packed).len()
        ),
        r#"refusals_total{code="not-found"} 2"#.to_owned(),
        r#"notes_total{kind="release",outcome="created"} 1"#.to_owned(),
        r#"notes_total{kind="release",outcome="standing"} 1"#.to_owned(),
        r#"database_seconds_count{operation="commit"} 1"#.to_owned(),
        r#"database_seconds_count{operation="turn"} 1"#.to_owned(),
        r#"storage_seconds_count{operation="stage"} 1"#.to_owned(),
        r#"storage_seconds_count{operation="link"} 1"#.to_owned(),
        // The second time it was still in memory.
        r#"storage_seconds_count{operation="open"} 1"#.to_owned(),
        format!(r#"build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")),
    ] {
        assert!(
            text.contains(&format!("claw_registry_{line}\n")),
            "{line} is not in\n{text}"
        );
    }
    assert!(text.contains("claw_registry_connections "), "{text}");
    for name in ["acme", "secret-plans", "127.0.0.1", "many"] {
        assert!(!text.contains(name), "{name} is in\n{text}");
    }
}
