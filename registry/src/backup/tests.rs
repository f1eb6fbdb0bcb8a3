//! Backups and restores of real folders, taken whole, twice, half-way, and over what must not be overwritten.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use claw_registry_api::paths;

use super::*;
use crate::limits::Limits;
use crate::testing::{Publisher, TestRegistry, package};
use crate::verify::verify;

async fn assert_sound(folder: &Path) {
    let faults = verify(folder).await.unwrap().faults;
    assert!(faults.is_empty(), "{faults:?}");
}

/// A registry with one release.
async fn small() -> (TestRegistry, Publisher) {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    registry
        .publish(&acme, &package("acme/x", "1.0.0", "One"))
        .await;
    (registry, acme)
}

#[tokio::test]
async fn a_backup_taken_during_publishes_is_whole_and_serves_the_same_bytes() {
    let (registry, acme) = small().await;
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("backup");
    let publishes = async {
        for number in 1..20 {
            let packed = package("acme/x", &format!("1.{number}.0"), "More");
            assert_eq!(registry.publish(&acme, &packed).await.status, 201);
        }
    };
    let backups = async {
        let mut last = 0;
        for _ in 0..5 {
            let copied = backup(&registry.folder(), &to).await.unwrap();
            assert!(copied.entries >= last, "{copied:?}");
            assert_eq!(copied.entries, copied.tarballs + 1, "{copied:?}");
            last = copied.entries;
            assert_sound(&to).await;
        }
    };
    tokio::join!(publishes, backups);

    let copied = backup(&registry.folder(), &to).await.unwrap();
    assert_eq!((copied.entries, copied.tarballs), (21, 20));
    let again = backup(&registry.folder(), &to).await.unwrap();
    assert_eq!(again, Copied { new: 0, ..copied });

    let elsewhere = tempfile::tempdir().unwrap();
    let restored = restore(&to, &elsewhere.path().join("data")).await.unwrap();
    assert_eq!(restored, Copied { new: 20, ..copied });
    assert_sound(&elsewhere.path().join("data")).await;
    let restored = TestRegistry::over(elsewhere, Limits::default(), None).await;
    assert!(restored.admin.is_empty(), "it is no new registry");
    let index = paths::index(&"acme/x".parse().unwrap());
    assert_eq!(
        restored.get(&index).await.body,
        registry.get(&index).await.body
    );
    for line in registry.index("acme/x").await {
        for digest in [line.tarball, line.note] {
            let path = paths::blob(&digest);
            assert_eq!(
                restored.get(&path).await.body,
                registry.get(&path).await.body
            );
        }
    }
    assert_eq!(restored.app.origin, registry.app.origin);
    // Its tokens count on.
    let packed = package("acme/x", "2.0.0", "After");
    restored.upload(&registry.admin, &packed.tarball).await;
    let note = acme.release(&packed);
    let reply = restored.post(paths::RELEASES, &registry.admin, &note).await;
    assert_eq!(reply.status, 201);
}

#[tokio::test]
async fn nothing_is_overwritten_that_is_no_earlier_state() {
    let (registry, acme) = small().await;
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let data = registry.folder();

    std::fs::create_dir(at("notes")).unwrap();
    std::fs::write(at("notes").join("diary.txt"), "mine").unwrap();
    let error = backup(&data, &at("notes")).await.unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");
    let error = restore(&data, &at("notes")).await.unwrap_err();
    assert!(matches!(error, BackupError::Foreign { .. }), "{error}");

    let above = data.parent().unwrap().to_path_buf();
    for overlapping in [data.clone(), data.join("copies/backup"), above] {
        let error = backup(&data, &overlapping).await.unwrap_err();
        assert!(matches!(error, BackupError::SameFolder { .. }), "{error}");
    }
    assert!(!data.join("copies").exists());
    let error = backup(&at("nothing"), &at("backup")).await.unwrap_err();
    assert!(
        matches!(error, BackupError::Database(DatabaseError::Missing(_))),
        "{error}"
    );

    backup(&data, &at("backup")).await.unwrap();
    let error = restore(&at("backup"), &data).await.unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");

    // Another registry of the same origin, whose entries are others.
    let (other, _) = small().await;
    let error = backup(&other.folder(), &at("backup")).await.unwrap_err();
    assert!(
        matches!(error, BackupError::OtherHistory { entry: 1, .. }),
        "{error}"
    );
    // And this one after it was restored from an older backup than the last.
    restore(&at("backup"), &at("older")).await.unwrap();
    registry
        .publish(&acme, &package("acme/x", "1.1.0", "Two"))
        .await;
    backup(&data, &at("backup")).await.unwrap();
    let error = backup(&at("older"), &at("backup")).await.unwrap_err();
    assert!(
        matches!(error, BackupError::OtherHistory { entry: 2, .. }),
        "{error}"
    );
    assert_sound(&at("backup")).await;

    let storage = Storage::open(&at("backup"));
    let held = storage.lock().unwrap().unwrap();
    let error = backup(&data, &at("backup")).await.unwrap_err();
    assert!(matches!(error, BackupError::InUse(_)), "{error}");
    drop(held);
}

