//! Runs every fuzz target over its corpus, on the stable toolchain and with all other tests.
//!
//! The corpus is small and kept by hand: real artefacts, and the input of each crash that was mended.
//! What the fuzzer collects besides stays with whoever runs it.

use std::fs;
use std::path::{Path, PathBuf};

use targets::TARGETS;

#[path = "src/lib.rs"]
pub mod targets;

/// An input larger than this belongs on the disk of whoever fuzzes.
const INPUT_BYTES_MAX: usize = 8 * 1024;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_target_holds_over_its_corpus() {
    for (target, run) in TARGETS {
        let folder = here().join("corpus").join(target);
        for name in names(&folder) {
            let input = fs::read(folder.join(&name)).unwrap();
            assert!(
                input.len() <= INPUT_BYTES_MAX,
                "{target}/{name} is too large"
            );
            // The name is shown where an assertion inside fails.
            println!("{target}/{name}");
            run(&input);
            for cut in [1, input.len() / 3, input.len() / 2] {
                run(&input[..cut.min(input.len())]);
            }
        }
    }
}

#[test]
fn every_target_is_built_and_has_a_corpus() {
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert!(targets.is_sorted());
    assert_eq!(names(&here().join("corpus")), targets);
    let files: Vec<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&here().join("targets")), files);
    let manifest = fs::read_to_string(here().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let built = manifest["bin"].as_array().unwrap().iter();
    assert!(built.map(|bin| bin["name"].as_str().unwrap()).eq(targets));
}
