//! How requests are sent: redirects, repetitions, refusals, and where the token goes.

use claw_package::Digest;
use claw_registry_api::ErrorCode;
use claw_registry_client::{Client, ClientError, ClientOptions, ErrorClass};

use crate::server::{Answer, Server};
use crate::{TOKEN, chain, client};

#[tokio::test]
async fn redirects_within_the_origin_are_followed() {
    let answers = [
        Answer::redirect(307, "/other/place"),
        Answer::redirect(302, "third"),
        Answer::new(200, "note"),
    ];
    let server = Server::start(answers).await;
    assert_eq!(
        client(&server.address)
            .fetch_note(&Digest::of(b"note"))
            .await
            .unwrap(),
        b"note"
    );
    let paths: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        paths[1..],
        ["GET /other/place HTTP/1.1", "GET /other/third HTTP/1.1"]
    );
}

#[tokio::test]
async fn redirects_elsewhere_are_not() {
    let elsewhere = Server::start([Answer::new(200, "note")]).await;
    let by_name = elsewhere.address.replace("127.0.0.1", "localhost");
    for location in [
        elsewhere.address.as_str(),
        by_name.as_str(),
        "https://skills.example/",
        "//skills.example/",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "http://[",
    ] {
        let server = Server::start([Answer::redirect(302, location)]).await;
        let error = client(&server.address)
            .fetch_note(&Digest::of(b"note"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, ClientError::Redirected { .. }),
            "{location}: {error}"
        );
        assert!(error.to_string().contains(location), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let server = Server::start([Answer::redirect(302, "/again")]).await;
    let error = client(&server.address)
        .fetch_note(&Digest::of(b""))
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Redirected { .. }), "{error}");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_changes_something_is_not_sent_elsewhere() {
    let server = Server::start([Answer::redirect(307, "/api/v1/other")]).await;
    let error = client(&server.address)
        .publish(b"note".to_vec())
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Redirected { .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_read_is_repeated_while_the_registry_is_busy() {
    let answers = [
        Answer::new(503, ""),
        Answer::new(429, ""),
        Answer::new(200, "note"),
    ];
    let server = Server::start(answers).await;
    assert_eq!(
        client(&server.address)
            .fetch_note(&Digest::of(b"note"))
            .await
            .unwrap(),
        b"note"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_read_is_repeated_when_its_answer_breaks_off() {
    let broken = Answer::with(200, &[("content-length", "4")], "no");
    let server = Server::start([broken, Answer::new(200, "note")]).await;
    assert_eq!(
        client(&server.address)
            .fetch_note(&Digest::of(b"note"))
            .await
            .unwrap(),
        b"note"
    );
}

#[tokio::test]
async fn repetitions_end() {
    let server = Server::start([Answer::new(503, "")]).await;
    let error = client(&server.address)
        .fetch_note(&Digest::of(b""))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Server { status: 503, .. }),
        "{error}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_upload_is_repeated_and_a_note_is_not() {
    let server = Server::start([Answer::new(503, ""), Answer::new(201, "")]).await;
    client(&server.address)
        .upload_blob(&Digest::of(b"blob"), &b"blob"[..])
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 2);

    let server = Server::start([Answer::new(503, ""), Answer::new(201, "{}")]).await;
    let error = client(&server.address)
        .publish(b"note".to_vec())
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Server { status: 503, .. }),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_error_is_told_by_its_status_alone() {
    for status in [500, 501, 599] {
        let server = Server::start([Answer::endless(status)]).await;
        let error = client(&server.address)
            .fetch_note(&Digest::of(b""))
            .await
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unavailable);
        assert!(
            error
                .to_string()
                .contains(&format!("server error {status}")),
            "{error}"
        );
        assert!(error.to_string().contains(&server.address), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_registrys_words() {
    let body = "{\"errors\":[{\"code\":\"forbidden\",\"detail\":\"not \\u001b[31myours\"}]}";
    let server = Server::start([Answer::new(403, body)]).await;
    let error = client(&server.address)
        .publish(b"note".to_vec())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}/api/v1/releases` refused with 403 forbidden: not [31myours",
            server.address
        )
    );
    assert_eq!(error.class(), ErrorClass::Refused);
}

#[tokio::test]
async fn a_refusal_without_sensible_words_is_still_one() {
    let huge = format!(
        "{{\"errors\":[{{\"code\":\"forbidden\",\"detail\":\"{}\"}}]}}",
        "x".repeat(70_000)
    );
    for answer in [
        Answer::new(403, "<html>"),
        Answer::new(403, "{\"errors\":[]}"),
        Answer::new(403, huge),
        Answer::endless(403),
        Answer::with(403, &[("content-length", "50")], "{"),
    ] {
        let server = Server::start([answer]).await;
        let error = client(&server.address)
            .publish(b"note".to_vec())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                ClientError::Refused {
                    status: 403,
                    code: ErrorCode::Unknown,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_long_refusal_is_shortened() {
    let body = format!(
        "{{\"errors\":[{{\"code\":\"bad-note\",\"detail\":\"{}\"}}]}}",
        "x".repeat(5_000)
    );
    let server = Server::start([Answer::new(400, body)]).await;
    let error = client(&server.address)
        .publish(b"note".to_vec())
        .await
        .unwrap_err();
    assert!(error.to_string().len() < 1_200, "{error}");
}

#[tokio::test]
async fn the_token_goes_to_the_api_and_nowhere_else() {
    let server = Server::start([Answer::new(404, "")]).await;
    let client = client(&server.address);
    let digest = Digest::of(b"");
    chain(&client.fetch_note(&digest).await.unwrap_err());
    assert!(!client.has_blob(&digest).await.unwrap());
    let [read, api] = &server.requests()[..] else {
        panic!("two requests")
    };
    assert!(!read.contains(TOKEN));
    assert!(
        api.contains(&format!("authorization: Bearer {TOKEN}\r\n")),
        "{api}"
    );
}

#[test]
fn the_token_is_in_no_message() {
    for token in ["", "claw secret", "claw\nsecret", "claw-sécret"] {
        let options = ClientOptions {
            token: Some(token.to_owned()),
            ..ClientOptions::default()
        };
        let error = Client::new("http://127.0.0.1:1", options).unwrap_err();
        assert!(matches!(error, ClientError::BadToken { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("cret"), "{error:?}");
    }
    let options = ClientOptions {
        token: Some(TOKEN.to_owned()),
        ..ClientOptions::default()
    };
    assert!(!format!("{options:?}").contains(TOKEN));
    let client = Client::new("http://127.0.0.1:1", options).unwrap();
    assert!(!format!("{client:?}").contains(TOKEN));
}

#[test]
fn a_secure_address_needs_no_leave() {
    let client = Client::new("https://skills.example/claw/", ClientOptions::default()).unwrap();
    assert_eq!(client.address(), "https://skills.example/claw");
}
