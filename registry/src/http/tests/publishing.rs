//! Publishing: what is accepted once, what is accepted again, and what is not.

use claw_registry_api::{ReleaseAnswer, Scope, paths};
use claw_trust::{Release, SignedNote};

use crate::testing::{Publisher, TestRegistry, origin, package};

#[tokio::test]
async fn a_release_is_served_from_the_moment_it_is_answered() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let reply = registry.publish(&acme, &packed).await;
    assert_eq!(reply.status, 201);
    let answer: ReleaseAnswer = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer.release.leaf, 1);
    let lines = registry.index("acme/hello").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].note, answer.release.note);
    assert_eq!(lines[0].host, Some("^0.1".parse().unwrap()));
    let tarball = registry.get(&paths::blob(&answer.release.tarball)).await;
    assert_eq!(tarball.body, packed.tarball);
    let note = registry.get(&paths::blob(&answer.release.note)).await;
    assert_eq!(note.body, acme.release(&packed));
    let keyset = registry
        .get(&paths::keyset(&"acme".parse().unwrap(), 1))
        .await;
    assert_eq!(keyset.body, acme.genesis);
    // Spellings that people may type are no second address of the same file.
    assert_eq!(registry.get("/index/@acme/hello").await.status, 404);
}

#[tokio::test]
async fn the_same_release_again_changes_nothing() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let first = registry.publish(&acme, &packed).await;
    let index = registry.get("/index/acme/hello").await.body;
    let again = registry.publish(&acme, &packed).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(again.body, first.body);
    assert_eq!(registry.get("/index/acme/hello").await.body, index);
}

#[tokio::test]
async fn the_same_text_with_another_signature_beside_it_is_the_same_release() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let first = registry.publish(&acme, &packed).await;
    let note = String::from_utf8(acme.release(&packed)).unwrap();
    let other = Publisher::stranger("other").release(&packed);
    let line = SignedNote::parse(&other).unwrap().signatures()[0].to_string();
    let again = registry
        .post(
            paths::RELEASES,
            &registry.admin,
            format!("{note}{line}\n").as_bytes(),
        )
        .await;
    assert_eq!((again.status, &again.body), (200, &first.body));
}

#[tokio::test]
async fn a_version_is_never_published_with_other_bytes() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let (one, two) = (
        package("acme/hello", "1.0.0", "one"),
        package("acme/hello", "1.0.0", "two"),
    );
    registry.publish(&acme, &one).await;
    let reply = registry.publish(&acme, &two).await;
    assert_eq!(reply.refusal(), (409, "release-exists".to_owned()));
    for packed in [&one, &two] {
        assert!(
            reply
                .detail()
                .contains(&packed.tarball_digest.digest.to_string())
        );
    }
    assert_eq!(
        registry
            .get(&paths::blob(&two.tarball_digest.digest))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn of_64_publishes_at_once_exactly_one_is_new() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = [
        package("acme/hello", "1.0.0", "one"),
        package("acme/hello", "1.0.0", "two"),
    ];
    let requests = (0..64).map(|number| registry.publish(&acme, &packed[number % 2]));
    let replies = futures_util::future::join_all(requests).await;
    let count = |status| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    assert_eq!((count(201), count(200), count(409)), (1, 31, 32));
    assert_eq!(registry.index("acme/hello").await.len(), 1);
    let mut reader = registry.app.db.read().await.unwrap();
    assert_eq!(crate::db::entries::count(&mut reader).await.unwrap(), 2);
}

#[tokio::test]
async fn entries_are_numbered_without_gaps_in_the_order_of_acceptance() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    for (version, leaf) in [("1.0.0", 1), ("1.10.0", 2), ("1.9.0", 3)] {
        let reply = registry
            .publish(&acme, &package("acme/hello", version, "one"))
            .await;
        assert_eq!(reply.json()["release"]["leaf"], leaf);
    }
    let versions: Vec<_> = registry
        .index("acme/hello")
        .await
        .iter()
        .map(|line| line.version.to_string())
        .collect();
    assert_eq!(versions, ["1.0.0", "1.10.0", "1.9.0"]);
}

#[tokio::test]
async fn a_token_without_the_key_is_not_enough() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.upload(&registry.admin, &packed.tarball).await;
    let stranger = Publisher::stranger("acme");
    let under_ours = Release::of(&packed, origin(), acme.keyset, None).sign(&stranger.key);
    let reply = registry
        .post(paths::RELEASES, &registry.admin, &under_ours)
        .await;
    assert_eq!(reply.refusal(), (400, "bad-signature".to_owned()));
    let under_theirs = stranger.release(&packed);
    let reply = registry
        .post(paths::RELEASES, &registry.admin, &under_theirs)
        .await;
    assert_eq!(reply.refusal(), (409, "keyset-changed".to_owned()));
    assert_eq!(registry.get("/index/acme/hello").await.status, 404);
}

#[tokio::test]
async fn another_namespaces_key_is_refused() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let other = Publisher::of(&registry, "other").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.upload(&registry.admin, &packed.tarball).await;
    for keyset in [acme.keyset, other.keyset] {
        let note = Release::of(&packed, origin(), keyset, None).sign(&other.key);
        let reply = registry.post(paths::RELEASES, &registry.admin, &note).await;
        assert!(reply.status == 400 || reply.status == 409, "{reply:?}");
    }
    assert_eq!(registry.get("/index/acme/hello").await.status, 404);
}

