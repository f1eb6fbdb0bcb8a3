//! A registry whose disk fills up at each write, or breaks at each sync: it answers so, stays up, serves what it has, and
//! takes things again by itself once there is room.

use claw_tests::faults::Fault;
use claw_tests::http::Answer;
use claw_trust::SigningKey;
use serde_json::Value;

use super::CALLS_MAX;
use super::registry_world::{Sender, World};

/// Prepares for the attempt of that number, and then makes it as often as it is called.
type Attempt<'a> = Box<dyn Fn() -> Answer + 'a>;

/// Makes attempt after attempt, the first with the disk failing at its first write, the second at its second, and so on
/// until one has no write left to fail; each again once there is room.
fn at_each<'a>(
    world: &'a World,
    fault: fn(usize) -> Fault,
    prepare: impl Fn(Sender<'a>, usize) -> Attempt<'a>,
) {
    let sender = world.sender();
    for at in 1..CALLS_MAX {
        let attempt = prepare(sender, at);
        let (before, tokens) = (sender.index(), sender.tokens());
        world.disk.fail(fault(at));
        let answer = attempt();
        let (served, ready) = (sender.index(), sender.get("/ready"));
        assert_eq!(sender.get("/health").status, 200, "call {at}");
        if !world.disk.heal() {
            assert!(answer.status < 300 && at > 1, "call {at}: {}", answer.body);
            assert_eq!(world.disk.unseen(), [""; 0]);
            world.registry.admin(&["verify"]).ok();
            return;
        }
        if answer.status >= 300 {
            let (status, code) = match fault(at) {
                Fault::Full(_) => (507, "storage-full"),
                _ => (500, "internal"),
            };
            assert_eq!(answer.status, status, "call {at}: {}", answer.body);
            assert_eq!(said(&answer), code, "call {at}");
            assert_eq!(served, before, "call {at}: half of it is to be seen");
            assert_eq!(sender.tokens(), tokens, "call {at}");
            if status == 507 {
                assert_eq!(said(&ready), code, "call {at}");
            }
        }
        let again = attempt();
        assert!(again.status < 300, "call {at}, again: {}", again.body);
        assert_eq!(sender.get("/ready").status, 200, "call {at}");
    }
    panic!("{CALLS_MAX} calls were not enough");
}

fn said(answer: &Answer) -> String {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["errors"][0]["code"].as_str();
    code.unwrap_or_default().to_owned()
}

fn publish<'a>(sender: Sender<'a>, at: usize) -> Attempt<'a> {
    Box::new(move || sender.publish(&format!("1.{at}.0")))
}

fn yank<'a>(sender: Sender<'a>, at: usize) -> Attempt<'a> {
    let version = format!("2.{at}.0");
    assert_eq!(sender.publish(&version).status, 201);
    Box::new(move || sender.yank(&version))
}

fn namespace<'a>(sender: Sender<'a>, at: usize) -> Attempt<'a> {
    // A number is no word of a name: as many letters say the same.
    let name = format!("n{}/k", "x".repeat(at))
        .parse()
        .expect("a key name");
    let key = SigningKey::generate(name).expect("a key");
    Box::new(move || sender.namespace(&key))
}

fn token<'a>(sender: Sender<'a>, _: usize) -> Attempt<'a> {
    Box::new(move || sender.token())
}

#[test]
fn a_publish_on_a_full_disk_is_refused_whole_and_done_once_there_is_room() {
    let world = World::new();
    at_each(&world, Fault::Full, publish);
}

#[test]
fn a_yank_a_namespace_and_a_token_on_a_full_disk_are_refused_whole_and_done_once_there_is_room() {
    let world = World::new();
    at_each(&world, Fault::Full, yank);
    at_each(&world, Fault::Full, namespace);
    at_each(&world, Fault::Full, token);
}

#[test]
fn what_a_broken_disk_did_not_take_is_not_answered_as_done() {
    let world = World::new();
    at_each(&world, Fault::Broken, publish);
    at_each(&world, Fault::Broken, yank);
    at_each(&world, Fault::Broken, namespace);
    at_each(&world, Fault::Broken, token);
}
