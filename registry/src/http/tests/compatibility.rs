//! What a version promises callers, held against the release before it.

use claw_package::Packed;
use claw_registry_api::paths;
use claw_trust::{Keyset, VerifiedRelease, Yank, YankAction};

use crate::testing::{Publisher, TestRegistry, package_of};

const PERMISSION: &str = "filesystem.read=docs";

/// A package whose actions have these names.
fn with_actions(version: &str, actions: &[&str], permissions: &[&str]) -> Packed {
    let exports: String = actions
        .iter()
        .map(|action| format!(r#"(export "{action}" (func $f))"#))
        .collect();
    let component = format!(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $m (instantiate $m))
            (func $f (canon lift (core func $m "f")))
            (instance $things {exports})
            (export "acme:test/things@0.1.0" (instance $things)))"#
    );
    package_of("acme/hello", version, "text", permissions, &component)
}

#[tokio::test]
async fn a_removed_action_needs_a_major_version_and_the_answer_says_so() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let both = with_actions("1.0.0", &["run", "stop"], &[]);
    assert_eq!(registry.publish(&acme, &both).await.status, 201);
    for version in ["1.0.1", "1.1.0", "1.1.0-rc.1"] {
        let reply = registry
            .publish(&acme, &with_actions(version, &["run"], &[]))
            .await;
        assert_eq!(reply.refusal(), (409, "incompatible-release".to_owned()));
        let detail = reply.detail();
        for part in ["`things.stop` is gone", "1.0.0", "2.0.0"] {
            assert!(detail.contains(part), "{version}: {detail}");
        }
    }
    assert_eq!(registry.index("acme/hello").await.len(), 1);
    for version in ["2.0.0-rc.1", "2.0.0"] {
        let next = with_actions(version, &["run"], &[]);
        assert_eq!(
            registry.publish(&acme, &next).await.status,
            201,
            "{version}"
        );
    }
    // The line that goes on beside it is held against itself.
    let patch = with_actions("1.0.1", &["run", "stop"], &[]);
    assert_eq!(registry.publish(&acme, &patch).await.status, 201);
    let again = registry.publish(&acme, &both).await;
    assert_eq!(again.status, 200, "what stands is not judged again");
}

#[tokio::test]
async fn a_grown_permission_needs_a_minor_version() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let none = with_actions("0.1.0", &["run"], &[]);
    assert_eq!(registry.publish(&acme, &none).await.status, 201);
    let reply = registry
        .publish(&acme, &with_actions("0.1.1", &["run"], &[PERMISSION]))
        .await;
    assert_eq!(reply.refusal(), (409, "incompatible-release".to_owned()));
    let detail = reply.detail();
    assert!(
        detail.contains(PERMISSION) && detail.contains("0.2.0"),
        "{detail}"
    );
    for (version, permissions) in [("0.2.0", &[PERMISSION][..]), ("0.2.1", &[])] {
        let next = with_actions(version, &["run"], permissions);
        assert_eq!(
            registry.publish(&acme, &next).await.status,
            201,
            "{version}"
        );
    }
}

#[tokio::test]
async fn a_yanked_release_and_a_prerelease_bind_nobody() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let first = with_actions("1.0.0", &["run"], &[]);
    let wrong = with_actions("1.1.0", &["run", "stop"], &[]);
    let candidate = with_actions("1.2.0-rc.1", &["run", "stop", "pause"], &[]);
    for packed in [&first, &wrong, &candidate] {
        assert_eq!(registry.publish(&acme, packed).await.status, 201);
    }
    let next = with_actions("1.2.0", &["run"], &[]);
    let reply = registry.publish(&acme, &next).await;
    let detail = reply.detail();
    assert!(detail.contains("`things.stop` is gone"), "{detail}");
    assert!(!detail.contains("pause"), "{detail}");
    let keyset = Keyset::verify(&acme.genesis).unwrap();
    let release = VerifiedRelease::verify(&acme.release(&wrong), &keyset).unwrap();
    let yank = Yank::of(YankAction::Yank, &release, 1, None).sign(&acme.key);
    let yanked = registry.post(paths::EVENTS, &registry.admin, &yank).await;
    assert_eq!(yanked.status, 201);
    assert_eq!(registry.publish(&acme, &next).await.status, 201);
}

#[tokio::test]
async fn a_damaged_release_before_it_is_a_fault_of_the_registry_and_nothing_is_published() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    let first = with_actions("1.0.0", &["run"], &[]);
    assert_eq!(registry.publish(&acme, &first).await.status, 201);
    let blob = registry.app.storage.blob_path(&first.tarball_digest.digest);
    std::fs::write(blob, b"nothing").unwrap();
    let reply = registry
        .publish(&acme, &with_actions("1.1.0", &["run", "stop"], &[]))
        .await;
    assert_eq!(reply.refusal(), (500, "internal".to_owned()));
    assert_eq!(registry.index("acme/hello").await.len(), 1);
}
