//! A registry whose power fails at any moment: what was answered is on the disk, nothing else is half there, and the
//! next start goes on.

use claw_tests::faults::Image;
use claw_tests::registry::{Registry, admin};
use claw_trust::SigningKey;

use super::registry_world::{Sender, World};

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
