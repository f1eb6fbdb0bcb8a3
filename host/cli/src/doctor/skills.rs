//! Whether the skills of this project have what together is a danger.

use super::Finding;
use crate::danger::{self, Warning};
use crate::failure::Outcome;
use crate::home::Home;
use crate::installed::Shelf;
use crate::journal;
use crate::settings::Settings;

const SKILLS: &str = "skills";

/// One finding for each danger. What can't be read is told of with the files.
pub(super) fn dangers(home: &Home) -> Vec<Finding> {
    look(home).unwrap_or_default()
}

fn look(home: &Home) -> Outcome<Vec<Finding>> {
    // Reading what belongs together would finish what another command had begun.
    if journal::is_open(home) {
        return Ok(Vec::new());
    }
    let settings = Settings::read(home)?;
    let shelf = Shelf::open(home)?;
    let holders = danger::holders(home, &settings, &shelf);
    let warnings = Warning::all(&holders);
    let mut findings: Vec<_> = warnings
        .iter()
        .map(|warning| {
            Finding::notice(SKILLS, warning.one_line()).mend("claw revoke NAME PERMISSION")
        })
        .collect();
    if findings.is_empty() && !holders.is_empty() {
        let what = "none of this project, nor all of them together, sees private data, reads what strangers \
                    write, and can send data out";
        findings.push(Finding::good(SKILLS, what));
    }
    Ok(findings)
}
