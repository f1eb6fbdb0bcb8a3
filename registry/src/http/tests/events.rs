//! Yanks and unyanks.

use claw_registry_api::{Scope, paths};
use claw_trust::{Keyset, VerifiedRelease, Yank, YankAction};

use crate::testing::{Publisher, Reply, TestRegistry, package};

struct Published {
    registry: TestRegistry,
    acme: Publisher,
    release: VerifiedRelease,
}

impl Published {
    async fn new() -> Self {
        let registry = TestRegistry::start().await;
        let acme = Publisher::of(&registry, "acme").await;
        let packed = package("acme/hello", "1.0.0", "one");
        assert_eq!(registry.publish(&acme, &packed).await.status, 201);
        let keyset = Keyset::verify(&acme.genesis).unwrap();
        let release = VerifiedRelease::verify(&acme.release(&packed), &keyset).unwrap();
        Self {
            registry,
            acme,
            release,
        }
    }

    fn note(&self, action: YankAction, sequence: u64, reason: &str) -> Vec<u8> {
        let reason = Some(reason.parse().unwrap());
        Yank::of(action, &self.release, sequence, reason).sign(&self.acme.key)
    }

    async fn send(&self, note: &[u8]) -> Reply {
        self.registry
            .post(paths::EVENTS, &self.registry.admin, note)
            .await
    }
}

#[tokio::test]
async fn a_yank_shows_in_the_index_and_is_taken_back() {
    let published = Published::new().await;
    let yank = published.note(YankAction::Yank, 1, "it is wrong");
    let reply = published.send(&yank).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.json()["event"]["yanked"], true);
    assert_eq!(reply.json()["event"]["leaf"], 2);
    let line = published.registry.index("acme/hello").await.remove(0);
    let note = published
        .registry
        .get(&paths::blob(&line.yanked.unwrap()))
        .await;
    assert_eq!(note.body, yank);
    assert_eq!(
        published
            .registry
            .get(&paths::blob(&line.tarball))
            .await
            .status,
        200
    );
    let reply = published
        .send(&published.note(YankAction::Unyank, 2, "it was right"))
        .await;
    assert_eq!(
        (reply.status, reply.json()["event"]["yanked"].clone()),
        (201, false.into())
    );
    assert_eq!(published.registry.index("acme/hello").await[0].yanked, None);
}

#[tokio::test]
async fn the_same_yank_again_changes_nothing_even_after_it_was_taken_back() {
    let published = Published::new().await;
    let yank = published.note(YankAction::Yank, 1, "it is wrong");
    let first = published.send(&yank).await;
    let again = published.send(&yank).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body, again.body);
    published
        .send(&published.note(YankAction::Unyank, 2, "it was right"))
        .await;
    let replayed = published.send(&yank).await;
    assert_eq!(
        (replayed.status, replayed.json()["event"]["yanked"].clone()),
        (200, false.into())
    );
    assert_eq!(published.registry.index("acme/hello").await[0].yanked, None);
}

#[tokio::test]
async fn only_the_next_of_a_release_is_accepted() {
    let published = Published::new().await;
    let reply = published
        .send(&published.note(YankAction::Yank, 2, "too early"))
        .await;
    assert_eq!(reply.refusal(), (409, "out-of-sequence".to_owned()));
    assert!(
        reply.detail().contains("has the sequence 1"),
        "{}",
        reply.detail()
    );
    published
        .send(&published.note(YankAction::Yank, 1, "it is wrong"))
        .await;
    let reply = published
        .send(&published.note(YankAction::Unyank, 1, "too late"))
        .await;
    assert_eq!(reply.refusal(), (409, "out-of-sequence".to_owned()));
}

#[tokio::test]
async fn a_yank_needs_the_key_the_scope_and_the_very_release() {
    let published = Published::new().await;
    let stranger = Publisher::stranger("acme");
    let forged = Yank::of(YankAction::Yank, &published.release, 1, None).sign(&stranger.key);
    assert_eq!(
        published.send(&forged).await.refusal(),
        (400, "bad-signature".to_owned())
    );
    let yank = published.note(YankAction::Yank, 1, "it is wrong");
    let token = published
        .registry
        .token(&[Scope::Publish], "acme", None)
        .await;
    let reply = published.registry.post(paths::EVENTS, &token, &yank).await;
    assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    let said = Yank::of(YankAction::Yank, &published.release, 1, None);
    let other = Yank {
        release: claw_package::Digest::of(b"other"),
        ..said.clone()
    };
    let reply = published.send(&other.sign(&published.acme.key)).await;
    assert_eq!(reply.refusal(), (400, "bad-note".to_owned()));
    let missing = Yank {
        version: "9.0.0".parse().unwrap(),
        ..said
    };
    let reply = published.send(&missing.sign(&published.acme.key)).await;
    assert_eq!(reply.refusal(), (404, "not-found".to_owned()));
    let token = published.registry.token(&[Scope::Yank], "acme", None).await;
    assert_eq!(
        published
            .registry
            .post(paths::EVENTS, &token, &yank)
            .await
            .status,
        201
    );
}
