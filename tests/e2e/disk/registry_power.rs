//! A registry whose power fails at any moment: what was answered is on the disk, nothing else is half there, and the
//! next start goes on.

use std::path::Path;

use claw_tests::faults::Image;
use claw_tests::registry::{Registry, RegistryOptions, admin};
use claw_trust::SigningKey;

use super::registry_world::{Sender, World};
use super::{Needed, notices};

/// What is done, in order, each acknowledged before the next.
fn everything(sender: Sender<'_>, key: &SigningKey, mut done: impl FnMut()) {
    for answer in [
        &|| sender.upload("1.1.0"),
        &|| sender.publish("1.1.0"),
        &|| sender.yank("1.1.0"),
        &|| sender.namespace(key),
        &|| sender.token(),
    ] as [&dyn Fn() -> _; 5]
    {
        let answer = answer();
        assert!(answer.status < 300, "{} {}", answer.status, answer.body);
        done();
    }
}

#[test]
fn a_registry_without_power_at_any_write_keeps_what_it_answered_and_goes_on() {
    let mut world = World::new();
    assert_eq!(world.sender().publish("1.0.0").status, 201);
    let key = SigningKey::generate("beta/k".parse().expect("a name")).expect("a key");
    let tokens = world.sender().tokens();
    world.disk.record();
    everything(world.sender(), &key, || world.disk.acknowledge());
    world.registry.kill();
    let images = world.disk.recorded();
    assert_eq!(world.disk.unseen(), [""; 0]);
    assert!(images.len() > 20, "only {} moments", images.len());
    for image in &images {
        check(&world, image, &key, tokens);
    }
}

fn check(world: &World, image: &Image, key: &SigningKey, tokens: usize) {
    let data = world.registry.data();
    let told = format!(
        "{:?} at {}, after {} answers",
        image.loss, image.moment, image.acknowledged
    );
    image.restore(data);
    let verified = admin(data, &["verify"]);
    assert_eq!(verified.code, Some(0), "{told}: {}", verified.stdout);
    let registry = Registry::start(data);
    let sender = world.sender().at(&registry.address);
    let index = sender.index();
    let note = sender.note("1.1.0").to_string();
    let line = index.lines().find(|line| line.contains(&note));
    assert!(
        index.contains("\"1.0.0\""),
        "{told}: the old release is lost"
    );
    if image.acknowledged >= 1 {
        assert!(sender.has_tarball("1.1.0"), "{told}: the tarball is lost");
    }
    if image.acknowledged >= 2 {
        assert!(line.is_some(), "{told}: the release is lost");
    }
    if image.acknowledged >= 3 {
        let is_yanked = line.is_some_and(|line| line.contains("\"yanked\":\"sha256:"));
        assert!(is_yanked, "{told}: the yank is lost");
    }
    if image.acknowledged >= 4 {
        let status = sender.get("/keysets/beta/1.note").status;
        assert_eq!(status, 200, "{told}: the namespace is lost");
    }
    if image.acknowledged >= 5 {
        assert_eq!(sender.tokens(), tokens + 1, "{told}: the token is lost");
    }
    everything(sender, key, || {});
    assert_eq!(sender.index().lines().count(), 2, "{told}");
    drop(registry);
    let verified = admin(data, &["verify"]);
    assert_eq!(verified.code, Some(0), "{told}: {}", verified.stdout);
}

#[test]
fn a_sync_of_the_registry_that_is_left_out_is_noticed() {
    let mut world = World::new();
    assert_eq!(world.sender().publish("1.0.0").status, 201);
    let key = SigningKey::generate("beta/k".parse().expect("a name")).expect("a key");
    let tokens = world.sender().tokens();
    world.registry.kill();
    let start = Image::of(world.registry.data());
    let each: [Needed; 5] = [
        ("the database's log", |path| {
            path.ends_with("registry.db-wal")
        }),
        ("the upload's bytes", |path| path.starts_with("incoming")),
        ("the name in staging", |path| path == "staging"),
        ("the name among the blobs", |path| {
            path.starts_with("blobs/sha256") && path.components().count() == 3
        }),
        ("a new folder of blobs", |path| path == "blobs/sha256"),
    ];
    for (what, which) in each {
        start.restore(world.registry.data());
        world.disk.record();
        world.disk.neglect(which);
        let options = RegistryOptions {
            disk: Some(&world.disk),
            ..RegistryOptions::default()
        };
        let mut registry = Registry::start_with(world.registry.data(), &options);
        let sender = world.sender().at(&registry.address);
        everything(sender, &key, || world.disk.acknowledge());
        registry.kill();
        let images = world.disk.recorded();
        assert!(
            notices(&images, |image| check(&world, image, &key, tokens)),
            "nobody needs the sync of {what}"
        );
    }
}

/// A registry that was made on this disk, and has published one release.
fn first_release(neglected: fn(&Path) -> bool) -> (World, Vec<Image>) {
    let mut world = World::prepared(|disk| {
        disk.record();
        disk.neglect(neglected);
    });
    assert_eq!(world.sender().publish("1.0.0").status, 201);
    world.disk.acknowledge();
    world.registry.kill();
    let images = world.disk.recorded();
    let images = images.into_iter().filter(|image| image.acknowledged > 0);
    (world, images.collect())
}

fn check_first(world: &World, image: &Image) {
    let data = world.registry.data();
    image.restore(data);
    let told = format!("{:?} at {}", image.loss, image.moment);
    let found = admin(data, &["verify"]);
    assert_eq!(found.code, Some(0), "{told}: {found:?}");
    assert!(found.stderr.contains(", 1 releases, "), "{told}: {found:?}");
}

#[test]
fn what_the_first_start_makes_stands_once_something_is_published() {
    let (world, images) = first_release(|_| false);
    assert!(!images.is_empty());
    images.iter().for_each(|image| check_first(&world, image));
    let each: [Needed; 2] = [
        ("the folder", |path| path == ""),
        ("the folder of blobs", |path| path == "blobs"),
    ];
    for (what, which) in each {
        let (world, images) = first_release(which);
        assert!(
            notices(&images, |image| check_first(&world, image)),
            "nobody needs the sync of {what}"
        );
    }
}
