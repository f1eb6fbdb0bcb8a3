//! `cargo claw login` and `logout`: which registry is meant, and the token for it.
//!
//! A token is typed without being shown or comes from stdin; it is never an argument, where other programs would
//! see it.

use std::io::{IsTerminal, Read};

use claw_registry_api::secret;
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::registry::{Address, Registry};
use crate::{keys, output};

/// Far more than any token has.
const TOKEN_BYTES_MAX: u64 = 4 * 1024;

/// Log in to a registry, with a token that its administrator made
///
/// The token is asked for on a terminal, and else read from stdin.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    registry: Address,
}

/// Keeps the token of a registry that is there.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let home = Home::from_environment()?;
    let Address { url, allow_http } = args.registry;
    let registry = Registry::connect(&url, allow_http, None)?;
    let token = given(&registry)?;
    let registry = Registry::connect(&url, allow_http, Some(token.to_string()))?;
    let mut credentials = Credentials::read(&home)?;
    credentials.log_in(
        &registry.origin,
        registry.address(),
        allow_http,
        token.to_string(),
    );
    for namespace in keys::namespaces(&home)? {
        // What is learnt here only saves asking later; a namespace that is not there yet is no fault.
        if let Ok(keyset) = registry.keyset(&namespace) {
            credentials.learn(&registry.origin, &namespace, keyset.reference());
        }
    }
    credentials.write(&home)?;
    if json {
        return output::json(
            &serde_json::json!({"origin": registry.origin, "address": registry.address()}),
        );
    }
    output::say(format_args!(
        "logged in to `{}` at {}",
        registry.origin,
        registry.address()
    ));
    Ok(())
}

/// Forgets the token of the registry that is logged in to.
pub(crate) fn logout(json: bool) -> Outcome {
    let home = Home::from_environment()?;
    let mut credentials = Credentials::read(&home)?;
    let origin = credentials.log_out();
    if origin.is_some() {
        credentials.write(&home)?;
    }
    if json {
        return output::json(&serde_json::json!({"origin": origin}));
    }
    match origin {
        Some(origin) => output::say(format_args!("logged out of `{origin}`")),
        None => output::say("nobody is logged in"),
    }
    Ok(())
}

/// The token, typed or from stdin.
fn given(registry: &Registry) -> Outcome<Zeroizing<String>> {
    let text = if output::somebody_is_there() {
        output::ask_secret(&format!("token for {}", registry.origin))?
    } else if std::io::stdin().is_terminal() {
        Zeroizing::default()
    } else {
        let mut text = Zeroizing::new(String::new());
        let read = std::io::stdin()
            .lock()
            .take(TOKEN_BYTES_MAX)
            .read_to_string(&mut text);
        read.or_fail(Kind::Io, "could not read the token from stdin")?;
        text
    };
    let token = Zeroizing::new(text.trim().to_owned());
    if token.is_empty() {
        let failure = Failure::refused("no token was given, neither on a terminal nor on stdin");
        let address = registry.address();
        return Err(failure.hint(format!(
            "cargo claw login --registry {address} < FILE, with the token in FILE"
        )));
    }
    if !secret::has_form(&token) {
        let failure = Failure::usage("that is no token, or not all of it: one begins with `claw_`");
        return Err(failure.hint(format!(
            "ask the administrator of `{}` for one: they make it with `claw-registry token create`",
            registry.origin
        )));
    }
    Ok(token)
}
