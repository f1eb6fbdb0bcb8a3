//! Manifests in all three of their files, and `skill.json`, into which all are normalised.

use claw_package::limits::DESCRIPTION_CHARACTERS_MAX;
use claw_package::{Manifest, SkillJson};

/// Reads bytes as every file that a manifest may be in.
pub fn manifest(bytes: &[u8]) {
    if let Ok(skill) = SkillJson::parse(bytes) {
        assert_eq!(skill.to_bytes(), bytes);
        check(&skill.manifest);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for file in ["Cargo.toml", "package.json", "skill.toml"] {
        if let Ok(manifest) = Manifest::parse(file, text) {
            check(&manifest);
        }
    }
    // Two files of one workspace, parted by what neither can hold.
    if let Some((member, workspace)) = text.split_once('\0')
        && let Ok(manifest) = Manifest::from_cargo_toml_in_workspace(member, Some(workspace))
    {
        check(&manifest);
    }
}

/// A manifest that was accepted keeps its meaning in `skill.json`.
fn check(manifest: &Manifest) {
    assert!(manifest.description.chars().count() <= DESCRIPTION_CHARACTERS_MAX);
    let written = serde_json::to_value(manifest).expect("a manifest has a form in JSON");
    match serde_json::from_value::<Manifest>(written.clone()) {
        Ok(again) => assert_eq!(&again, manifest),
        Err(error) => panic!("{written} is refused: {error}"),
    }
}
