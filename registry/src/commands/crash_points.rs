//! `claw-registry crash-points`: the steps that a test can end a registry at.

use std::io::Write as _;
use std::process::ExitCode;

use claw_registry::crash::Step;

use super::Done;

/// Prints one name a line, in the order in which they are passed.
pub(crate) fn run() -> Done {
    let mut out = std::io::stdout();
    for step in Step::ALL {
        writeln!(out, "{step}")?;
    }
    Ok(ExitCode::SUCCESS)
}
