//! `cargo claw key`: makes and shows publishers' keys, and writes the note with which a namespace begins.
//!
//! A private key never leaves its file.

use std::str::FromStr;

use claw_package::Namespace;
use claw_trust::{KeyName, Keyset, PublicKey, SigningKey, fingerprint_words};
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::registry::{self, Address};
use crate::{keys, output};

/// Make, show and use the keys that sign releases
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key, such as `acme/alice`
    New {
        /// The namespace it signs for, and a word for whose it is
        name: KeyName,
    },
    /// List the keys on this machine
    List,
    /// Print the public half of a key
    Export {
        /// The key
        name: KeyName,
    },
    /// Print the note with which a namespace begins at a registry
    ///
    /// Its administrator makes the namespace from it: `claw-registry namespace create`.
    Genesis {
        /// The namespace, or the key to begin with where it has more than one
        #[arg(value_name = "NAMESPACE|KEY")]
        first: First,
        #[command(flatten)]
        registry: Address,
    },
}

/// With which key a namespace begins.
#[derive(Debug, Clone)]
enum First {
    OnlyOneOf(Namespace),
    Named(KeyName),
}

impl FromStr for First {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text.contains('/') {
            First::Named(text.parse()?)
        } else {
            First::OnlyOneOf(text.parse()?)
        })
    }
}

/// Does what was asked.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let home = Home::from_environment()?;
    match args.command {
        Command::New { name } => make(&home, name, json),
        Command::List => list(&home, json),
        Command::Export { name } => {
            let key = keys::public(&home, &name)?;
            if json {
                output::json(&described(&key))
            } else {
                output::data(key)
            }
        }
        Command::Genesis { first, registry } => genesis(&home, first, &registry),
    }
}

fn make(home: &Home, name: KeyName, json: bool) -> Outcome {
    let passphrase = new_passphrase(&name)?;
    let key = SigningKey::generate(name).or_fail(Kind::Io, "could not make a key")?;
    let path = keys::write(home, &key, &passphrase)?;
    let public = key.public();
    if passphrase.is_empty() {
        output::warn(format_args!(
            "`{}` has no passphrase: whoever can read `{}` can sign",
            public.name(),
            path.display()
        ));
    }
    if json {
        return output::json(&described(public));
    }
    output::say(format_args!(
        "made the key `{}` in `{}`",
        public.name(),
        path.display()
    ));
    output::data(line(public))
}

/// The passphrase of a new key, empty when it is to have none.
fn new_passphrase(name: &KeyName) -> Outcome<Zeroizing<String>> {
    if let Some(passphrase) = keys::passphrase_from_environment() {
        return Ok(passphrase);
    }
    if output::somebody_is_there() {
        return output::ask_new_secret(&format!("passphrase for {name} (empty for none)"));
    }
    Ok(Zeroizing::default())
}

/// A key as people compare it.
fn line(key: &PublicKey) -> String {
    format!("{}  {}", key.name(), fingerprint_words(&key.fingerprint()))
}

fn list(home: &Home, json: bool) -> Outcome {
    let keys = keys::list(home)?;
    if json {
        return output::json(&keys.iter().map(described).collect());
    }
    if keys.is_empty() {
        output::say("there are no keys\nhint: cargo claw key new NAMESPACE/YOU");
    }
    for key in keys {
        output::data(line(&key))?;
    }
    Ok(())
}

fn genesis(home: &Home, first: First, registry: &Address) -> Outcome {
    let name = match first {
        First::Named(name) => name,
        First::OnlyOneOf(namespace) => only_key(home, &namespace)?,
    };
    let origin = registry::origin(registry)?;
    let key = keys::unlock(home, &name)?;
    let note = Keyset::genesis(&origin, &key);
    let keyset = Keyset::verify(&note).or_fail(Kind::Bug, "could not read the new keyset")?;
    output::say(format_args!(
        "the keyset {} of `{}` at `{origin}`",
        keyset.reference(),
        keyset.namespace
    ));
    output::say(format_args!("it begins with {}", line(key.public())));
    // A note ends in a line feed of its own.
    output::data(String::from_utf8_lossy(&note).trim_end_matches('\n'))
}

/// The key of a namespace that has one.
fn only_key(home: &Home, namespace: &Namespace) -> Outcome<KeyName> {
    let keys = keys::list_of(home, namespace)?;
    match keys.as_slice() {
        [key] => Ok(key.name().clone()),
        [] => {
            let failure = Failure::not_found(format!("there is no key of `{namespace}`"));
            Err(failure.hint(format!("cargo claw key new {namespace}/YOU")))
        }
        [key, ..] => {
            let failure = Failure::usage(format!("`{namespace}` has more than one key"));
            Err(failure.hint(format!("name one, such as {}", key.name())))
        }
    }
}

fn described(key: &PublicKey) -> serde_json::Value {
    let words = fingerprint_words(&key.fingerprint());
    serde_json::json!({"name": key.name().to_string(), "public": key.to_string(), "words": words})
}
