//! How often a client may ask: told apart by address and by token, refused with the time to come back.
//!
//! Whoever is on this machine is not counted, so the clients here come through a proxy that is believed.

use claw_package::Digest;
use claw_registry_api::{Scope, paths};

use crate::limits::Limits;
use crate::testing::{Reply, Request, TestRegistry};

const ONE: &str = "203.0.113.1";
const OTHER: &str = "203.0.113.2";

/// A registry that allows little and believes the loopback.
async fn registry(reads: u32, writes: u32, failures: u32) -> TestRegistry {
    TestRegistry::start_with(Limits {
        reads_per_minute: reads,
        writes_per_minute: writes,
        failures_per_minute: failures,
        proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Limits::default()
    })
    .await
}

fn from(address: &str, request: Request) -> Request {
    request.header("X-Forwarded-For", address)
}

fn assert_limited(reply: &Reply, seconds: std::ops::RangeInclusive<u64>) {
    assert_eq!(reply.refusal(), (429, "too-many-requests".to_owned()));
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds.contains(&wait), "{wait}");
}

#[tokio::test]
async fn an_address_reads_within_its_budget_and_others_are_not_in_its_way() {
    let registry = registry(3, 1, 1).await;
    let health = || Request::new("GET", paths::HEALTH);
    for _ in 0..3 {
        assert_eq!(registry.send(from(ONE, health())).await.status, 200);
    }
    assert_limited(&registry.send(from(ONE, health())).await, 1..=20);
    assert_eq!(registry.send(from(OTHER, health())).await.status, 200);
    // What it wrote itself before the proxy did is nobody's word.
    let lie = from(&format!("{OTHER}, {ONE}"), health());
    assert_limited(&registry.send(lie).await, 1..=20);
    // Its other budgets are what they were.
    let post = Request::new("POST", paths::TOKENS).body(b"{}");
    assert_eq!(registry.send(from(ONE, post)).await.status, 401);
    let metrics = registry.get(paths::METRICS).await;
    let text = String::from_utf8(metrics.body).unwrap();
    let line = r#"claw_registry_rate_limited_total{budget="reading",by="address"} 2"#;
    assert!(text.contains(line), "{text}");
}

#[tokio::test]
async fn a_token_is_counted_wherever_it_is_used() {
    let registry = registry(100, 2, 1).await;
    let token = registry.token(&[Scope::Publish], "*", None).await;
    let upload = |bytes: &[u8]| {
        Request::new("PUT", &paths::upload(&Digest::of(bytes)))
            .token(&token)
            .body(bytes)
    };
    assert_eq!(registry.send(from(ONE, upload(b"1"))).await.status, 201);
    assert_eq!(registry.send(from(OTHER, upload(b"2"))).await.status, 201);
    // A body that nobody looks at is heard out, so that its client hears why.
    let third = from("203.0.113.3", upload(&vec![7; 8 * 1024 * 1024]));
    assert_limited(&registry.send(third).await, 1..=30);
    let other = registry.token(&[Scope::Publish], "*", None).await;
    let fourth = Request::new("PUT", &paths::upload(&Digest::of(b"4")))
        .token(&other)
        .body(b"4");
    assert_eq!(registry.send(from("203.0.113.3", fourth)).await.status, 201);
}

#[tokio::test]
async fn an_address_that_shows_wrong_tokens_is_not_asked_for_more() {
    let registry = registry(100, 100, 2).await;
    let list = |token: &str| Request::new("GET", paths::TOKENS).token(token);
    for _ in 0..2 {
        let reply = registry.send(from(ONE, list("claw_admin_wrong"))).await;
        assert_eq!(reply.refusal(), (401, "unauthorized".to_owned()));
    }
    assert_limited(
        &registry.send(from(ONE, list("claw_admin_wrong"))).await,
        1..=30,
    );
    assert_limited(
        &registry.send(from(ONE, list(&registry.admin))).await,
        1..=30,
    );
    assert_eq!(
        registry
            .send(from(OTHER, list(&registry.admin)))
            .await
            .status,
        200
    );
    // Whoever needs no token is not told to wait.
    let health = Request::new("GET", paths::HEALTH);
    assert_eq!(registry.send(from(ONE, health)).await.status, 200);
}

#[tokio::test]
async fn a_body_beyond_the_budget_of_its_address_is_refused_and_heard_out() {
    let registry = registry(1, 1, 1).await;
    let upload = || {
        Request::new("PUT", &paths::upload(&Digest::of(b"")))
            .token(&registry.admin)
            .body(&vec![7; 8 * 1024 * 1024])
    };
    assert_eq!(registry.send(from(ONE, upload())).await.status, 400);
    assert_limited(&registry.send(from(ONE, upload())).await, 1..=60);
}

#[tokio::test]
async fn this_machine_is_not_counted() {
    let registry = TestRegistry::start_with(Limits {
        reads_per_minute: 1,
        ..Limits::default()
    })
    .await;
    for _ in 0..10 {
        assert_eq!(registry.get(paths::HEALTH).await.status, 200);
        // A proxy that nobody named is this machine too.
        let request = from(ONE, Request::new("GET", paths::HEALTH));
        assert_eq!(registry.send(request).await.status, 200);
    }
}
