//! Starting over a folder that the last run left in the middle of a publish.
//!
//! Each test makes by hand what is on the disk when the process ends at a step; the ends themselves
//! are tested through the program.

use std::path::Path;

use claw_registry_api::paths;

use crate::crash::CrashPoint;
use crate::limits::Limits;
use crate::setup::{Setup, SetupError, SetupOptions};
use crate::storage::Storage;
use crate::testing::{Publisher, TestRegistry, origin, package};
use crate::verify::verify;

#[tokio::test]
async fn an_upload_that_never_ended_is_gone_and_one_that_was_answered_is_not() {
    let registry = TestRegistry::start().await;
    let packed = package("acme/hello", "1.0.0", "one");
    registry.upload(&registry.admin, &packed.tarball).await;
    let registry = registry
        .restart(|folder| std::fs::write(folder.join("incoming").join("half"), b"half").unwrap())
        .await;
    assert_eq!(
        std::fs::read_dir(registry.folder().join("incoming"))
            .unwrap()
            .count(),
        0
    );
    let size = registry
        .app
        .storage
        .staged_size(&packed.tarball_digest.digest)
        .unwrap();
    assert_eq!(size, Some(packed.tarball.len() as u64));
}

#[tokio::test]
async fn a_link_without_a_commit_is_taken_back_and_the_publish_can_be_repeated() {
    let registry = TestRegistry::start().await;
    let (admin, acme) = (
        registry.admin.clone(),
        Publisher::of(&registry, "acme").await,
    );
    let packed = package("acme/hello", "1.0.0", "one");
    let digest = packed.tarball_digest.digest;
    registry.upload(&admin, &packed.tarball).await;
    let registry = registry
        .restart(|folder| {
            assert!(
                Storage::open(folder)
                    .link_blob(&digest, CrashPoint::default())
                    .unwrap()
            );
        })
        .await;
    assert!(!registry.app.storage.blob_path(&digest).exists());
    assert_eq!(registry.get(&paths::blob(&digest)).await.status, 404);
    assert!(verify(&registry.folder()).await.unwrap().faults.is_empty());
    let reply = registry
        .post(paths::RELEASES, &admin, &acme.release(&packed))
        .await;
    assert_eq!(reply.status, 201);
    assert!(verify(&registry.folder()).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_commit_that_was_not_answered_stands_and_leaves_staging() {
    let registry = TestRegistry::start().await;
    let (admin, acme) = (
        registry.admin.clone(),
        Publisher::of(&registry, "acme").await,
    );
    let packed = package("acme/hello", "1.0.0", "one");
    let digest = packed.tarball_digest.digest;
    assert_eq!(registry.publish(&acme, &packed).await.status, 201);
    let registry = registry
        .restart(|folder| {
            let storage = Storage::open(folder);
            std::fs::hard_link(storage.blob_path(&digest), storage.staged_path(&digest)).unwrap();
        })
        .await;
    assert!(!registry.app.storage.staged_path(&digest).exists());
    assert_eq!(
        registry.get(&paths::blob(&digest)).await.body,
        packed.tarball
    );
    let reply = registry
        .post(paths::RELEASES, &admin, &acme.release(&packed))
        .await;
    assert_eq!(reply.status, 200);
    assert!(verify(&registry.folder()).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_registry_keeps_its_origin_its_releases_and_its_tokens() {
    let registry = TestRegistry::start().await;
    let (admin, acme) = (
        registry.admin.clone(),
        Publisher::of(&registry, "acme").await,
    );
    registry
        .publish(&acme, &package("acme/hello", "1.0.0", "one"))
        .await;
    let index = registry.get("/index/acme/hello").await.body;
    let registry = registry.restart(|_| ()).await;
    assert_eq!(registry.admin, "");
    assert_eq!(registry.get("/index/acme/hello").await.body, index);
    assert_eq!(registry.upload(&admin, b"bytes").await.status, 201);
    assert_eq!(registry.app.origin, origin());
}

fn options(folder: &Path, origin: Option<&str>) -> SetupOptions {
    SetupOptions {
        folder: folder.to_path_buf(),
        origin: origin.map(|origin| origin.parse().unwrap()),
        default_origin: "unused".parse().unwrap(),
        crash: CrashPoint::default(),
        limits: Limits::default(),
    }
}

#[tokio::test]
async fn a_folder_has_one_server() {
    let registry = TestRegistry::start().await;
    let second = Setup::open(options(&registry.folder(), None)).await;
    assert!(matches!(second, Err(SetupError::InUse(_))));
}

#[tokio::test]
async fn an_origin_never_changes() {
    let root = TestRegistry::start().await.stop().await;
    let folder = root.path().join("data");
    let other = Setup::open(options(&folder, Some("elsewhere"))).await;
    assert!(matches!(other, Err(SetupError::OriginDiffers { .. })));
    let same = Setup::open(options(&folder, Some("skills.acme.example")))
        .await
        .unwrap();
    assert!(same.admin.is_none());
}
