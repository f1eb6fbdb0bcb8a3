//! The client against registries that behave, and against those that do not.

mod reading;
mod requests;
mod server;
mod writing;

use std::time::Duration;

use claw_registry_client::{Client, ClientOptions, Patience};

/// A token that must never be seen in a message.
const TOKEN: &str = "claw_publish_0123456789";

/// A client with a token that does not wait between attempts.
fn client(address: &str) -> Client {
    let options = ClientOptions {
        token: Some(TOKEN.to_owned()),
        ..ClientOptions::default()
    };
    Client::new(address, options)
        .unwrap()
        .with_patience(Patience {
            pause: Duration::ZERO,
            ..Patience::default()
        })
}

/// The whole chain of an error's messages.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    assert!(!text.contains(TOKEN), "{text}");
    text
}
