//! Every key that `config.yaml` may hold one day, and whether this version obeys it.

/// The only version of the file's format.
pub(super) const VERSION: &str = "2026.1";

/// What this version does with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Holds other keys.
    Section,
    Obeyed,
    /// Belongs to a part that does not exist yet.
    Later,
    Unknown {
        nearest: &'static str,
    },
}

const KEYS: &[(&str, Standing)] = &[
    ("version", Standing::Obeyed),
    ("claw", Standing::Section),
    ("claw.name", Standing::Obeyed),
    ("claw.model_provider", Standing::Later),
    ("claw.model", Standing::Later),
    ("memory", Standing::Later),
    ("skills", Standing::Section),
    ("skills.auto_discover", Standing::Obeyed),
    ("skills.enabled", Standing::Obeyed),
    ("skills.trusted_registries", Standing::Obeyed),
    ("skills.security_level", Standing::Obeyed),
    ("execution", Standing::Section),
    ("execution.timeout", Standing::Obeyed),
    ("execution.max_concurrent", Standing::Obeyed),
    ("execution.sandbox", Standing::Section),
    ("execution.sandbox.enabled", Standing::Obeyed),
    ("execution.sandbox.level", Standing::Obeyed),
    ("developer", Standing::Section),
    ("developer.debug", Standing::Obeyed),
    ("developer.log_level", Standing::Obeyed),
    ("developer.telemetry", Standing::Obeyed),
];

/// What is done with `key`, a dotted path.
pub(super) fn standing(key: &str) -> Standing {
    if let Some((_, standing)) = KEYS.iter().find(|(known, _)| *known == key) {
        return *standing;
    }
    let nearest = KEYS
        .iter()
        .min_by_key(|(known, _)| strsim::damerau_levenshtein(known, key));
    Standing::Unknown {
        nearest: nearest.map_or("version", |(known, _)| known),
    }
}
