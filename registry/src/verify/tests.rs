//! What `verify` finds after each kind of tampering.

use std::fs;
use std::path::Path;

use claw_package::Packed;
use claw_registry_api::paths;
use claw_trust::{Keyset, VerifiedRelease, Yank, YankAction};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::*;
use crate::storage::Storage;
use crate::testing::{Publisher, TestRegistry, package};

/// A folder with two releases, one of them yanked, and one upload that no release names.
struct Fixture {
    _root: tempfile::TempDir,
    folder: std::path::PathBuf,
    storage: Storage,
    hello: Packed,
}

const STAGED: &[u8] = b"a tarball that waits";

impl Fixture {
    async fn new() -> Self {
        let registry = TestRegistry::start().await;
        let acme = Publisher::of(&registry, "acme").await;
        let hello = package("acme/hello", "1.0.0", "one");
        assert_eq!(registry.publish(&acme, &hello).await.status, 201);
        let files = package("acme/files", "1.0.0", "two");
        assert_eq!(registry.publish(&acme, &files).await.status, 201);
        let keyset = Keyset::verify(&acme.genesis).unwrap();
        let release = VerifiedRelease::verify(&acme.release(&files), &keyset).unwrap();
        let yank = Yank::of(YankAction::Yank, &release, 1, None).sign(&acme.key);
        assert_eq!(
            registry
                .post(paths::EVENTS, &registry.admin, &yank)
                .await
                .status,
            201
        );
        assert_eq!(registry.upload(&registry.admin, STAGED).await.status, 201);
        let folder = registry.folder();
        let root = registry.stop().await;
        let storage = Storage::open(&folder);
        Self {
            _root: root,
            folder,
            storage,
            hello,
        }
    }

    /// Changes the database as no command of ours does, references to nothing included.
    async fn sql(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new()
            .filename(crate::db::file(&self.folder))
            .foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        let done = sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "{statement}");
        connection.close().await.unwrap();
    }

    /// What is wrong, as the command shows it.
    async fn faults(&self) -> Vec<String> {
        let report = verify(&self.folder).await.unwrap();
        report
            .faults
            .iter()
            .map(|fault| format!("{}: {}", fault.object, fault.problem))
            .collect()
    }

    /// Asserts that something is wrong with `object`, and that only `objects` are touched.
    async fn assert_only(&self, objects: &[&str]) {
        let faults = self.faults().await;
        for object in objects {
            assert!(
                faults.iter().any(|fault| fault.starts_with(object)),
                "{object}: {faults:#?}"
            );
        }
        for fault in &faults {
            assert!(
                objects.iter().any(|object| fault.starts_with(object)),
                "{fault}"
            );
        }
    }
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_sound_folder_has_no_faults_and_everything_was_looked_at() {
    let fixture = Fixture::new().await;
    let report = verify(&fixture.folder).await.unwrap();
    assert_eq!(report.faults, []);
    let counts = (
        report.entries,
        report.releases,
        report.packages,
        report.files,
    );
    assert_eq!(counts, (4, 2, 2, 3));
}

#[tokio::test]
async fn a_flipped_byte_in_a_published_tarball_is_found() {
    let fixture = Fixture::new().await;
    let digest = fixture.hello.tarball_digest.digest;
    flip(&fixture.storage.blob_path(&digest));
    fixture.assert_only(&[&format!("blob {digest}")]).await;
}

#[tokio::test]
async fn a_flipped_byte_in_a_staged_tarball_is_found() {
    let fixture = Fixture::new().await;
    let digest = claw_package::Digest::of(STAGED);
    flip(&fixture.storage.staged_path(&digest));
    fixture.assert_only(&[&format!("staged {digest}")]).await;
}

#[tokio::test]
async fn a_missing_a_foreign_and_an_orphaned_file_are_found() {
    let fixture = Fixture::new().await;
    let digest = fixture.hello.tarball_digest.digest;
    fs::remove_file(fixture.storage.blob_path(&digest)).unwrap();
    let orphan = claw_package::Digest::of(b"orphan");
    let path = fixture.storage.blob_path(&orphan);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, b"orphan").unwrap();
    let foreign = fixture.storage.blobs().join("notes.txt");
    fs::write(&foreign, b"mine").unwrap();
    let objects = [
        format!("blob {digest}"),
        format!("blob {orphan}: no release names it"),
        format!("file {}", foreign.display()),
    ];
    fixture
        .assert_only(&objects.each_ref().map(String::as_str))
        .await;
}

#[tokio::test]
async fn a_changed_note_of_every_kind_is_found() {
    for (statement, object) in [
        (
            r#"UPDATE entries SET note = replace(note, 'threshold', 'threshole') WHERE "index" = 0"#,
            "entry 0",
        ),
        (
            r#"UPDATE entries SET note = replace(note, '1.0.0', '1.0.1') WHERE "index" = 1"#,
            "entry 1",
        ),
        (
            r#"UPDATE entries SET note = replace(note, 'none', 'nine') WHERE "index" = 3"#,
            "entry 3",
        ),
        (
            r#"UPDATE entries SET digest = replace(digest, 'sha256:', 'sha256-') WHERE "index" = 1"#,
            "entry 1",
        ),
    ] {
        let fixture = Fixture::new().await;
        fixture.sql(statement).await;
        let faults = fixture.faults().await;
        assert!(
            faults.iter().any(|fault| fault.starts_with(object)),
            "{statement}: {faults:#?}"
        );
    }
}

