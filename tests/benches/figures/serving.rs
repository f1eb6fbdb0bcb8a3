//! What everybody reads: index and blobs, against nginx serving the same bytes from files.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use claw_package::Digest;
use claw_tests::packages::TestPackage;

use crate::load::{self, Load};
use crate::measure::interleaved;
use crate::memory;
use crate::nginx::Nginx;
use crate::table::{Table, Target, bytes, per_second};
use crate::world::World;

const CONNECTIONS: usize = 16;
const LARGE_CONNECTIONS: usize = 4;
const ROUNDS: usize = 9;
const TIME: Duration = Duration::from_millis(700);
const LARGE_BYTES: usize = 16 * 1024 * 1024;
const MIB: f64 = 1024.0 * 1024.0;

pub(crate) fn measure(world: &World, table: &mut Table) {
    let address = address(&world.env.registry.address);
    let index = "/index/acme/hello".to_owned();
    let small = format!("/blobs/sha256/{}", Digest::of(&world.tarball).hex());
    let large = publish_large(world);
    let root = world.env.root.path().join("nginx/root");
    for path in [&index, &small, &large] {
        mirror(&world.env.registry.address, path, &root);
    }
    let Some(nginx) = Nginx::start(&root) else {
        table.remark("nginx is not installed: index and blobs are without their peer.");
        return;
    };
    type Figure = fn(Load) -> f64;
    let requests: Figure = |load| load.requests_per_second;
    let amount: Figure = |load| load.bytes_per_second;
    for (what, path, connections, figure, show, least) in [
        (
            "index GET",
            &index,
            CONNECTIONS,
            requests,
            per_second as fn(f64) -> String,
            0.5,
        ),
        (
            "blob GET, the tarball of `hello`",
            &small,
            CONNECTIONS,
            requests,
            per_second,
            0.5,
        ),
        (
            "blob GET, 16 MiB",
            &large,
            LARGE_CONNECTIONS,
            amount,
            megabytes,
            0.9,
        ),
    ] {
        let compared = interleaved(
            ROUNDS,
            || figure(load::load(address, path, connections, TIME)),
            || figure(load::load(nginx.address, path, connections, TIME)),
        );
        let what = format!("{what}, {connections} connections, against nginx");
        table.compared(&what, compared, show, Target::RatioAtLeast(least));
    }
    let after = memory::resident(world.env.registry.id());
    table.alone(
        "registry after all of this, memory",
        after / MIB,
        "MiB",
        Target::None,
    );
}

/// The registry as it stands after one publish and one pull.
pub(crate) fn idle(world: &World, table: &mut Table) {
    let resident = memory::resident(world.env.registry.id());
    table.alone(
        "idle registry, memory",
        resident / MIB,
        "MiB",
        Target::AtMost(40.0),
    );
}

fn megabytes(rate: f64) -> String {
    format!("{}/s", bytes(rate))
}

/// The socket of `http://127.0.0.1:PORT`.
pub(crate) fn address(url: &str) -> SocketAddr {
    let host = url.strip_prefix("http://").expect("plain HTTP");
    host.parse().expect("an address of the loopback")
}

/// Publishes a package that hardly compresses, and gives the path of its tarball.
fn publish_large(world: &World) -> String {
    let mut state: u64 = 7;
    let mut text = String::with_capacity(LARGE_BYTES * 4 / 3);
    while text.len() < LARGE_BYTES * 4 / 3 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push(char::from(b'0' + ((state >> 40) % 64) as u8));
    }
    let package = TestPackage::new("acme/large", "1.0.0").file("assets/noise.txt", &text);
    world.env.publish(&package);
    let index = world.env.get("/index/acme/large");
    let line: serde_json::Value = serde_json::from_str(index.trim()).expect("one line of JSON");
    let tarball = line["tarball"].as_str().expect("a digest");
    format!("/blobs/sha256/{}", tarball.trim_start_matches("sha256:"))
}

/// Writes what the registry answers to where nginx serves it from.
fn mirror(registry: &str, path: &str, root: &Path) {
    let answer = claw_tests::http::request(registry, "GET", path, &[], b"");
    assert_eq!(answer.status, 200, "{path}");
    let file = root.join(path.trim_start_matches('/'));
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder can be made");
    std::fs::write(file, answer.bytes).expect("a file can be written");
}
