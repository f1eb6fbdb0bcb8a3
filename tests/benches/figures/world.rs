//! Everything that is measured, as an author and an operator make it: `hello` as `cargo claw new` writes it, with one
//! folder that it may read, published, added, and run once.

use std::path::PathBuf;

use claw_host::{Allocation, Host, HostConfig, Skill};
use claw_package::{NoSink, PermissionSet};
use claw_tests::environment::Person;
use claw_tests::packages::TestPackage;
use claw_tests::{TestEnv, guests};
use claw_trust::VerifiedComponent;

/// The registry, the author and the agent, with `acme/hello` installed for the agent.
pub(crate) struct World {
    pub(crate) env: TestEnv,
    /// The tarball of `acme/hello`.
    pub(crate) tarball: Vec<u8>,
    /// Its component.
    pub(crate) hello: Vec<u8>,
}

/// What `hello` is asked for and granted.
pub(crate) const GRANT: &str = "filesystem.read=.";

impl World {
    pub(crate) fn new() -> World {
        guests::ensure_toolchain().unwrap_or_else(|error| panic!("{error}"));
        let env = TestEnv::pinned();
        env.author
            .cargo_claw(&["new", "hello", "--namespace", "acme"])
            .ok();
        let author = Person {
            home: env.author.home.clone(),
            folder: env.author.folder.join("hello"),
        };
        let manifest = author.read("Cargo.toml");
        let asking = manifest.replace("permissions = []", &format!("permissions = [\"{GRANT}\"]"));
        assert_ne!(
            asking, manifest,
            "`cargo claw new` writes its permissions another way"
        );
        author.write("Cargo.toml", &asking);
        author.cargo_claw(&["publish"]).ok();
        author
            .cargo_claw(&["pack", "--output", "hello.tar.gz"])
            .ok();
        env.claw(&format!("add acme/hello --allow {GRANT}")).ok();
        env.claw("run acme/hello greet name=World").ok();
        let tarball = std::fs::read(author.folder.join("hello.tar.gz")).expect("it was packed");
        let hello = component(&tarball);
        World {
            env,
            tarball,
            hello,
        }
    }

    /// The folder that `hello` may read.
    pub(crate) fn folder(&self) -> PathBuf {
        self.env.agent.folder.clone()
    }
}

/// A component that can wait in a host call: the probe of the tests.
pub(crate) fn waiting_component() -> Vec<u8> {
    component(
        &TestPackage::new("acme/probe", "0.1.0")
            .probe()
            .pack()
            .tarball,
    )
}

fn component(tarball: &[u8]) -> Vec<u8> {
    claw_package::read(tarball, &mut NoSink)
        .expect("a package of our own reads back")
        .component_bytes
}

/// A host without a cache.
pub(crate) fn host(allocation: Allocation) -> Host {
    Host::new(HostConfig {
        allocation,
        ..HostConfig::default()
    })
    .expect("a host")
}

/// Loads a component that is nobody's release.
pub(crate) fn load(host: &Host, component: &[u8]) -> Skill {
    let component = VerifiedComponent::local(component, None, &grants());
    host.load(&component).expect("it loads")
}

/// The one grant.
pub(crate) fn grants() -> PermissionSet {
    PermissionSet::new([GRANT.parse().expect("a permission")])
}