#[tokio::test]
async fn a_note_changed_together_with_its_digest_is_not_believed() {
    let fixture = Fixture::new().await;
    let db = Database::open(&fixture.folder).await.unwrap();
    let mut tx = db.begin_write().await.unwrap();
    let entry = crate::db::entries::at(&mut tx, 1).await.unwrap().unwrap();
    let note = entry.note.replace("1.0.0", "1.0.1");
    sqlx::query(r#"UPDATE entries SET note = $1, digest = $2 WHERE "index" = 1"#)
        .bind(&note)
        .bind(claw_package::Digest::of(note.as_bytes()).to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let faults = fixture.faults().await;
    let unsigned = "entry 1: the release note is not signed";
    assert!(
        faults.iter().any(|fault| fault.starts_with(unsigned)),
        "{faults:#?}"
    );
}

#[tokio::test]
async fn a_row_that_says_something_else_than_its_note_is_found() {
    for (statement, object) in [
        (
            "UPDATE releases SET version = '1.0.1' WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE releases SET size = size + 1 WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE releases SET component = tarball WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE releases SET permissions = '' WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE releases SET permissions = 'all' WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE releases SET host = NULL WHERE entry = 1",
            "blob sha256:",
        ),
        (
            "UPDATE releases SET published = published + 1 WHERE entry = 1",
            "index acme/hello",
        ),
        (
            "UPDATE releases SET yanked = NULL WHERE entry = 2",
            "release acme/files@1.0.0",
        ),
        (
            "UPDATE releases SET yanked = NULL, events = 7 WHERE entry = 2",
            "release acme/files@1.0.0: its yank state",
        ),
        (
            "UPDATE releases SET yanked = NULL, events = 0 WHERE entry = 2",
            "release acme/files@1.0.0: its yank state",
        ),
        (
            "UPDATE releases SET yanked = 3 WHERE entry = 1",
            "release acme/hello@1.0.0: its yank state",
        ),
        (
            "UPDATE releases SET size = 'large' WHERE entry = 1",
            "release acme/hello@1.0.0",
        ),
        (
            "UPDATE entries SET kind = 'unyank' WHERE \"index\" = 3",
            "entry 3: it is a note to yank",
        ),
        (
            "INSERT INTO entries VALUES (-1, 'yank', 'x', 'x')",
            "database: it has 5 entries and 4",
        ),
        (
            "INSERT INTO events VALUES (0, 1, 1)",
            "database: it has 2 events and 1",
        ),
        (
            "INSERT INTO keysets VALUES ('acme', 2, 1)",
            "database: it has 2 keysets and 1",
        ),
        (
            "INSERT INTO namespaces VALUES ('evil', 0)",
            "namespace evil",
        ),
        (
            "UPDATE packages SET namespace = 'evil' WHERE name = 'acme/hello'",
            "package acme/hello",
        ),
        (
            "UPDATE packages SET visibility = 'private' WHERE name = 'acme/hello'",
            "package acme/hello",
        ),
        ("UPDATE events SET sequence = 2 WHERE entry = 3", "entry 3"),
        ("UPDATE keysets SET sequence = 2 WHERE entry = 0", "entry 0"),
        ("UPDATE registry SET origin = 'elsewhere'", "entry 0"),
        (
            "DELETE FROM entries WHERE \"index\" = 1",
            "entry 1: it is missing",
        ),
        (
            "UPDATE index_files SET body = replace(body, '1.0.0', '1.0.1') WHERE package = 'acme/hello'",
            "index acme/hello",
        ),
        (
            "UPDATE index_files SET digest = replace(digest, '0', '1') WHERE package = 'acme/hello'",
            "index acme/hello",
        ),
        (
            "DELETE FROM index_files WHERE package = 'acme/hello'",
            "index acme/hello",
        ),
        (
            "UPDATE tokens SET digest = replace(digest, substr(digest, 8, 1), 'x')",
            "tokens",
        ),
        ("UPDATE tokens SET selector = 'x'", "token 1"),
    ] {
        let fixture = Fixture::new().await;
        fixture.sql(statement).await;
        let faults = fixture.faults().await;
        assert!(
            faults.iter().any(|fault| fault.starts_with(object)),
            "{statement}: {faults:#?}"
        );
    }
}

#[tokio::test]
async fn what_makes_no_sense_hides_nothing_else() {
    let fixture = Fixture::new().await;
    for statement in [
        "INSERT INTO packages VALUES ('JUNK', 'acme', 'public', 0)",
        "UPDATE releases SET size = 'large' WHERE entry = 1",
        "UPDATE index_files SET digest = 'x' WHERE package = 'acme/files'",
    ] {
        fixture.sql(statement).await;
    }
    fixture
        .assert_only(&[
            "release acme/hello@1.0.0",
            "index acme/hello",
            "blob sha256:",
            "package JUNK",
            "index acme/files",
        ])
        .await;
}

#[tokio::test]
async fn a_database_that_is_none_is_a_fault_and_a_folder_without_one_is_not() {
    let fixture = Fixture::new().await;
    let file = crate::db::file(&fixture.folder);
    let mut bytes = fs::read(&file).unwrap();
    bytes[..16].fill(b'x');
    fs::write(&file, bytes).unwrap();
    fixture.assert_only(&["database"]).await;
    let empty = tempfile::tempdir().unwrap();
    let error = verify(empty.path()).await.unwrap_err();
    assert!(matches!(
        error,
        VerifyError::Database(DatabaseError::Missing(_))
    ));
}
