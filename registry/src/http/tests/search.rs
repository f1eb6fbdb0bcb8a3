//! Searching and counting, through the socket.

use claw_registry_api::search::{
    IMPORT_BYTES_MAX, OFFSET_MAX, QUERY_BYTES_MAX, QUERY_WORDS_MAX, RESULTS_MAX,
};
use claw_registry_api::{SearchAnswer, paths};
use claw_trust::{Yank, YankAction};

use crate::db::{self, releases, summaries};
use crate::downloads;
use crate::testing::{Publisher, Reply, Request, TestRegistry, origin, package};

/// Asks until the search is prepared, as a client does that is told to come back.
async fn search(registry: &TestRegistry, parameters: &str) -> Reply {
    loop {
        let reply = registry
            .get(&format!("{}?{parameters}", paths::SEARCH))
            .await;
        if reply.status != 503 {
            return reply;
        }
        assert_eq!(reply.refusal(), (503, "unavailable".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
        tokio::task::yield_now().await;
    }
}

async fn answer(registry: &TestRegistry, parameters: &str) -> SearchAnswer {
    let reply = search(registry, parameters).await;
    assert_eq!(
        reply.status,
        200,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    let answer: SearchAnswer = serde_json::from_slice(&reply.body).unwrap();
    // Answered from memory, and the same that the database says.
    let mut reader = registry.app.db.read().await.unwrap();
    for result in &answer.results {
        let found = releases::find(&mut reader, &result.name, &result.version).await;
        let entry = found.unwrap().unwrap().entry;
        let rows = summaries::of_entries(&mut reader, &[entry]).await.unwrap();
        let row = &rows[0];
        assert_eq!(result.description, row.summary.description);
        assert_eq!(result.permissions, row.permissions);
        assert_eq!(result.published, row.published);
    }
    answer
}

/// Names and versions of what is found.
async fn found(registry: &TestRegistry, parameters: &str) -> Vec<String> {
    let answer = answer(registry, parameters).await;
    assert_eq!(answer.total, answer.results.len() as u64);
    let results = answer.results.iter();
    results
        .map(|result| format!("{}@{}", result.name, result.version))
        .collect()
}

#[tokio::test]
async fn what_is_published_is_found_when_the_publish_is_answered_and_a_yank_hides_it() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    assert!(found(&registry, "q=weather").await.is_empty());
    let mut notes = Vec::new();
    for (version, readme) in [
        ("1.0.0", "Thunder"),
        ("1.10.0", "Sunshine"),
        ("1.9.0", "Rain"),
        ("2.0.0-rc.1", "Snow"),
    ] {
        let packed = package("acme/weather", version, readme);
        assert_eq!(registry.publish(&acme, &packed).await.status, 201);
        notes.push(acme.release(&packed));
    }
    let answer = answer(&registry, "q=wether").await;
    assert_eq!((answer.v, answer.total), (1, 1));
    let result = &answer.results[0];
    assert_eq!(result.name.to_string(), "acme/weather");
    assert_eq!(result.version.to_string(), "1.10.0");
    assert_eq!(result.description, "Sunshine");
    let permissions: Vec<_> = result.permissions.iter().map(ToString::to_string).collect();
    assert_eq!(permissions, ["filesystem.read=docs"]);
    assert_eq!(result.downloads, 0);
    let line = &registry.index("acme/weather").await[1];
    assert_eq!(result.published, line.published);
    // Only the newest release is found by its words.
    assert!(found(&registry, "q=thunder").await.is_empty());

    for (sequence, action, expected) in [
        (1, YankAction::Yank, "acme/weather@1.9.0"),
        (2, YankAction::Unyank, "acme/weather@1.10.0"),
        (3, YankAction::Yank, "acme/weather@1.9.0"),
    ] {
        let yank = Yank {
            action,
            registry: origin(),
            package: "acme/weather".parse().unwrap(),
            version: "1.10.0".parse().unwrap(),
            release: claw_package::Digest::of(&notes[1]),
            sequence,
            reason: None,
            keyset: acme.keyset,
        };
        let note = yank.sign(&acme.key);
        let reply = registry.post(paths::EVENTS, &registry.admin, &note).await;
        assert_eq!(reply.status, 201);
        assert_eq!(found(&registry, "q=weather").await, [expected]);
    }

    // And the same after a restart, which reads it all again.
    let registry = registry.restart(|_| {}).await;
    assert_eq!(found(&registry, "q=weather").await, ["acme/weather@1.9.0"]);
    assert_eq!(registry.get("/ready").await.json()["search"], "ready");
}

#[tokio::test]
async fn filters_and_pages_narrow_what_is_found() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    for name in ["acme/a", "acme/b", "acme/c"] {
        registry
            .publish(&acme, &package(name, "1.0.0", "Reads pages"))
            .await;
    }
    let all = ["acme/a@1.0.0", "acme/b@1.0.0", "acme/c@1.0.0"];
    assert_eq!(found(&registry, "").await, all);
    assert_eq!(
        found(&registry, "q=reads+pages&permission=filesystem.read").await,
        all
    );
    assert!(
        found(&registry, "permission=filesystem.write")
            .await
            .is_empty()
    );
    assert!(found(&registry, "import=wasi:http").await.is_empty());
    let page = answer(&registry, "q=pages&offset=1&limit=1").await;
    assert_eq!(page.total, 3);
    assert_eq!(page.results.len(), 1);
    assert_eq!(page.results[0].name.to_string(), "acme/b");
}

#[tokio::test]
async fn what_goes_beyond_a_limit_of_the_search_is_refused() {
    let registry = TestRegistry::start().await;
    let words = |count: usize| {
        let words: Vec<_> = (0..count).map(|n| format!("w{n}")).collect();
        format!("q={}", words.join("+"))
    };
    for (within, beyond) in [
        (
            format!("q={}", "x".repeat(QUERY_BYTES_MAX)),
            format!("q={}", "x".repeat(QUERY_BYTES_MAX + 1)),
        ),
        (words(QUERY_WORDS_MAX), words(QUERY_WORDS_MAX + 1)),
        (
            format!("import={}", "x".repeat(IMPORT_BYTES_MAX)),
            format!("import={}", "x".repeat(IMPORT_BYTES_MAX + 1)),
        ),
        (
            format!("limit={RESULTS_MAX}"),
            format!("limit={}", RESULTS_MAX + 1),
        ),
        ("limit=1".to_owned(), "limit=0".to_owned()),
        (
            format!("offset={OFFSET_MAX}"),
            format!("offset={}", OFFSET_MAX + 1),
        ),
        ("q=x".to_owned(), "query=x".to_owned()),
        (
            "permission=secret".to_owned(),
            "permission=secrets".to_owned(),
        ),
    ] {
        assert_eq!(search(&registry, &within).await.status, 200, "{within}");
        let refused = search(&registry, &beyond).await;
        assert_eq!(
            refused.refusal(),
            (400, "bad-request".to_owned()),
            "{beyond}"
        );
    }
}

#[tokio::test]
async fn whole_tarballs_are_counted_and_nothing_else() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let (one, two) = (
        package("acme/x", "1.0.0", "One"),
        package("acme/x", "1.1.0", "Two"),
    );
    for packed in [&one, &two] {
        registry.publish(&acme, packed).await;
    }
    let (first, second) = (&one.tarball_digest.digest, &two.tarball_digest.digest);
    for _ in 0..3 {
        registry.get(&paths::blob(first)).await;
    }
    registry.get(&paths::blob(second)).await;
    // None of these takes a tarball.
    registry
        .send(Request::new("HEAD", &paths::blob(first)))
        .await;
    let etag = format!("\"sha256-{}\"", first.hex());
    let known = Request::new("GET", &paths::blob(first)).header("If-None-Match", &etag);
    assert_eq!(registry.send(known).await.status, 304);
    let note = registry.index("acme/x").await[0].note;
    registry.get(&paths::blob(&note)).await;
    downloads::flush(&registry.app).await;

    let path = paths::downloads(&"acme/x".parse().unwrap());
    let counted = serde_json::json!({
        "v": 1,
        "name": "acme/x",
        "total": 4,
        "releases": [
            { "version": "1.0.0", "downloads": 3 },
            { "version": "1.1.0", "downloads": 1 },
        ],
    });
    assert_eq!(registry.get(&path).await.json(), counted);
    assert_eq!(answer(&registry, "q=x").await.results[0].downloads, 4);
    assert_eq!(
        registry
            .get(&paths::downloads(&"acme/y".parse().unwrap()))
            .await
            .refusal()
            .0,
        404
    );

    // What was counted and not yet written is written when the server stops.
    registry.get(&paths::blob(second)).await;
    let registry = registry.restart(|_| {}).await;
    assert_eq!(registry.get(&path).await.json()["total"], 5);
    assert_eq!(answer(&registry, "q=x").await.results[0].downloads, 5);
}

#[tokio::test]
async fn a_database_without_words_gets_them_from_its_tarballs() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    registry
        .publish(&acme, &package("acme/weather", "1.0.0", "Thunder"))
        .await;
    registry
        .publish(&acme, &package("acme/x", "1.0.0", "Other"))
        .await;
    // As an earlier version left it, with one tarball gone that no search may wait for.
    let mut tx = registry.app.db.begin_write().await.unwrap();
    sqlx::query("DELETE FROM summaries")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let gone = registry.index("acme/x").await[0].tarball;
    let gone = registry.app.storage.blob_path(&gone);
    let registry = registry
        .restart(|_| std::fs::remove_file(gone).unwrap())
        .await;
    assert_eq!(found(&registry, "q=thunder").await, ["acme/weather@1.0.0"]);
    assert!(found(&registry, "q=other").await.is_empty());
    let mut reader = registry.app.db.read().await.unwrap();
    let missing = db::summaries::missing(&mut reader, 0, 10).await.unwrap();
    assert_eq!(missing.len(), 1);
}
