//! Greets somebody by name.

use claw_sdk::log;

claw_sdk::skill!({{type}});

/// The skill.
struct {{type}};

impl exports::{{namespace_module}}::{{module}}::{{module}}::Guest for {{type}} {
    fn greet(name: String) -> Result<String, String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("`name` is empty: whom shall I greet?".to_owned());
        }
        log::debug(format_args!("greeting {} characters", name.chars().count()));
        Ok(format!("Hello, {name}!"))
    }
}
