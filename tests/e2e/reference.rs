//! The command reference and the manual pages say what the programs say.

use claw_tests::{TestEnv, reference};

#[test]
fn the_command_reference_is_what_the_programs_say() {
    let page = reference::page();
    let file = std::fs::read_to_string(reference::file()).unwrap_or_default();
    let differing = page
        .lines()
        .zip(file.lines())
        .find(|(now, then)| now != then);
    assert!(
        page == file,
        "docs/commands.md is stale; renew it with: cargo reference\nfirst difference: {differing:?}"
    );
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let env = TestEnv::new();
    let folder = env.agent.folder.join("man/man1");
    let shown = folder.display().to_string();
    for (program, pages) in [
        (
            "claw",
            ["claw.1", "claw-run.1", "claw-trust-add-registry.1"],
        ),
        (
            "cargo-claw",
            ["cargo-claw.1", "cargo-claw-new.1", "cargo-claw-key-new.1"],
        ),
        (
            "claw-registry",
            [
                "claw-registry.1",
                "claw-registry-serve.1",
                "claw-registry-token-create.1",
            ],
        ),
    ] {
        env.agent.run(program, &["man", &shown]).ok();
        for page in pages {
            let text = std::fs::read_to_string(folder.join(page));
            let text = text.unwrap_or_else(|error| panic!("{page}: {error}"));
            assert!(
                text.contains(".TH ") && text.contains("SYNOPSIS"),
                "{page}:\n{text}"
            );
        }
    }
    assert!(!folder.join("claw-registry-crash-points.1").exists());
}