#[tokio::test]
async fn a_backup_of_another_registry_is_kept() {
    let (registry, _) = small().await;
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("backup");
    backup(&registry.folder(), &to).await.unwrap();
    let db = crate::db::Database::open(&to).await.unwrap();
    let mut tx = db.begin_write().await.unwrap();
    sqlx::query("UPDATE registry SET origin = 'other.example'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let error = backup(&registry.folder(), &to).await.unwrap_err();
    assert!(
        matches!(error, BackupError::OtherRegistry { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_altered_or_missing_in_a_backup_is_named_and_not_restored() {
    let (registry, acme) = small().await;
    registry
        .publish(&acme, &package("acme/y", "1.0.0", "Two"))
        .await;
    let root = tempfile::tempdir().unwrap();
    let (to, elsewhere) = (root.path().join("backup"), root.path().join("elsewhere"));
    backup(&registry.folder(), &to).await.unwrap();
    let digest = registry.index("acme/y").await[0].tarball;
    let path = Storage::open(&to).blob_path(&digest);
    let whole = std::fs::read(&path).unwrap();
    let mut altered = whole.clone();
    altered[40] ^= 1;
    // Its own file: the registry's has the same bytes under two names.
    std::fs::remove_file(&path).unwrap();
    for wrong in [&altered[..], &whole[..40]] {
        std::fs::write(&path, wrong).unwrap();
        let error = restore(&to, &elsewhere).await.unwrap_err();
        assert!(matches!(error, BackupError::Altered { .. }), "{error}");
        assert!(error.to_string().contains(&digest.to_string()));
    }
    std::fs::remove_file(&path).unwrap();
    let error = restore(&to, &elsewhere).await.unwrap_err();
    assert!(matches!(error, BackupError::Absent { .. }), "{error}");
    assert!(
        !crate::db::file(&elsewhere).exists(),
        "no half of a registry is served"
    );

    // The next backup mends what was lost, and the restore goes on where it ended.
    std::fs::write(&path, &whole[..40]).unwrap();
    assert_eq!(backup(&registry.folder(), &to).await.unwrap().new, 1);
    assert_eq!(restore(&to, &elsewhere).await.unwrap().new, 1);
    assert_sound(&elsewhere).await;
}

#[tokio::test]
async fn what_was_left_beside_a_backup_does_not_get_into_the_next() {
    let (registry, _) = small().await;
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("backup");
    backup(&registry.folder(), &to).await.unwrap();
    let left = ["registry.db.new", "registry.db.new.part", "registry.db-wal"];
    for name in left {
        std::fs::write(to.join(name), "half of a database").unwrap();
    }
    backup(&registry.folder(), &to).await.unwrap();
    for name in left {
        assert!(!to.join(name).exists(), "{name}");
    }
    assert_sound(&to).await;
    let mode = std::fs::metadata(crate::db::file(&to))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_an_interrupted_backup_has_copied_is_no_fault_of_it() {
    let (registry, acme) = small().await;
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("backup");
    backup(&registry.folder(), &to).await.unwrap();
    registry
        .publish(&acme, &package("acme/x", "1.1.0", "Two"))
        .await;
    let digest = registry.index("acme/x").await[1].tarball;
    // As far as it comes before the database gets its name.
    let mut source = copies::open(&registry.folder()).await.unwrap();
    copies::write(&mut source, &to).await.unwrap();
    let path = Storage::open(&to).blob_path(&digest);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(registry.app.storage.blob_path(&digest), &path).unwrap();
    let report = verify(&to).await.unwrap();
    assert_eq!((report.releases, report.unfinished), (1, 1));
    assert_eq!(report.faults, []);

    // One that is not in the draft either is still a fault.
    std::fs::remove_file(copies::draft(&to)).unwrap();
    let faults = verify(&to).await.unwrap().faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    copies::write(&mut source, &to).await.unwrap();

    assert_eq!(backup(&registry.folder(), &to).await.unwrap().new, 0);
    let report = verify(&to).await.unwrap();
    assert_eq!((report.releases, report.unfinished), (2, 0));
    assert_eq!(report.faults, []);
}
