//! `claw doctor`: what does not work on this machine, and the command that mends it.

use serde_json::{Value, json};

use super::{Context, NetworkArgs, block_on};
use crate::doctor::{self, State};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::pins::Pins;

/// Check home, keys, cache, kernel, registries and clock, and say what mends them.
///
/// It changes nothing. When something is broken the exit code is that of a command that needs it: 2
/// files and clock, 4 verification, 7 registries.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask no registry.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    network: NetworkArgs,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let mut findings = doctor::machine(&context.home);
    // What can't be read was told already; with the defaults there is nobody to ask.
    let settings = context.settings().unwrap_or_default();
    let pins = Pins::read(&context.home).unwrap_or_default();
    if !args.offline {
        let asked = doctor::registries(&settings, &pins, args.network.allow_http);
        findings.extend(block_on(asked)?);
    }
    let broken: Vec<_> = findings
        .iter()
        .filter_map(|finding| match finding.state {
            State::Broken(kind) => Some((kind, finding)),
            State::Good | State::Notice => None,
        })
        .collect();
    if context.json {
        let list: Vec<Value> = findings.iter().map(doctor::Finding::to_json).collect();
        output::json(&json!({"broken": broken.len(), "findings": list}))?;
    } else {
        findings.iter().try_for_each(doctor::Finding::print)?;
    }
    let Some((kind, first)) = broken.first() else {
        return Ok(());
    };
    let message = match broken.len() {
        1 => "1 thing is broken".to_owned(),
        count => format!("{count} things are broken"),
    };
    let failure = Failure::new(*kind, message);
    Err(match &first.mend {
        Some(mend) => failure.hint(mend),
        None => failure,
    })
}
