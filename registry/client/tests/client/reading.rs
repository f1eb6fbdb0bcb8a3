//! Reads: every size, digest and shape is checked.

use std::time::Duration;

use claw_package::Digest;
use claw_registry_api::{SearchQuery, WellKnown};
use claw_registry_client::{ClientError, ErrorClass, Patience};

use crate::server::{Answer, Server, nobody};
use crate::{chain, client};

fn package() -> claw_package::PackageName {
    "acme/x".parse().unwrap()
}

fn index_line(name: &str) -> String {
    let digest = Digest::of(b"");
    format!(
        "{{\"v\":1,\"name\":\"{name}\",\"version\":\"1.0.0\",\"note\":\"{digest}\",\
         \"tarball\":\"{digest}\",\"size\":1,\"component\":\"{digest}\",\"permissions\":[],\
         \"host\":null,\"published\":\"2026-11-20T10:00:00Z\",\"leaf\":0,\"yanked\":null}}\n"
    )
}

#[tokio::test]
async fn a_registry_says_who_it_is() {
    let document = WellKnown::new("skills.acme.example".parse().unwrap());
    let body = serde_json::to_string(&document).unwrap();
    let server = Server::start([Answer::new(200, &body)]).await;
    assert_eq!(
        client(&server.address).well_known().await.unwrap(),
        document
    );
    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    assert!(
        request.starts_with("GET /.well-known/claw-registry.json HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("user-agent: claw-registry-client/"),
        "{request}"
    );
    assert!(!request.contains("authorization"), "reads need no token");
}

#[tokio::test]
async fn what_is_no_registry_of_ours_is_refused() {
    let later = r#"{"v":2,"origin":"a","index":"/i/","blobs":"/b/","keysets":"/k/","api":"/a/"}"#;
    let server = Server::start([Answer::new(200, "<html>"), Answer::new(200, later)]).await;
    let client = client(&server.address);
    let error = client.well_known().await.unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }), "{error}");
    let error = client.well_known().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unsupported { version: 2, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_index_is_read_or_absent() {
    let answers = [
        Answer::new(200, index_line("acme/x")),
        Answer::new(404, ""),
        Answer::new(
            404,
            r#"{"errors":[{"code":"not-found","detail":"no such package"}]}"#,
        ),
        Answer::new(410, ""),
    ];
    let server = Server::start(answers).await;
    let client = client(&server.address);
    let lines = client.index(&package()).await.unwrap().unwrap();
    assert_eq!(lines[0].version.to_string(), "1.0.0");
    for _ in 0..3 {
        assert_eq!(client.index(&package()).await.unwrap(), None);
    }
    assert!(server.requests()[0].starts_with("GET /index/acme/x HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_index_that_makes_no_sense_is_no_index() {
    let answers = [
        Answer::new(200, "{}\n"),
        Answer::new(200, index_line("evil/x")),
    ];
    let server = Server::start(answers).await;
    let client = client(&server.address);
    let error = client.index(&package()).await.unwrap_err();
    assert!(matches!(error, ClientError::Index { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Verification);
    assert!(
        chain(&error).contains("line 1 of the index is malformed"),
        "{}",
        chain(&error)
    );
    let error = client.index(&package()).await.unwrap_err();
    assert!(
        chain(&error).contains("index of `acme/x`, found `evil/x`"),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::start([Answer::endless(200)]).await;
    let client = client(&server.address);
    let error = client.well_known().await.unwrap_err();
    assert!(
        matches!(error, ClientError::TooLong { limit: 16_384, .. }),
        "{error}"
    );
    let error = client.index(&package()).await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::TooLong {
                limit: 16_777_216,
                ..
            }
        ),
        "{error}"
    );
    let error = client
        .fetch_keyset(package().namespace(), 1)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::TooLong { limit: 65_535, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_registry_that_stands_still_is_given_up() {
    let soon = Duration::from_millis(10);
    let patient = Patience {
        attempts: 1,
        ..Patience::default()
    };
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    for (patience, bytes) in [
        (
            Patience {
                reading: soon,
                ..patient
            },
            "",
        ),
        (
            Patience {
                silence: soon,
                ..patient
            },
            begun,
        ),
        (
            Patience {
                answer: soon,
                ..patient
            },
            begun,
        ),
    ] {
        let server = Server::start([Answer::silent(bytes)]).await;
        let client = client(&server.address).with_patience(patience);
        let error = client.fetch_note(&Digest::of(b"")).await.unwrap_err();
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
        let error = client
            .download(&Digest::of(b""), 9, &mut Vec::new())
            .await
            .unwrap_err();
        assert!(
            chain(&error).contains("deadline has elapsed"),
            "{}",
            chain(&error)
        );
    }
    let server = Server::start([Answer::silent("")]).await;
    let client = client(&server.address).with_patience(Patience {
        writing: soon,
        ..patient
    });
    let error = client.publish(b"note".to_vec()).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_announced_too_long_is_not_read() {
    let answer = Answer::with(200, &[("content-length", "99999999999")], "");
    let server = Server::start([answer]).await;
    let error = client(&server.address).index(&package()).await.unwrap_err();
    assert!(matches!(error, ClientError::TooLong { .. }), "{error}");
}

#[tokio::test]
async fn a_note_is_the_one_of_its_digest() {
    let server = Server::start([Answer::new(200, "note"), Answer::new(200, "nope")]).await;
    let client = client(&server.address);
    let digest = Digest::of(b"note");
    assert_eq!(client.fetch_note(&digest).await.unwrap(), b"note");
    let path = format!("/blobs/sha256/{}", digest.hex());
    assert!(server.requests()[0].starts_with(&format!("GET {path} HTTP/1.1\r\n")));
    assert_eq!(
        client.fetch_note(&digest).await.unwrap_err().to_string(),
        format!(
            "`{}{path}` should be `{digest}`, found `{}`",
            server.address,
            Digest::of(b"nope")
        )
    );
}

#[tokio::test]
async fn a_keyset_is_fetched_as_it_is() {
    let server = Server::start([Answer::new(200, "keyset"), Answer::new(404, "")]).await;
    let client = client(&server.address);
    let acme = package().namespace().clone();
    assert_eq!(client.fetch_keyset(&acme, 1).await.unwrap(), b"keyset");
    assert!(server.requests()[0].starts_with("GET /keysets/acme/1.note HTTP/1.1\r\n"));
    let error = client.fetch_keyset(&acme, 2).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`{}/keysets/acme/2.note` does not exist", server.address)
    );
    assert_eq!(error.class(), ErrorClass::NotFound);
}

#[tokio::test]
async fn a_download_has_the_promised_digest_and_length() {
    let server = Server::start([Answer::new(200, "package"), Answer::unmeasured("package")]).await;
    let client = client(&server.address);
    for _ in 0..2 {
        let mut written = Vec::new();
        client
            .download(&Digest::of(b"package"), 7, &mut written)
            .await
            .unwrap();
        assert_eq!(written, b"package");
    }
}

/// What a download of `package` says when the registry answers this.
async fn failed_download(answer: Answer) -> ClientError {
    let server = Server::start([answer]).await;
    let digest = Digest::of(b"package");
    let error = client(&server.address)
        .download(&digest, 7, &mut Vec::new())
        .await
        .unwrap_err();
    assert!(chain(&error).contains(&server.address), "{}", chain(&error));
    error
}

#[tokio::test]
async fn a_download_of_anything_else_is_refused() {
    let error = failed_download(Answer::new(200, "Package")).await;
    assert!(
        matches!(error, ClientError::DigestMismatch { .. }),
        "{error}"
    );
    for (answer, length) in [
        (Answer::new(200, "packages"), Some(8)),
        (Answer::new(200, "pack"), Some(4)),
        (Answer::new(200, ""), Some(0)),
        (Answer::unmeasured("pack"), Some(4)),
        (Answer::unmeasured("packages"), None),
        (Answer::endless(200), None),
    ] {
        let error = failed_download(answer).await;
        assert!(
            matches!(error, ClientError::LengthMismatch { expected: 7, actual, .. } if actual == length),
            "{error}"
        );
        assert_eq!(error.class(), ErrorClass::Verification);
    }
}

#[tokio::test]
async fn a_download_that_breaks_off_is_no_ones_fault_but_the_lines() {
    let error = failed_download(Answer::with(200, &[("content-length", "7")], "pack")).await;
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Unavailable);
}

/// An answer that ends before its length.
fn broken(status: u16, range: &str, body: &str) -> Answer {
    let length = (7 - range.parse::<usize>().unwrap_or(0)).to_string();
    let range = format!("bytes {range}-6/7");
    let headers = [("content-length", &*length), ("content-range", &*range)];
    Answer::with(status, &headers, body)
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let whole = Answer::with(200, &[("content-length", "7")], "pa");
    let answers = [whole, broken(206, "2", "ck"), broken(206, "4", "age")];
    let server = Server::start(answers).await;
    let mut written = Vec::new();
    client(&server.address)
        .download(&Digest::of(b"package"), 7, &mut written)
        .await
        .unwrap();
    assert_eq!(written, b"package");
    let [first, second, third] = &server.requests()[..] else {
        panic!("three requests")
    };
    assert!(!first.contains("range"), "{first}");
    assert!(second.contains("range: bytes=2-\r\n"), "{second}");
    assert!(third.contains("range: bytes=4-\r\n"), "{third}");
}

#[tokio::test]
async fn a_registry_that_knows_no_parts_is_read_again() {
    let broken = Answer::with(200, &[("content-length", "7")], "pack");
    let server = Server::start([broken, Answer::new(200, "package")]).await;
    let mut written = Vec::new();
    client(&server.address)
        .download(&Digest::of(b"package"), 7, &mut written)
        .await
        .unwrap();
    assert_eq!(written, b"package");
}

#[tokio::test]
async fn parts_that_do_not_fit_are_refused() {
    let begun = Answer::with(200, &[("content-length", "7")], "pa");
    for (answer, is_part) in [
        (broken(206, "3", "kage"), true),
        (Answer::with(206, &[("content-length", "5")], "ckage"), true),
        (broken(206, "2", "CKAGE"), false),
    ] {
        let server = Server::start([begun.clone(), answer]).await;
        let error = client(&server.address)
            .download(&Digest::of(b"package"), 7, &mut Vec::new())
            .await
            .unwrap_err();
        let fits = match &error {
            ClientError::WrongPart { .. } => is_part,
            ClientError::DigestMismatch { .. } => !is_part,
            _ => false,
        };
        assert!(fits, "{error}");
        assert_eq!(error.class(), ErrorClass::Verification);
    }
}

#[tokio::test]
async fn a_download_that_does_not_exist_writes_nothing() {
    let error = failed_download(Answer::new(404, "not here")).await;
    assert!(matches!(error, ClientError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_told_from_a_bad_registry() {
    let server = Server::start([Answer::new(200, "package")]).await;
    let mut disk = [0; 3];
    let mut disk = std::io::Cursor::new(&mut disk[..]);
    let error = client(&server.address)
        .download(&Digest::of(b"package"), 7, &mut disk)
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Local);
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_named() {
    let address = nobody().await;
    let error = client(&address).well_known().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!("could not reach `{address}/.well-known/claw-registry.json`")
    );
    assert!(
        chain(&error).to_lowercase().contains("refused"),
        "{}",
        chain(&error)
    );
}

#[tokio::test]
async fn a_search_escapes_what_it_asks_for_and_cleans_what_it_is_told() {
    let found = r#"{"v":1,"total":1,"results":[{"name":"acme/x","version":"1.0.0","description":"a\u001b[2J","permissions":[],"downloads":3,"published":"2026-11-20T10:00:00Z"}]}"#;
    let later = r#"{"v":2,"total":0,"results":[]}"#;
    let server = Server::start([
        Answer::new(200, found),
        Answer::new(200, later),
        Answer::new(200, "[]"),
    ])
    .await;
    let client = client(&server.address);
    let query = SearchQuery {
        q: "read & write?".to_owned(),
        import: Some("wasi:http/types@0.2.6".to_owned()),
        ..SearchQuery::default()
    };
    let answer = client.search(&query).await.unwrap();
    assert_eq!(answer.results[0].description, "a[2J");
    let request = &server.requests()[0];
    let line = "GET /api/v1/search?q=read+%26+write%3F&import=wasi%3Ahttp%2Ftypes%400.2.6 HTTP/1.1";
    assert!(request.starts_with(line), "{request}");
    let error = client.search(&query).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unsupported { version: 2, .. }),
        "{error}"
    );
    let error = client.search(&query).await.unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }), "{error}");
}
