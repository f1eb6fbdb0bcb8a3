//! How a release differs from the one that has its version already, in the words of their notes.
//!
//! It only explains a registry's no. Where the standing note can't be had, that no has to do.

use claw_registry_api::ErrorCode;
use claw_registry_client::ClientError;
use claw_trust::{Keyset, Release, VerifiedRelease};

use crate::failure::Failure;
use crate::registry::{self, Registry};

/// Why `release` was not published, saying what differs where another one stands.
pub(crate) fn explained(
    error: ClientError,
    registry: &Registry,
    keyset: &Keyset,
    release: &Release,
) -> Failure {
    let code = match &error {
        ClientError::Refused { code, .. } => *code,
        _ => ErrorCode::Unknown,
    };
    let failure = registry::failure(error);
    if code != ErrorCode::ReleaseExists {
        return failure;
    }
    let Some(standing) = find(registry, keyset, release) else {
        return failure;
    };
    let (package, version) = (&release.package, &release.version);
    let title = format!("{package}@{version}");
    Failure {
        error: anyhow::Error::msg(differences(&standing, release)).context(format!(
            "`{title}` is published at `{}` already",
            registry.origin
        )),
        ..failure
    }
}

/// The release that has the version of `release`.
fn find(registry: &Registry, keyset: &Keyset, release: &Release) -> Option<Release> {
    let lines = registry.try_ask(|client| client.index(&release.package));
    let line = lines.ok()??;
    let line = line
        .into_iter()
        .find(|line| line.version == release.version)?;
    let note = registry.try_ask(|client| client.fetch_note(&line.note));
    let verified = VerifiedRelease::verify(&note.ok()?, keyset).ok()?;
    Some(verified.release().clone())
}

/// The fields that differ; what they say where a person can compare it, which digests are not for.
fn differences(there: &Release, here: &Release) -> String {
    let (there_text, here_text) = (there.to_text(), here.to_text());
    let differing: Vec<String> = there_text
        .lines()
        .zip(here_text.lines())
        .filter(|(there, here)| there != here)
        .filter_map(|(there, here)| Some((there.split_once(' ')?, here.split_once(' ')?)))
        .map(|((field, there), (_, here))| {
            if there.contains("sha256:") || here.contains("sha256:") {
                format!("`{field}`")
            } else {
                format!("`{field}` (there `{there}`, here `{here}`)")
            }
        })
        .collect();
    let what = if there.tarball == here.tarball {
        "the package is the same, but its note is another"
    } else {
        "the package is another"
    };
    format!("{what}: it differs in {}", differing.join(", "))
}

#[cfg(test)]
mod tests {
    use claw_package::{Digest, Measured};
    use claw_trust::Source;

    use super::*;

    fn release() -> Release {
        let measured = |text: &str| Measured {
            digest: Digest::of(text.as_bytes()),
            size: 1,
        };
        let digest = Digest::of(b"keyset");
        Release {
            registry: "registry.example".parse().unwrap(),
            package: "acme/x".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
            tarball: measured("tarball"),
            content: measured("content"),
            component: measured("component"),
            manifest: measured("manifest"),
            permissions: Digest::of(b"permissions"),
            keyset: format!("1:{digest}").parse().unwrap(),
            source: None,
        }
    }

    #[test]
    fn another_commit_of_the_same_package_is_told_from_another_package() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let mut other = release();
        other.source = Some(Source::git("https://git.example/x", commit).unwrap());
        let source = other.source.as_ref().unwrap().to_string();
        assert_eq!(
            differences(&release(), &other),
            format!(
                "the package is the same, but its note is another: it differs in `source` (there `none`, here `{source}`)"
            )
        );
        other = release();
        other.tarball.digest = Digest::of(b"another");
        other.content.size = 2;
        assert_eq!(
            differences(&release(), &other),
            "the package is another: it differs in `tarball`, `content`"
        );
    }
}
