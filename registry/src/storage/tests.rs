//! Uploads between staging and blobs, after a commit, a crash or another start.

use std::io::Write as _;

use super::*;

fn storage() -> (tempfile::TempDir, Storage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::create(&folder.path().join("data")).unwrap();
    (folder, storage)
}

fn stage(storage: &Storage, bytes: &[u8]) -> Digest {
    let mut upload = storage.new_upload().unwrap();
    upload.write_all(bytes).unwrap();
    let digest = Digest::of(bytes);
    storage
        .stage(upload, &digest, CrashPoint::default())
        .unwrap();
    digest
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_tarball_has_both_names_until_it_leaves_staging() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    assert!(storage.link_blob(&digest, CrashPoint::default()).unwrap());
    assert_eq!(storage.staged_size(&digest).unwrap(), Some(5));
    storage.clear_staged(&digest).unwrap();
    assert!(storage.open_staged(&digest).unwrap().is_none());
    assert_eq!(fs::read(storage.blob_path(&digest)).unwrap(), b"bytes");
}

#[test]
fn what_was_never_staged_is_not_linked() {
    let (_folder, storage) = storage();
    assert!(
        !storage
            .link_blob(&Digest::of(b"bytes"), CrashPoint::default())
            .unwrap()
    );
}

#[test]
fn a_name_left_by_a_failed_transaction_is_taken_over() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    assert!(storage.link_blob(&digest, CrashPoint::default()).unwrap());
    fs::remove_file(storage.blob_path(&digest)).unwrap();
    fs::write(storage.blob_path(&digest), b"left").unwrap();
    assert!(storage.link_blob(&digest, CrashPoint::default()).unwrap());
    assert_eq!(fs::read(storage.blob_path(&digest)).unwrap(), b"bytes");
}

#[test]
fn a_start_after_a_link_without_a_commit_takes_the_name_back_and_keeps_the_upload() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    storage.link_blob(&digest, CrashPoint::default()).unwrap();
    storage.settle(&digest, Standing::Unpublished).unwrap();
    assert!(storage.open_blob(&digest).is_err());
    assert_eq!(storage.staged_size(&digest).unwrap(), Some(5));
}

#[test]
fn a_start_after_a_commit_finishes_it() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    storage.link_blob(&digest, CrashPoint::default()).unwrap();
    storage.settle(&digest, Standing::Published).unwrap();
    assert!(storage.open_blob(&digest).is_ok());
    assert!(storage.open_staged(&digest).unwrap().is_none());
}

#[test]
fn a_published_tarball_whose_blob_is_gone_gets_it_back_from_staging() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    storage.settle(&digest, Standing::Published).unwrap();
    assert_eq!(fs::read(storage.blob_path(&digest)).unwrap(), b"bytes");
    assert!(storage.open_staged(&digest).unwrap().is_none());
}

#[test]
fn uploads_of_the_last_run_are_removed() {
    let (_folder, storage) = storage();
    storage.new_upload().unwrap().keep().unwrap();
    storage.clear_incoming().unwrap();
    assert_eq!(names(&storage.incoming()), 0);
}

#[test]
fn only_what_is_older_than_a_day_is_swept() {
    let (_folder, storage) = storage();
    let digest = stage(&storage, b"bytes");
    let modified = storage.staged().unwrap()[0].modified;
    assert_eq!(storage.sweep(modified + STAGED_AGE_MAX).unwrap(), 0);
    assert_eq!(
        storage
            .sweep(modified + STAGED_AGE_MAX + Duration::from_secs(1))
            .unwrap(),
        1
    );
    assert!(storage.open_staged(&digest).unwrap().is_none());
}

#[test]
fn one_server_at_a_time() {
    let (_folder, storage) = storage();
    let first = storage.lock().unwrap();
    assert!(first.is_some());
    assert!(storage.lock().unwrap().is_none());
    drop(first);
    assert!(storage.lock().unwrap().is_some());
}
