//! `cargo claw pack` to a disk that fills up: no half package, and no note beside another package than its own.

use std::process::Stdio;

use claw_package::Digest;
use claw_tests::environment::Person;
use claw_tests::faults::{Disk, Fault};
use claw_tests::programs::Run;
use claw_tests::{TestEnv, guests};

use super::CALLS_MAX;

#[test]
fn a_package_on_a_full_disk_is_whole_or_not_there_and_so_is_its_note() {
    guests::ensure_toolchain().expect("a toolchain for components");
    let env = TestEnv::new();
    env.author
        .cargo_claw(&["new", "greeter", "--namespace", "acme"])
        .ok();
    let author = Person {
        home: env.author.home.clone(),
        folder: env.author.folder.join("greeter"),
    };
    let out = env.root.path().join("out");
    std::fs::create_dir(&out).expect("a folder can be made");
    let (package, note) = (out.join("greeter.tar.gz"), out.join("greeter.note"));
    let disk = Disk::below(&out);
    let pack = || {
        let path = package.to_str().expect("a UTF-8 path");
        let mut command = author.command("cargo-claw", &["pack", "--output", path]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = disk.spawn(command).wait_with_output();
        Run::from_output("pack".to_owned(), &output.expect("it can be waited for"))
    };
    pack().ok();
    let whole = std::fs::read(&package).expect("the package is there");
    let digest = Digest::of(&whole).to_string();
    for at in 1..CALLS_MAX {
        disk.fail(Fault::Full(at));
        let run = pack();
        if !disk.heal() {
            run.ok();
            assert!(at > 1, "nothing was ever written");
            return;
        }
        run.exits(74).says("hint: free some space");
        // The source has not changed, and neither has what is made of it.
        let left = std::fs::read(&package).expect("the old package is there");
        assert!(left == whole, "write {at}: it is another package");
        if let Ok(text) = std::fs::read_to_string(&note) {
            assert!(
                text.contains(&digest),
                "write {at}: the note of another package"
            );
        }
        let names = std::fs::read_dir(&out).expect("a folder").flatten();
        let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
        let temporary = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".tmp");
        assert!(!names.iter().any(temporary), "write {at}: {names:?}");
        pack().ok();
    }
    panic!("{CALLS_MAX} writes were not enough");
}
