//! Whether the operator's secrets can be used: the keyring answers, and what is sealed opens.
//!
//! No value is asked of a keyring: a locked one would ask a person for its password.

use super::Finding;
use crate::failure::{Kind, Outcome};
use crate::home::Home;
use crate::record::Records;
use crate::secrets::{Keyring, Place, Secrets, SystemKeyring, names_of};

const SECRETS: &str = "secrets";

pub(super) fn secrets(home: &Home) -> Vec<Finding> {
    let keyring = SystemKeyring::of(home);
    let secrets = match Secrets::open(home, &keyring) {
        Ok(secrets) => secrets,
        Err(failure) => return vec![Finding::of(SECRETS, &failure)],
    };
    let mut findings = vec![reach(&keyring, &secrets)];
    findings.extend(unsealed(&secrets).err());
    // Records that can't be read are told of with the other files.
    findings.extend(missing(home, &secrets).unwrap_or_default());
    findings
}

/// Whether the keyring answers, and how much depends on it.
fn reach(keyring: &dyn Keyring, secrets: &Secrets<'_>) -> Finding {
    let count = |place: Place| secrets.names().filter(|(_, kept)| *kept == place).count();
    let (there, here) = (count(Place::Keyring), count(Place::File));
    match keyring.check() {
        Ok(()) => Finding::good(
            SECRETS,
            format!(
                "the system keyring answers: {there} are kept in it, {here} in the encrypted file"
            ),
        ),
        Err(why) if there == 0 => Finding::notice(
            SECRETS,
            format!(
                "no system keyring: secrets are kept in the encrypted file, {here} so far, with the key \
                 beside it ({why})"
            ),
        ),
        Err(why) => {
            let what =
                format!("{there} are kept in the system keyring, which can't be used: {why}");
            Finding::broken(SECRETS, Kind::Io, what)
        }
    }
}

/// Whether every value in the file opens.
fn unsealed(secrets: &Secrets<'_>) -> Result<(), Finding> {
    let sealed = secrets.names().filter(|(_, kept)| *kept == Place::File);
    for (name, _) in sealed {
        secrets
            .value(name)
            .map_err(|failure| Finding::of(SECRETS, &failure))?;
    }
    Ok(())
}

/// Names that some skill was granted and that were never set.
fn missing(home: &Home, secrets: &Secrets<'_>) -> Outcome<Vec<Finding>> {
    let mut missing = Vec::new();
    for records in Records::all(home)? {
        for (skill, record) in &records.skills {
            let granted = record.granted.without(&record.revoked);
            for name in names_of(&granted) {
                if secrets.place(name).is_none() {
                    let what =
                        format!("`{skill}` was granted the secret `{name}`, which was never set");
                    missing.push(
                        Finding::notice(SECRETS, what).mend(format!("claw secret set {name}")),
                    );
                }
            }
        }
    }
    Ok(missing)
}
