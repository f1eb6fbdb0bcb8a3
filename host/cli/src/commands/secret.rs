//! `claw secret`: values that skills may have sent and never see.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use claw_package::permission::EnvironmentName;
use serde_json::json;

use super::Context;
use crate::failure::{Failure, Outcome};
use crate::home::Home;
use crate::output;
use crate::record::Records;
use crate::secrets::{self, Secrets, SystemKeyring};

/// Keep secrets that skills use and never see.
///
/// A skill with a granted `secret` permission writes a placeholder into a request; the value is put
/// in its place behind the sandbox, for the hosts and the header that the permission names. Values
/// are kept in the system keyring, or in an encrypted file in your home where there is none.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, clap::Subcommand)]
enum SecretCommand {
    /// Set a secret: its value is asked for on a terminal, and else read from stdin.
    Set {
        /// Its name, as in the `secret` permissions of skills.
        name: String,
        /// There is no way to say it here, where every program on the machine could read it.
        #[arg(hide = true, num_args = 0.., allow_hyphen_values = true)]
        surplus: Vec<OsString>,
    },
    /// List the names of secrets, where each is kept, and which skills may use it.
    List,
    /// Remove a secret.
    Remove {
        /// Its name.
        #[arg(add = crate::completions::secrets())]
        name: String,
    },
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    match args.command {
        SecretCommand::Set { name, surplus } => set(context, &name, &surplus),
        SecretCommand::List => list(context),
        SecretCommand::Remove { name } => remove(context, &name),
    }
}

/// Whoever types a value beside the name must not read it again in an error, which ends up in logs.
fn set(context: &Context, name: &str, surplus: &[OsString]) -> Outcome {
    if !surplus.is_empty() || name.contains('=') {
        let failure = Failure::usage(
            "a value on the command line is seen by every program on this machine, and stays in the \
             history of the shell",
        );
        return Err(failure.hint("claw secret set NAME, and type the value, or give it to stdin"));
    }
    let name = parse(name)?;
    let home = &context.home;
    let value = if output::somebody_is_there() {
        secrets::from_terminal(&format!("the value of `{name}`"))?
    } else {
        secrets::from_stdin()?
    };
    let _writing = home.lock()?;
    let keyring = SystemKeyring::of(home);
    let (place, why) = Secrets::open(home, &keyring)?.set(&name, &value)?;
    if let Some(why) = why {
        output::warn(format_args!(
            "the system keyring can't be used ({why}), so `{name}` is in the encrypted file `{}`: whoever \
             can read your files can read it",
            home.secrets().display()
        ));
    }
    if context.json {
        return output::json(&json!({"name": name.as_str(), "kept": place.as_str()}));
    }
    output::data(format_args!("set {name}, kept in {}", place.describe()))
}

fn list(context: &Context) -> Outcome {
    let keyring = SystemKeyring::of(&context.home);
    let secrets = Secrets::open(&context.home, &keyring)?;
    let users = users(&context.home)?;
    let kept: BTreeMap<_, _> = secrets.names().collect();
    let names: BTreeSet<&str> = kept
        .keys()
        .copied()
        .chain(users.keys().map(String::as_str))
        .collect();
    let none = BTreeSet::new();
    let used_by = |name: &str| users.get(name).unwrap_or(&none);
    if context.json {
        let rows = names.iter().map(|name| {
            let used_by = used_by(name)
                .iter()
                .map(|(skill, project)| json!({"skill": skill, "project": project}));
            json!({
                "name": name,
                "kept": kept.get(name).map(|place| place.as_str()),
                "used_by": used_by.collect::<Vec<_>>(),
            })
        });
        return output::json(&rows.collect());
    }
    for name in &names {
        match kept.get(name) {
            Some(place) => output::data(format_args!("{name}  kept in {}", place.describe()))?,
            None => output::data(format_args!("{name}  was never set"))?,
        }
        let lines: Vec<_> = used_by(name)
            .iter()
            .map(|(skill, project)| format!("used by {skill} in `{project}`"))
            .collect();
        output::lines(&lines)?;
    }
    if names.is_empty() {
        output::say("no secrets are set");
        output::say("hint: claw secret set NAME");
    }
    Ok(())
}

/// Which skills may use a secret of which name, in which project. No level gives one.
fn users(home: &Home) -> Outcome<BTreeMap<String, BTreeSet<(String, String)>>> {
    let mut users: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for records in Records::all(home)? {
        for (skill, record) in &records.skills {
            let granted = record.granted.without(&record.revoked);
            for name in secrets::names_of(&granted) {
                let user = (skill.to_string(), records.path().to_owned());
                users.entry(name.to_string()).or_default().insert(user);
            }
        }
    }
    Ok(users)
}

fn remove(context: &Context, name: &str) -> Outcome {
    let name = parse(name)?;
    let home = &context.home;
    let _writing = home.lock()?;
    let keyring = SystemKeyring::of(home);
    let left = Secrets::open(home, &keyring)?.remove(&name)?;
    if let Some(why) = left {
        output::warn(format_args!(
            "claw uses `{name}` no more, but its value may still be in the system keyring, which can't be \
             used: {why}"
        ));
    }
    if context.json {
        return output::json(&json!({"name": name.as_str()}));
    }
    output::data(format_args!("removed {name}"))
}

/// What was typed is not repeated: it may be the value, in the wrong place.
fn parse(name: &str) -> Outcome<EnvironmentName> {
    name.parse().map_err(|_| {
        Failure::usage("a secret's name has letters, digits and `_`, and begins with no digit")
    })
}
