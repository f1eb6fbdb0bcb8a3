//! Names, versions, requirements and specs, as people type them.

use claw_package::{Namespace, PackageName, Requirement, Spec, Version};

use super::text::{only_printed_is_read, printed_is_read_back};

/// Reads bytes as everything that names a package or some of its versions.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(spec) = printed_is_read_back::<Spec>(text) {
        only_printed_is_read::<PackageName>(&spec.name.to_string());
        only_printed_is_read::<Namespace>(&spec.name.namespace().to_string());
    }
    printed_is_read_back::<PackageName>(text);
    let (version, requirement) = text.split_once('\n').unwrap_or((text, text));
    let version = only_printed_is_read::<Version>(version);
    let requirement = printed_is_read_back::<Requirement>(requirement);
    if let Some(version) = version {
        let exactly = Requirement::exactly(&version);
        assert!(exactly.matches(&version));
        only_printed_is_read::<Requirement>(&exactly.to_string());
        if let Some(requirement) = requirement {
            // What is printed for it means the same.
            let again: Requirement = requirement.to_string().parse().expect("it was printed");
            assert_eq!(requirement.matches(&version), again.matches(&version));
        }
    }
}
