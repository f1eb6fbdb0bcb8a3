//! The release before the one at hand: found at the registry that is logged in to, believed as anybody would
//! believe it, and what changes since for those who call it.
//!
//! Which releases are yanked is taken from the index: the registry decides by it too. Nothing else is taken
//! unsigned, and nothing is run.

use claw_package::limits::PACKED_BYTES_MAX;
use claw_package::{ComponentInfo, Manifest, NoSink, Package, Verdict, compatibility};
use claw_registry_api::IndexLine;
use claw_trust::{Keyset, VerifiedRelease};
use serde_json::{Value, json};

use crate::credentials::Credentials;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::output;
use crate::registry::Registry;

/// What a comparison with the last release came to.
pub(crate) enum Compared {
    /// Nothing was compared, for this reason.
    Nothing(String),
    /// It was.
    With(Since),
}

/// What changed since a release.
pub(crate) struct Since {
    pub(crate) verdict: Verdict,
    /// Whether that release has the very version that the manifest has.
    is_same_version: bool,
    name: String,
}

/// Compares with the last release, as far as there is one and it can be had.
pub(crate) fn compare_where_possible(
    manifest: &Manifest,
    info: &ComponentInfo,
) -> Outcome<Compared> {
    let credentials = Credentials::read(&Home::from_environment()?)?;
    let Some((origin, login)) = credentials.current() else {
        let reason = "no registry is logged in to (cargo claw login --registry URL)";
        return Ok(Compared::Nothing(reason.to_owned()));
    };
    let compared = Registry::of_login(origin, login).and_then(|registry| {
        let keyset = registry.keyset(manifest.name.namespace())?;
        compare(&registry, &keyset, manifest, info)
    });
    match compared {
        Ok(Some(since)) => Ok(Compared::With(since)),
        Ok(None) => Ok(Compared::Nothing(format!(
            "`{}` has no release at `{origin}` that comes before {}",
            manifest.name, manifest.version
        ))),
        Err(failure) if matches!(failure.kind, Kind::Registry | Kind::NotFound) => {
            Ok(Compared::Nothing(failure.one_line()))
        }
        Err(failure) => Err(failure),
    }
}

/// Compares with the last release at `registry`; `None` where there is none.
///
/// That is the release of the manifest's own version where it is published already, else the one that the
/// registry holds it against.
pub(crate) fn compare(
    registry: &Registry,
    keyset: &Keyset,
    manifest: &Manifest,
    info: &ComponentInfo,
) -> Outcome<Option<Since>> {
    let lines = registry.ask(|client| client.index(&manifest.name))?;
    let lines = lines.unwrap_or_default();
    let version = &manifest.version;
    let own = lines.iter().find(|line| line.version == *version);
    let before = || {
        compatibility::baseline(
            &lines,
            version,
            |line| &line.version,
            |line| line.yanked.is_some(),
        )
    };
    let Some(line) = own.or_else(before) else {
        return Ok(None);
    };
    let package = fetch(registry, keyset, line)?;
    let changes = compatibility::compare(&package.info, info);
    let grown = package.skill.manifest.permissions;
    let grown = grown.difference_added(&manifest.permissions);
    let taken = lines.iter().map(|line| &line.version);
    Ok(Some(Since {
        verdict: Verdict::new(&line.version, version, changes, grown, taken),
        is_same_version: own.is_some(),
        name: format!("{}@{version}", manifest.name),
    }))
}

/// The package of one line of the index: its note against the keyset, its bytes against the note.
fn fetch(registry: &Registry, keyset: &Keyset, line: &IndexLine) -> Outcome<Package> {
    let act = || {
        format!(
            "could not verify the release {} before this one",
            line.version
        )
    };
    let note = registry.ask(|client| client.fetch_note(&line.note))?;
    let release = VerifiedRelease::verify(&note, keyset).or_fail(Kind::Verification, act())?;
    line.check_release(&release)
        .or_fail(Kind::Verification, act())?;
    if line.size > PACKED_BYTES_MAX {
        return Err(Failure::new(
            Kind::Verification,
            format!("its tarball is said to have {} bytes", line.size),
        )
        .during(act()));
    }
    let bytes = registry.ask(|client| async move {
        let mut bytes = Vec::new();
        client
            .download(&line.tarball, line.size, &mut bytes)
            .await?;
        Ok(bytes)
    })?;
    let package =
        claw_package::read(bytes.as_slice(), &mut NoSink).or_fail(Kind::Verification, act())?;
    release
        .check_package(&package)
        .or_fail(Kind::Verification, act())?;
    Ok(package)
}

impl Compared {
    /// Prints it for people.
    pub(crate) fn print(&self) -> Outcome {
        match self {
            Self::With(since) => output::data(since.lines().join("\n")),
            Self::Nothing(reason) => {
                output::say(format_args!("compared with no earlier release: {reason}"));
                Ok(())
            }
        }
    }

    /// Fails where the version would not be published.
    pub(crate) fn judged(&self) -> Outcome {
        match self {
            Self::With(since) => since.refusal().map_or(Ok(()), Err),
            Self::Nothing(_) => Ok(()),
        }
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::With(since) => since.json(),
            Self::Nothing(reason) => json!({"with": null, "reason": reason}),
        }
    }
}

impl Since {
    /// Each change on a line, and what follows for the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let verdict = &self.verdict;
        let mut lines = vec![format!("since {}:", verdict.previous)];
        for change in &verdict.changes {
            let what = if change.breaking { "breaks" } else { "adds" };
            lines.push(format!("  {what}: {change}"));
        }
        for line in &verdict.grown {
            lines.push(format!("  asks for more: {line}  {}", line.describe()));
        }
        if lines.len() == 1 {
            lines.push("  nothing changes for those who call it".to_owned());
        } else if let (true, Some(smallest)) = (self.is_same_version, &verdict.smallest) {
            lines.push(format!("  the next version has to be {smallest} or higher"));
        }
        lines
    }

    /// Why the version will not be published, where it is too near to the release before it. One that is
    /// published already is not judged by this.
    pub(crate) fn refusal(&self) -> Option<Failure> {
        let objection = self.verdict.objection();
        let objection = objection.filter(|_| !self.is_same_version)?;
        let message = format!("`{}` can't follow {}", self.name, self.verdict.previous);
        let failure = Failure::new(Kind::Check, objection).during(message);
        Some(match &self.verdict.smallest {
            Some(smallest) => failure.hint(format!(
                "set the version to {smallest} in the manifest, or take the change back"
            )),
            None => failure.hint("take the change back"),
        })
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let Verdict {
            previous,
            changes,
            grown,
            required,
            smallest,
            ..
        } = &self.verdict;
        let changes: Vec<_> = changes
            .iter()
            .map(|change| json!({"breaking": change.breaking, "change": change.to_string()}))
            .collect();
        json!({
            "with": previous, "changes": changes, "permissions_added": grown, "required": required.to_string(),
            "smallest": smallest, "enough": self.refusal().is_none(),
        })
    }
}
