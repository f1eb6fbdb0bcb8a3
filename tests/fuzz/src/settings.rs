//! Settings: what is accepted keeps to its bounds, and edits change one list and nothing else.

use std::time::Duration;

use claw_cli::settings::edit::{with_registry, without_registry};
use claw_cli::settings::{Settings, TIMEOUT_MAX};
use claw_host::grants::{SandboxLevel, SecurityLevel};

/// Reads bytes as `config.yaml`.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let settings = match Settings::parse(text) {
        Ok(settings) => settings,
        Err(failure) => return assert!(!failure.one_line().is_empty()),
    };
    let times = Duration::from_millis(1)..=TIMEOUT_MAX;
    assert!(
        settings
            .timeout
            .is_none_or(|timeout| times.contains(&timeout))
    );
    assert!((1..=1000).contains(&settings.max_concurrent));
    assert!(
        settings.security != SecurityLevel::Strict || settings.sandbox == SandboxLevel::Isolated
    );
    let names = settings.name.iter();
    assert!(
        names
            .clone()
            .all(|name| !name.chars().any(char::is_control))
    );

    const ADDRESS: &str = "https://added.example";
    let Ok(Some(added)) = with_registry(text, ADDRESS) else {
        return;
    };
    let comments = |text: &str| {
        text.lines()
            .filter(|line| line.trim_start().starts_with('#'))
            .count()
    };
    assert!(comments(&added) >= comments(text));
    let mut wanted = settings.clone();
    wanted.trusted_registries.push(ADDRESS.to_owned());
    assert_eq!(Settings::parse(&added).ok(), Some(wanted));
    if let Ok(removed) = without_registry(&added, ADDRESS) {
        let removed = removed.expect("it was added");
        assert_eq!(Settings::parse(&removed).ok(), Some(settings));
    }
}
