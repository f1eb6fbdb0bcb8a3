//! `claw trust`: which registries are asked, and whose keys are believed.

use claw_package::{Digest, Namespace};
use claw_trust::{KeysetRef, Origin};
use serde_json::json;

use super::add::keyset_digest;
use super::{Context, NetworkArgs, block_on};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::journal::Changes;
use crate::output;
use crate::pins::{By, Pin, Pins};
use crate::registry::{Network, normal_address};
use crate::settings::edit;
use crate::show;
use crate::store;

/// Show and change what is trusted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: TrustCommand,
}

#[derive(Debug, clap::Subcommand)]
enum TrustCommand {
    /// List trusted registries and pinned namespaces.
    List,
    /// Trust a registry: it is asked for skills, and its address is pinned to its origin.
    AddRegistry {
        /// Its address, such as `https://skills.example.com`.
        #[arg(value_name = "URL")]
        address: String,
        /// Its origin, from its operator. The address is pinned to it without asking there.
        #[arg(long, value_name = "NAME")]
        origin: Option<Origin>,
        #[command(flatten)]
        network: NetworkArgs,
    },
    /// Trust the keys of a namespace.
    Add {
        /// The namespace, such as acme.
        namespace: Namespace,
        /// The origin of the registry that it belongs to.
        #[arg(long, value_name = "NAME")]
        origin: Origin,
        /// The digest of its keyset, from its owner.
        #[arg(long, value_name = "DIGEST", value_parser = keyset_digest)]
        keyset: Digest,
    },
    /// Stop trusting a namespace, the address of a registry, or an origin with all its addresses.
    Remove {
        /// acme, `https://skills.example.com`, or the name of an origin.
        #[arg(value_name = "NAMESPACE|URL|ORIGIN")]
        what: String,
    },
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    match args.command {
        TrustCommand::List => list(context),
        TrustCommand::AddRegistry {
            address,
            origin,
            network,
        } => add_registry(context, &address, origin, network, Changes::default()),
        TrustCommand::Add {
            namespace,
            origin,
            keyset,
        } => add(context, &namespace, origin, keyset),
        TrustCommand::Remove { what } => remove(context, &what),
    }
}

/// Trusts a registry. With an origin given, the operator has said who it is and nobody is asked.
pub(super) fn add_registry(
    context: &Context,
    address: &str,
    origin: Option<Origin>,
    network: NetworkArgs,
    mut changes: Changes,
) -> Outcome {
    let home = &context.home;
    let address = normal_address(address)?;
    let _writing = home.lock()?;
    let settings = context.settings()?;
    let mut pins = Pins::read(home)?;
    let origin = match origin {
        Some(origin) => origin,
        None => {
            // Naming the address is the operator's act, so that `strict` has nothing to add to it.
            let settings = crate::settings::Settings {
                security: Default::default(),
                ..settings
            };
            let network = Network {
                settings: &settings,
                allow_http: network.allow_http,
            };
            block_on(network.contact(&address, &mut pins))?.origin
        }
    };
    pins.pin_address(&origin, &address)?;
    pins.add_to(&mut changes, home)?;
    edit::add_registry(home, &address, &mut changes)?;
    changes.commit(home)?;
    if context.json {
        return output::json(&json!({"registry": {"origin": origin.as_str(), "address": address}}));
    }
    output::data(format_args!("trusted registry `{origin}` at {address}"))
}

fn add(context: &Context, namespace: &Namespace, origin: Origin, keyset: Digest) -> Outcome {
    let home = &context.home;
    let _writing = home.lock()?;
    let mut pins = Pins::read(home)?;
    let keyset = KeysetRef {
        sequence: 1,
        digest: keyset,
    };
    let pin = Pin {
        origin: origin.clone(),
        keyset,
        by: By::Operator,
    };
    if pins.pin_namespace(namespace, pin)? {
        pins.write(home)?;
    }
    if context.json {
        let (origin, keyset) = (origin.as_str(), keyset.to_string());
        let pinned = json!({"name": namespace, "origin": origin, "keyset": keyset});
        return output::json(&json!({"namespace": pinned}));
    }
    output::data(format_args!(
        "trusted `{namespace}` from `{origin}` with keyset {keyset}"
    ))?;
    if pins.addresses_of(&origin).is_empty() {
        output::say(format_args!("no address of `{origin}` is known yet"));
        output::say(format_args!(
            "hint: claw trust add-registry URL --origin {origin}"
        ));
    }
    Ok(())
}

fn remove(context: &Context, what: &str) -> Outcome {
    let home = &context.home;
    let _writing = home.lock()?;
    let mut pins = Pins::read(home)?;
    let before = pins.clone();
    let mut gone = Vec::new();
    if what.contains("://") {
        let address = normal_address(what)?;
        for addresses in pins.registries.values_mut() {
            addresses.retain(|known| *known != address);
        }
        pins.registries.retain(|_, addresses| !addresses.is_empty());
        gone.push(address);
    } else if pins.namespaces.remove(what).is_none() {
        gone = pins.registries.remove(what).ok_or_else(|| {
            Failure::not_found(format!(
                "`{what}` is no pinned namespace, trusted address or origin"
            ))
            .hint("claw trust list")
        })?;
    }
    let mut changes = Changes::default();
    let mut changed = edit::remove_registries(home, &gone, &mut changes)?;
    if pins != before {
        pins.add_to(&mut changes, home)?;
        changed = true;
    }
    changes.commit(home)?;
    if !changed {
        return Err(
            Failure::new(Kind::NotFound, format!("`{what}` was not trusted"))
                .hint("claw trust list"),
        );
    }
    if context.json {
        return output::json(&json!({"removed": what}));
    }
    output::data(format_args!("no longer trusted: {what}"))
}

fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let pins = Pins::read(&context.home)?;
    // The words are at hand once something of the namespace was installed.
    let words = |namespace: &str, pin: &Pin| {
        store::find_keyset(&context.home, namespace, &pin.keyset)
            .map(|(keyset, _)| show::release_keys(&keyset))
    };
    if context.json {
        let mut registries = Vec::new();
        for address in &settings.trusted_registries {
            let origin = pins.origin_of(address).map(|origin| origin.to_string());
            registries.push(json!({"address": address, "origin": origin}));
        }
        let mut namespaces = Vec::new();
        for (namespace, pin) in &pins.namespaces {
            let by = serde_json::to_value(pin.by).or_fail(Kind::Bug, "could not print a pin")?;
            namespaces.push(json!({
                "name": namespace,
                "origin": pin.origin.as_str(),
                "keyset": pin.keyset.to_string(),
                "by": by,
                "keys": words(namespace, pin),
            }));
        }
        return output::json(&json!({"registries": registries, "namespaces": namespaces}));
    }
    for address in &settings.trusted_registries {
        let origin = pins
            .origin_of(address)
            .map_or_else(|| "not met yet".to_owned(), |origin| format!("`{origin}`"));
        output::data(format_args!("registry {address}  {origin}"))?;
    }
    for (namespace, pin) in &pins.namespaces {
        let by = match pin.by {
            By::Operator => "by you",
            By::FirstUse => "on first use",
        };
        output::data(format_args!(
            "namespace {namespace}  from `{}`  {by}  keyset {}",
            pin.origin, pin.keyset
        ))?;
        if let Some(words) = words(namespace, pin) {
            output::data(format_args!("  keys: {words}"))?;
        }
    }
    if settings.trusted_registries.is_empty() {
        output::say("no registry is trusted");
        output::say("hint: claw trust add-registry URL");
    }
    Ok(())
}
