//! The cache through the host: what is believed, and what is not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use claw_package::PermissionSet;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{Allocation, Host, HostConfig, Invocation, LoadError, Outcome, Rebuild};

const ANSWER: &str = r#"(component
  (core module $m (func (export "answer") (result i32) (i32.const 42)))
  (core instance $i (instantiate $m))
  (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#;

fn host(home: &Path, allocation: Allocation) -> Host {
    let cache = CacheConfig {
        directory: home.join("cache"),
        key_file: home.join("cache.key"),
    };
    Host::new(HostConfig {
        allocation,
        cache: Some(cache),
        ..HostConfig::default()
    })
    .unwrap()
}

fn component() -> VerifiedComponent {
    VerifiedComponent::local(
        wat::parse_str(ANSWER).unwrap(),
        None,
        &PermissionSet::empty(),
    )
}

fn images(home: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.join("cache")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn answers(host: &Host) {
    let skill = host.load(&component()).unwrap();
    let report = skill.invoke(Invocation::new("answer", json!({}))).await;
    assert_eq!(report.outcome, Outcome::Ok(json!(42)));
}

#[tokio::test]
async fn one_image_serves_both_allocators_and_is_private() {
    let home = TempDir::new().unwrap();
    host(home.path(), Allocation::OnDemand)
        .prepare(&component(), Rebuild::No)
        .unwrap();
    answers(&host(home.path(), Allocation::Pooled { instances: 2 })).await;
    answers(&host(home.path(), Allocation::OnDemand)).await;
    let images = images(home.path());
    assert_eq!(images.len(), 1, "{images:?}");
    assert_eq!(mode(&images[0]), 0o600);
    assert_eq!(mode(&home.path().join("cache")), 0o700);
    assert_eq!(mode(&home.path().join("cache.key")), 0o600);
}

#[tokio::test]
async fn a_changed_image_is_refused_until_it_is_rebuilt() {
    let home = TempDir::new().unwrap();
    let host = host(home.path(), Allocation::OnDemand);
    host.load(&component()).unwrap();
    let image = images(home.path()).remove(0);
    let mut bytes = fs::read(&image).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&image, bytes).unwrap();
    for _ in 0..2 {
        let Err(LoadError::CacheMismatch { file, what }) = host.load(&component()) else {
            panic!()
        };
        assert_eq!((file, what), (image.clone(), "the seal"));
    }
    assert!(matches!(
        host.prepare(&component(), Rebuild::No),
        Err(LoadError::CacheMismatch { .. })
    ));
    host.prepare(&component(), Rebuild::Yes).unwrap();
    answers(&host).await;
}

#[test]
fn an_image_under_another_key_is_refused() {
    let home = TempDir::new().unwrap();
    let host = host(home.path(), Allocation::OnDemand);
    host.load(&component()).unwrap();
    fs::remove_file(home.path().join("cache.key")).unwrap();
    assert!(matches!(
        host.load(&component()),
        Err(LoadError::CacheMismatch {
            what: "the seal",
            ..
        })
    ));
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let home = TempDir::new().unwrap();
    let host = host(home.path(), Allocation::OnDemand);
    host.load(&component()).unwrap();
    let key = home.path().join("cache.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(host.load(&component()), Err(LoadError::Cache { path, .. }) if path == key));
}

#[test]
fn a_cache_folder_that_is_too_open_is_closed() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("cache")).unwrap();
    fs::set_permissions(home.path().join("cache"), fs::Permissions::from_mode(0o755)).unwrap();
    host(home.path(), Allocation::OnDemand)
        .load(&component())
        .unwrap();
    assert_eq!(mode(&home.path().join("cache")), 0o700);
}

#[test]
fn processes_that_start_together_agree_on_one_key() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("cache.key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| key::load_or_create(&file).unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn a_survey_counts_images_and_names_those_that_no_host_would_load() {
    let home = TempDir::new().unwrap();
    let config = CacheConfig {
        directory: home.path().join("cache"),
        key_file: home.path().join("cache.key"),
    };
    assert_eq!(survey(&config).unwrap(), CacheSurvey::default());
    host(home.path(), Allocation::OnDemand)
        .load(&component())
        .unwrap();
    let image = images(home.path()).remove(0);
    let bytes = fs::read(&image).unwrap();
    let good = CacheSurvey {
        images: 1,
        bytes: bytes.len() as u64,
        broken: Vec::new(),
    };
    assert_eq!(survey(&config).unwrap(), good);

    let renamed = home.path().join("cache/other.image");
    fs::rename(&image, &renamed).unwrap();
    assert_eq!(
        survey(&config).unwrap().broken,
        [(renamed.clone(), "its name")]
    );
    fs::rename(&renamed, &image).unwrap();
    fs::write(&image, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(
        survey(&config).unwrap().broken,
        [(image.clone(), "the seal")]
    );
    fs::write(&image, &bytes[..20]).unwrap();
    assert_eq!(
        survey(&config).unwrap().broken,
        [(image.clone(), "its header")]
    );
    fs::write(&image, &bytes).unwrap();
    fs::remove_file(&config.key_file).unwrap();
    assert_eq!(survey(&config).unwrap().broken, [(image, "the seal")]);
    assert!(!config.key_file.exists(), "a survey makes no key");
}
