//! Which release a spec means, and the proof that it is one.
//!
//! The index only proposes. A release is chosen once its note is verified and says what the index
//! said; a newer one is passed over as yanked only when the yank is signed too.

use claw_package::{PackageName, Requirement, Version, ranked};
use claw_registry_api::IndexLine;
use claw_registry_client::ClientError;
use claw_trust::{VerifiedRelease, VerifiedYank, YankAction};

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::lock::{Locked, altered_hint};
use crate::registry::{Source, request_failure};

/// A verified release, as the index offers it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) release: VerifiedRelease,
    /// The proof that it is hidden from new resolution.
    pub(crate) yank: Option<VerifiedYank>,
}

impl Offer {
    /// The signer's reason, if it gave one.
    pub(crate) fn yank_reason(&self) -> Option<String> {
        self.yank.as_ref().map(reason)
    }
}

/// The signer's reason for a yank.
pub(crate) fn reason(yank: &VerifiedYank) -> String {
    let reason = yank.yank().reason.as_ref();
    reason.map_or_else(|| "no reason given".to_owned(), ToString::to_string)
}

/// The releases of a package as its registry lists them, unverified.
pub(crate) async fn index(source: &Source, name: &PackageName) -> Outcome<Vec<IndexLine>> {
    let registry = &source.registry;
    let act = || {
        format!(
            "could not get the index of `{name}` from `{}`",
            registry.address
        )
    };
    let lines = match registry.client.index(name).await {
        Ok(lines) => lines.unwrap_or_default(),
        Err(ClientError::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(request_failure(error, act())),
    };
    if lines.is_empty() {
        let failure = Failure::not_found(format!("`{}` has no package `{name}`", registry.address));
        return Err(failure.hint(format!("claw search {}", name.name())));
    }
    if let Some(line) = lines.iter().find(|line| line.name != *name) {
        return Err(Failure::verification(format!("it is of `{}`", line.name)).during(act()));
    }
    Ok(lines)
}

/// The highest version that the requirement matches, never a yanked one.
pub(crate) async fn highest(
    source: &Source,
    name: &PackageName,
    requirement: &Requirement,
) -> Outcome<Offer> {
    let lines = index(source, name).await?;
    for line in ranked(&lines, requirement, |line| &line.version) {
        let offer = verify(source, line).await?;
        if offer.yank.is_none() {
            return Ok(offer);
        }
    }
    let versions: Vec<_> = lines
        .iter()
        .map(|line| {
            if line.yanked.is_some() {
                format!("{} (yanked)", line.version)
            } else {
                line.version.to_string()
            }
        })
        .collect();
    let failure = Failure::not_found(format!("no version of `{name}` matches `{requirement}`"));
    Err(failure.hint(format!("there are: {}", versions.join(", "))))
}

/// The version that [`highest`] would take, or none where nothing matches.
pub(crate) async fn highest_of(
    source: &Source,
    name: &PackageName,
    requirement: &Requirement,
) -> Outcome<Option<Version>> {
    match highest(source, name, requirement).await {
        Ok(offer) => Ok(Some(offer.release.release().version.clone())),
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The very release that a lock names, yanked or not.
pub(crate) async fn locked(source: &Source, locked: &Locked) -> Outcome<Offer> {
    let lines = index(source, &locked.name).await?;
    let Some(line) = lines.iter().find(|line| line.version == locked.version) else {
        let (name, version) = (&locked.name, &locked.version);
        if let Some(line) = lines.iter().find(|line| line.note == locked.note) {
            let message = format!(
                "its `version` is `{version}`, and its `note` is of `{}`",
                line.version
            );
            let failure = Failure::verification(message);
            return Err(failure
                .during(format!("claw.lock was altered at `{name}`"))
                .hint(altered_hint(name)));
        }
        let address = &source.registry.address;
        let failure = Failure::not_found(format!("`{address}` has no `{name}@{version}`"));
        return Err(failure.hint(altered_hint(name)));
    };
    if line.note != locked.note {
        let message = format!(
            "`{}@{}` is the release `{}` in the lock, and `{}` at `{}`",
            locked.name, locked.version, locked.note, line.note, source.registry.address
        );
        return Err(Failure::verification(message));
    }
    verify(source, line).await
}

/// Fetches and verifies everything signed about one line.
pub(crate) async fn verify(source: &Source, line: &IndexLine) -> Outcome<Offer> {
    let title = format!("{}@{}", line.name, line.version);
    let act = || {
        format!(
            "could not verify `{title}` from `{}`",
            source.registry.address
        )
    };
    let client = &source.registry.client;
    let note = client
        .fetch_note(&line.note)
        .await
        .map_err(|error| missing_is_wrong(error, act()))?;
    let release =
        VerifiedRelease::verify(&note, &source.keyset).or_fail(Kind::Verification, act())?;
    line.check_release(&release)
        .or_fail(Kind::Verification, act())?;
    let yank = match &line.yanked {
        None => None,
        Some(digest) => {
            let note = client
                .fetch_note(digest)
                .await
                .map_err(|error| missing_is_wrong(error, act()))?;
            let yank =
                VerifiedYank::verify(&note, &source.keyset).or_fail(Kind::Verification, act())?;
            yank.check_release(&release)
                .or_fail(Kind::Verification, act())?;
            if yank.yank().action != YankAction::Yank {
                return Err(Failure::verification(
                    "the index calls it yanked by a note that says the opposite",
                )
                .during(act()));
            }
            Some(yank)
        }
    };
    Ok(Offer { release, yank })
}

/// The index promised these bytes: without them its promise is false.
fn missing_is_wrong(error: ClientError, act: String) -> Failure {
    let failure = request_failure(error, act);
    if failure.kind == Kind::NotFound {
        Failure {
            kind: Kind::Verification,
            ..failure
        }
    } else {
        failure
    }
}

/// The requirement that `claw add NAME` writes down: compatible with what was found.
pub(crate) fn compatible_with(version: &Version) -> Outcome<Requirement> {
    format!("^{version}")
        .parse()
        .or_fail(Kind::Bug, "could not print a requirement")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_means_caret() {
        assert_eq!(
            compatible_with(&"1.2.3".parse().unwrap())
                .unwrap()
                .to_string(),
            "^1.2.3"
        );
    }
}
