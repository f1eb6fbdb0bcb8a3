//! Writes: the right request, and the answer told truly.

use claw_package::Digest;
use claw_registry_api::{NamespacePattern, Scope, TokenRequest};
use claw_registry_client::{ClientError, Standing};

use crate::client;
use crate::server::{Answer, Server};

fn release_answer() -> String {
    let digest = Digest::of(b"");
    format!(
        "{{\"release\":{{\"package\":\"acme/x\",\"version\":\"1.0.0\",\"note\":\"{digest}\",\
         \"tarball\":\"{digest}\",\"leaf\":7}}}}"
    )
}

#[tokio::test]
async fn a_blob_is_uploaded_under_its_digest() {
    let server = Server::start([Answer::new(201, "")]).await;
    let digest = Digest::of(b"tarball");
    client(&server.address)
        .upload_blob(&digest, &b"tarball"[..])
        .await
        .unwrap();
    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    assert!(
        request.starts_with(&format!("PUT /api/v1/blobs/{digest} HTTP/1.1\r\n")),
        "{request}"
    );
    assert!(request.contains("content-length: 7\r\n"), "{request}");
    assert!(
        request.contains("content-type: application/octet-stream\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\ntarball"), "{request}");
}

#[tokio::test]
async fn a_blob_that_is_there_is_found() {
    let there = Answer::with(200, &[("content-length", "7")], "");
    let server = Server::start([there, Answer::new(404, "")]).await;
    let (client, digest) = (client(&server.address), Digest::of(b"tarball"));
    assert!(client.has_blob(&digest).await.unwrap());
    assert!(!client.has_blob(&digest).await.unwrap());
    assert!(server.requests()[0].starts_with(&format!("HEAD /api/v1/blobs/{digest} HTTP/1.1\r\n")));
}

#[tokio::test]
async fn a_new_release_is_told_from_one_that_stood() {
    let answers = [
        Answer::new(201, release_answer()),
        Answer::new(200, release_answer()),
    ];
    let server = Server::start(answers).await;
    let client = client(&server.address);
    for standing in [Standing::Created, Standing::Existing] {
        let accepted = client.publish(b"note".to_vec()).await.unwrap();
        assert_eq!(accepted.standing, standing);
        assert_eq!(accepted.answer.release.leaf, 7);
    }
    let request = &server.requests()[0];
    assert!(
        request.starts_with("POST /api/v1/releases HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("content-type: text/x-claw-note; charset=utf-8\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\nnote"), "{request}");
}

#[tokio::test]
async fn a_note_that_nobody_looked_at_is_sent_again() {
    let answers = [Answer::new(429, ""), Answer::new(201, release_answer())];
    let server = Server::start(answers).await;
    let accepted = client(&server.address).publish(b"note".to_vec()).await;
    assert_eq!(accepted.unwrap().standing, Standing::Created);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_accepted_note_without_a_sensible_answer_is_an_error() {
    let server = Server::start([Answer::new(201, "{}")]).await;
    let error = client(&server.address)
        .publish(b"note".to_vec())
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn events_and_namespaces_have_paths_of_their_own() {
    let digest = Digest::of(b"");
    let event = format!(
        "{{\"event\":{{\"package\":\"acme/x\",\"version\":\"1.0.0\",\"note\":\"{digest}\",\
         \"yanked\":true,\"leaf\":8}}}}"
    );
    let namespace = format!(
        "{{\"namespace\":{{\"name\":\"acme\",\"sequence\":1,\"keyset\":\"{digest}\",\"leaf\":0}}}}"
    );
    let server = Server::start([Answer::new(201, event), Answer::new(200, namespace)]).await;
    let client = client(&server.address);
    assert!(
        client
            .event(b"yank".to_vec())
            .await
            .unwrap()
            .answer
            .event
            .yanked
    );
    let accepted = client.create_namespace(b"keyset".to_vec()).await.unwrap();
    assert_eq!(accepted.standing, Standing::Existing);
    assert_eq!(accepted.answer.namespace.name.to_string(), "acme");
    let [first, second] = &server.requests()[..] else {
        panic!("two requests")
    };
    assert!(
        first.starts_with("POST /api/v1/events ") && first.ends_with("yank"),
        "{first}"
    );
    assert!(
        second.starts_with("POST /api/v1/namespaces ") && second.ends_with("keyset"),
        "{second}"
    );
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let entry = "{\"id\":3,\"scopes\":[\"publish\",\"yank\"],\"namespace\":\"acme\",\
        \"created\":\"2026-11-20T10:00:00Z\",\"expires\":null,\"revoked\":null}";
    let made = format!("{{\"token\":{entry},\"secret\":\"claw_publish_abc\"}}");
    let list = format!("{{\"tokens\":[{entry}]}}");
    let answers = [
        Answer::new(201, made),
        Answer::new(200, list),
        Answer::new(204, ""),
    ];
    let server = Server::start(answers).await;
    let client = client(&server.address);
    let request = TokenRequest {
        scopes: vec![Scope::Publish, Scope::Yank],
        namespace: NamespacePattern::One("acme".parse().unwrap()),
        expires_seconds: Some(60),
    };
    let made = client.create_token(&request).await.unwrap();
    assert_eq!((made.token.id, &*made.secret), (3, "claw_publish_abc"));
    assert_eq!(client.list_tokens().await.unwrap(), [made.token]);
    client.revoke_token(3).await.unwrap();
    let [create, list, revoke] = &server.requests()[..] else {
        panic!("three requests")
    };
    assert!(
        create
            .ends_with(r#"{"scopes":["publish","yank"],"namespace":"acme","expires_seconds":60}"#)
    );
    assert!(
        list.starts_with("GET /api/v1/tokens HTTP/1.1\r\n"),
        "{list}"
    );
    assert!(
        revoke.starts_with("DELETE /api/v1/tokens/3 HTTP/1.1\r\n"),
        "{revoke}"
    );
}