#[tokio::test]
async fn the_key_without_a_token_for_the_namespace_is_not_enough() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.upload(&registry.admin, &packed.tarball).await;
    let note = acme.release(&packed);
    for (scope, namespace) in [
        (Scope::Publish, "other"),
        (Scope::Yank, "acme"),
        (Scope::Read, "*"),
    ] {
        let token = registry.token(&[scope], namespace, None).await;
        let reply = registry.post(paths::RELEASES, &token, &note).await;
        assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    }
    let token = registry.token(&[Scope::Publish], "acme", None).await;
    assert_eq!(
        registry.post(paths::RELEASES, &token, &note).await.status,
        201
    );
}

#[tokio::test]
async fn a_note_for_elsewhere_or_of_nobody_or_of_nothing_is_refused() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let post = async |note: Vec<u8>| {
        registry
            .post(paths::RELEASES, &registry.admin, &note)
            .await
            .refusal()
    };
    let elsewhere =
        Release::of(&packed, "elsewhere".parse().unwrap(), acme.keyset, None).sign(&acme.key);
    assert_eq!(post(elsewhere).await, (400, "wrong-registry".to_owned()));
    let nobody = Publisher::stranger("nobody").release(&package("nobody/x", "1.0.0", "one"));
    assert_eq!(post(nobody).await, (404, "unknown-namespace".to_owned()));
    assert_eq!(
        post(acme.release(&packed)).await,
        (409, "blob-missing".to_owned())
    );
    assert_eq!(
        post(b"nothing".to_vec()).await,
        (400, "bad-note".to_owned())
    );
    assert_eq!(
        post(acme.genesis.clone()).await,
        (400, "bad-note".to_owned())
    );
}

#[tokio::test]
async fn a_note_that_says_anything_else_than_the_bytes_is_refused() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let (packed, other) = (
        package("acme/hello", "1.0.0", "one"),
        package("acme/hello", "2.0.0", "two"),
    );
    registry.upload(&registry.admin, &packed.tarball).await;
    let said = Release::of(&packed, origin(), acme.keyset, None);
    let mut size = said.tarball;
    size.size += 1;
    let lies = [
        (
            "version",
            Release {
                version: other.skill.manifest.version.clone(),
                ..said.clone()
            },
        ),
        (
            "package",
            Release {
                package: "acme/other".parse().unwrap(),
                ..said.clone()
            },
        ),
        (
            "tarball",
            Release {
                tarball: size,
                ..said.clone()
            },
        ),
        (
            "content",
            Release {
                content: other.content,
                ..said.clone()
            },
        ),
        (
            "component",
            Release {
                component: other.manifest,
                ..said.clone()
            },
        ),
        (
            "manifest",
            Release {
                manifest: other.manifest,
                ..said.clone()
            },
        ),
        (
            "permissions",
            Release {
                permissions: other.content.digest,
                ..said.clone()
            },
        ),
    ];
    for (field, lie) in lies {
        let reply = registry
            .post(paths::RELEASES, &registry.admin, &lie.sign(&acme.key))
            .await;
        assert_eq!(
            reply.refusal(),
            (400, "package-mismatch".to_owned()),
            "{field}"
        );
        assert!(
            reply.detail().contains(&format!("the {field} of")),
            "{}",
            reply.detail()
        );
    }
    assert_eq!(registry.publish(&acme, &packed).await.status, 201);
}

#[tokio::test]
async fn bytes_that_are_no_package_are_refused() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let packed = package("acme/hello", "1.0.0", "one");
    let bytes = b"no package";
    registry.upload(&registry.admin, bytes).await;
    let tarball = claw_package::Measured {
        digest: claw_package::Digest::of(bytes),
        size: 10,
    };
    let said = Release {
        tarball,
        ..Release::of(&packed, origin(), acme.keyset, None)
    };
    let reply = registry
        .post(paths::RELEASES, &registry.admin, &said.sign(&acme.key))
        .await;
    assert_eq!(reply.refusal(), (400, "bad-package".to_owned()));
    // Nobody can publish it, so it does not wait for anybody.
    let staged = registry.app.storage.staged_path(&tarball.digest);
    assert!(!staged.exists());
}

#[tokio::test]
async fn a_private_package_is_refused_before_anything_is_looked_at() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let note = acme.release(&package("acme/hello", "1.0.0", "one"));
    let private = format!("{}?visibility=private", paths::RELEASES);
    let reply = registry.post(&private, &registry.admin, &note).await;
    assert_eq!(
        reply.refusal(),
        (400, "visibility-not-supported".to_owned())
    );
    for nonsense in ["?visibility=secret", "?visible=public"] {
        let reply = registry
            .post(
                &format!("{}{nonsense}", paths::RELEASES),
                &registry.admin,
                &note,
            )
            .await;
        assert_eq!(reply.refusal(), (400, "bad-request".to_owned()));
    }
}

#[tokio::test]
async fn a_namespace_is_made_once_from_a_key_that_proves_itself() {
    let registry = TestRegistry::start().await;
    let (alice, mallory) = (Publisher::stranger("acme"), Publisher::stranger("acme"));
    let post = async |note: &[u8]| {
        registry
            .post(paths::NAMESPACES, &registry.admin, note)
            .await
    };
    let first = post(&alice.genesis).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["namespace"]["name"], "acme");
    let again = post(&alice.genesis).await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(
        post(&mallory.genesis).await.refusal(),
        (409, "namespace-exists".to_owned())
    );
    let mut forged = Publisher::stranger("other").genesis;
    let last = forged.len() - 8;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    assert_eq!(
        post(&forged).await.refusal(),
        (400, "bad-signature".to_owned())
    );
}
