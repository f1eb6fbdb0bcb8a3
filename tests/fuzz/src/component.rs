//! Components: what is said of them is bounded, clean and the same each time.

use claw_package::limits::{ACTIONS_MAX, DESCRIPTION_CHARACTERS_MAX, IMPORTS_MAX};
use claw_package::{PermissionSet, check_imports, decode};

/// Everything that is written out for one component, twice over for names that repeat.
const WRITTEN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Reads bytes as a component.
pub fn component(bytes: &[u8]) {
    let info = match decode(bytes) {
        Ok(info) => info,
        Err(error) => {
            assert!(error.to_string().len() < 4096 + bytes.len());
            return;
        }
    };
    assert!(info.actions.len() <= ACTIONS_MAX);
    assert!(info.imports.len() <= IMPORTS_MAX);
    assert_eq!(decode(bytes), Ok(info.clone()));

    let mut written = 0;
    for action in &info.actions {
        assert_eq!(info.action(&action.name), Some(action));
        assert_eq!(
            action.input_schema.is_object(),
            action.not_callable.is_none()
        );
        if let Some(description) = &action.description {
            assert!((1..=DESCRIPTION_CHARACTERS_MAX).contains(&description.chars().count()));
            assert!(!description.chars().any(char::is_control));
        }
        written += action.signature.len()
            + action.input_schema.to_string().len()
            + action.output_schema.to_string().len();
    }
    assert!(written <= WRITTEN_BYTES_MAX, "{written} bytes");

    // Without any permission, only what every component may have.
    let nothing = PermissionSet::empty();
    if check_imports(&info.imports, &nothing).is_ok() {
        let gated = ["wasi:http/", "wasi:sockets/", "claw:skill/process"];
        let named = |name: &str| gated.iter().any(|gate| name.starts_with(gate));
        assert!(!info.imports.iter().any(|import| named(&import.name)));
    }
}
