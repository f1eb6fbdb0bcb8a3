//! Who may do what.

use claw_registry_api::{Scope, Timestamp, paths};
use serde_json::{Value, json};

use crate::clock;
use crate::testing::{Publisher, Reply, Request, TestRegistry};

async fn create(registry: &TestRegistry, token: &str, request: Value) -> Reply {
    registry
        .post(paths::TOKENS, token, request.to_string().as_bytes())
        .await
}

async fn status(registry: &TestRegistry, token: &str) -> u16 {
    let path = paths::upload(&claw_package::Digest::of(b"nothing"));
    registry
        .send(Request::new("HEAD", &path).token(token))
        .await
        .status
}

#[tokio::test]
async fn what_is_no_token_opens_nothing() {
    let registry = TestRegistry::start().await;
    let expired = registry
        .token(&[Scope::Admin], "*", Some(clock::now()))
        .await;
    let unknown = crate::tokens::Secret::generate(&[Scope::Admin]).unwrap();
    let beheaded = &registry.admin[..registry.admin.len() - 1];
    for token in ["", "x", beheaded, unknown.expose(), &expired] {
        let reply = create(&registry, token, json!({ "scopes": ["admin"] })).await;
        assert_eq!(reply.refusal(), (401, "unauthorized".to_owned()), "{token}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    let basic = Request::new("GET", paths::TOKENS)
        .header("Authorization", &format!("Basic {}", registry.admin));
    assert_eq!(registry.send(basic).await.refusal().0, 401);
    assert_eq!(registry.get(paths::TOKENS).await.refusal().0, 401);
}

#[tokio::test]
async fn a_token_lives_from_its_creation_to_its_revocation() {
    let registry = TestRegistry::start().await;
    let reply = create(
        &registry,
        &registry.admin,
        json!({ "scopes": ["publish"], "namespace": "acme", "expires_seconds": 3600 }),
    )
    .await;
    assert_eq!(reply.status, 201);
    let made = reply.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("claw_publish_"));
    assert_eq!(status(&registry, secret).await, 404);
    let list = registry
        .send(Request::new("GET", paths::TOKENS).token(&registry.admin))
        .await;
    assert_eq!(list.json()["tokens"][1], made["token"]);
    assert!(!String::from_utf8(list.body).unwrap().contains(secret));
    let path = paths::token(made["token"]["id"].as_u64().unwrap());
    for _ in 0..2 {
        let revoked = registry
            .send(Request::new("DELETE", &path).token(&registry.admin))
            .await;
        assert_eq!(revoked.status, 204);
    }
    assert_eq!(status(&registry, secret).await, 401);
    let unknown = Request::new("DELETE", &paths::token(99)).token(&registry.admin);
    assert_eq!(
        registry.send(unknown).await.refusal(),
        (404, "not-found".to_owned())
    );
}

#[tokio::test]
async fn the_secret_is_nowhere_in_the_folder() {
    let registry = TestRegistry::start().await;
    let secret = registry.admin.clone();
    for file in ["registry.db", "registry.db-wal"] {
        let bytes = std::fs::read(registry.folder().join(file)).unwrap();
        let part = &secret.as_bytes()[11..];
        assert!(
            !bytes.windows(part.len()).any(|window| window == part),
            "{file}"
        );
    }
}

#[tokio::test]
async fn only_administrators_make_tokens_and_namespaces() {
    let registry = TestRegistry::start().await;
    let token = registry
        .token(&[Scope::Publish, Scope::Yank, Scope::Read], "*", None)
        .await;
    let reply = create(&registry, &token, json!({ "scopes": ["read"] })).await;
    assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    let genesis = Publisher::stranger("acme").genesis;
    let reply = registry.post(paths::NAMESPACES, &token, &genesis).await;
    assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    for method in ["GET", "DELETE"] {
        let path = if method == "GET" {
            paths::TOKENS.to_owned()
        } else {
            paths::token(1)
        };
        let reply = registry
            .send(Request::new(method, &path).token(&token))
            .await;
        assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    }
}

#[tokio::test]
async fn an_administrator_of_one_namespace_stays_within_it() {
    let registry = TestRegistry::start().await;
    let end = Timestamp::from_unix_seconds(clock::now().unix_seconds() + 3_600);
    let admin = registry.token(&[Scope::Admin], "acme", Some(end)).await;
    let within = json!({ "scopes": ["publish"], "namespace": "acme", "expires_seconds": 60 });
    assert_eq!(create(&registry, &admin, within).await.status, 201);
    for beyond in [
        json!({ "scopes": ["publish"], "namespace": "acme" }),
        json!({ "scopes": ["publish"], "namespace": "acme", "expires_seconds": 7200 }),
        json!({ "scopes": ["publish"], "namespace": "other", "expires_seconds": 60 }),
        json!({ "scopes": ["publish"], "expires_seconds": 60 }),
    ] {
        assert_eq!(
            create(&registry, &admin, beyond).await.refusal(),
            (403, "forbidden".to_owned())
        );
    }
    let list = registry
        .send(Request::new("GET", paths::TOKENS).token(&admin))
        .await;
    assert_eq!(list.json()["tokens"].as_array().unwrap().len(), 2);
    let first = registry
        .send(Request::new("DELETE", &paths::token(1)).token(&admin))
        .await;
    assert_eq!(first.refusal(), (404, "not-found".to_owned()));
    let other = Publisher::stranger("other").genesis;
    assert_eq!(
        registry
            .post(paths::NAMESPACES, &admin, &other)
            .await
            .refusal()
            .0,
        403
    );
    let own = Publisher::stranger("acme").genesis;
    assert_eq!(
        registry.post(paths::NAMESPACES, &admin, &own).await.status,
        201
    );
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused() {
    let registry = TestRegistry::start().await;
    for request in [
        "",
        "{",
        "{}",
        r#"{"scopes":[]}"#,
        r#"{"scopes":["root"]}"#,
        r#"{"scopes":["read"],"forever":true}"#,
    ] {
        let reply = registry
            .post(paths::TOKENS, &registry.admin, request.as_bytes())
            .await;
        assert_eq!(
            reply.refusal(),
            (400, "bad-request".to_owned()),
            "{request}"
        );
    }
}
