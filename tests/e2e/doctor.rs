//! `claw doctor`: what is broken on a machine, and the command that mends it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use claw_tests::TestEnv;
use claw_tests::packages::TestPackage;
use serde_json::Value;

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

/// The broken findings of a report.
fn broken(report: &Value) -> Vec<&Value> {
    let findings = report["findings"].as_array().expect("a list");
    let broken = findings
        .iter()
        .filter(|finding| finding["state"] == "broken");
    broken.collect()
}

#[test]
fn a_machine_that_works_is_told_so_part_by_part() {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let report = env.claw("doctor --json").ok().json();
    assert_eq!(report["broken"], 0, "{report}");
    let findings = report["findings"].as_array().expect("a list");
    for (area, what) in [
        ("home", "yours alone"),
        ("home", "can be read"),
        ("keys", "sealing key"),
        ("store", "1 release,"),
        ("cache", "1 compiled image,"),
        ("registry", "as pinned"),
        ("clock", "agrees"),
    ] {
        let told = findings.iter().any(|finding| {
            finding["area"] == area
                && finding["state"] == "good"
                && finding["what"]
                    .as_str()
                    .is_some_and(|text| text.contains(what))
        });
        assert!(told, "{area} {what}\n{report:#}");
    }
    if cfg!(target_os = "linux") {
        let kernel = findings
            .iter()
            .filter(|finding| finding["area"] == "kernel");
        assert_eq!(kernel.count(), 7, "{report:#}");
    }
    env.claw("doctor").ok();
}

#[test]
fn each_broken_part_is_named_and_its_mend_mends_it() {
    let mut env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let home = env.agent.home.clone();
    let image = std::fs::read_dir(home.join("cache")).expect("there is a cache");
    let image = image.flatten().next().expect("one image").path();
    chmod(&home, 0o777);
    chmod(&home.join("cache.key"), 0o644);
    let report = env.claw("doctor --json --offline").exits(2).json();
    assert!(broken(&report).len() >= 2, "{report:#}");
    for finding in broken(&report) {
        let mend = finding["mend"].as_str().expect("a command");
        let run = std::process::Command::new("sh").args(["-c", mend]).status();
        assert!(run.is_ok_and(|status| status.success()), "{mend}");
    }
    env.claw("doctor --offline").ok();

    let mut bytes = std::fs::read(&image).expect("it can be read");
    bytes[200] ^= 1;
    std::fs::write(&image, bytes).expect("it can be written");
    let report = env.claw("doctor --json --offline").exits(4).json();
    let finding = broken(&report)[0];
    assert_eq!(finding["area"], "cache", "{report:#}");
    let mend = finding["mend"].as_str().expect("a command");
    let run = std::process::Command::new("sh").args(["-c", mend]).status();
    assert!(run.is_ok_and(|status| status.success()), "{mend}");
    env.claw("doctor --offline").ok();
    env.claw("run acme/x echo text=there").ok();

    env.registry.kill();
    let address = env.registry.address.clone();
    env.claw("doctor")
        .exits(7)
        .says(&format!("claw trust remove {address}"));
    std::fs::write(home.join("config.yaml"), "skils: 1\n").expect("written");
    env.claw("doctor --offline")
        .exits(2)
        .says("nearest setting");
}

#[test]
fn a_registry_that_calls_itself_otherwise_is_broken() {
    let env = TestEnv::new();
    let pins = env.agent.home.join("trust.toml");
    let text = std::fs::read_to_string(&pins).expect("there are pins");
    let text = text.replace(claw_tests::environment::ORIGIN, "skills.other.test");
    std::fs::write(&pins, text).expect("written");
    env.claw("doctor").exits(4).says("claw trust remove");
}
