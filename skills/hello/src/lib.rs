//! Greets somebody by name: the smallest skill there is. It asks for no permission and keeps nothing.

use claw_sdk::log;

claw_sdk::skill!(Hello);

/// The skill.
struct Hello;

impl exports::acme::hello::hello::Guest for Hello {
    fn greet(name: String) -> Result<String, String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("`name` is empty: whom shall I greet?".to_owned());
        }
        log::debug(format_args!("greeting {} characters", name.chars().count()));
        Ok(format!("Hello, {name}!"))
    }
}
