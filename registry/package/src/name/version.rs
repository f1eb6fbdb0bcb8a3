//! Versions, and requirements on them.
//!
//! Semantic versioning as Cargo reads it, without build metadata: two versions that differ only
//! there would be one in precedence and two in an index.

use std::fmt;
use std::str::FromStr;

use super::{NameError, shown};
use crate::limits::{REQUIREMENT_BYTES_MAX, VERSION_BYTES_MAX, VERSION_PART_MAX};
use crate::text::serde_as_string;

/// A semantic version without build metadata, ordered by precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(semver::Version);

impl Version {
    /// The version for the `semver` crate.
    pub fn as_semver(&self) -> &semver::Version {
        &self.0
    }

    /// Whether it has a pre-release part, as `1.0.0-rc.1` does.
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Version {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > VERSION_BYTES_MAX {
            return Err(NameError::VersionTooLong(shown(text)));
        }
        let version = semver::Version::parse(text).map_err(|source| NameError::Version {
            text: shown(text),
            source: source.into(),
        })?;
        if !version.build.is_empty() {
            return Err(NameError::BuildMetadata(text.into()));
        }
        if [version.major, version.minor, version.patch]
            .iter()
            .any(|part| *part > VERSION_PART_MAX)
        {
            return Err(NameError::VersionPart(text.into()));
        }
        Ok(Self(version))
    }
}

serde_as_string!(Version);

/// Which versions will do: `^1.2`, `~1.2.3`, `=1.0.0`, `*`, or several joined by commas. A bare
/// version means `^`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement(semver::VersionReq);

impl Requirement {
    /// `*`: any version but a pre-release.
    pub fn any() -> Self {
        Self(semver::VersionReq::STAR)
    }

    /// `=version`: this one and no other, pre-release or not.
    pub fn exactly(version: &Version) -> Self {
        let version = &version.0;
        Self(semver::VersionReq {
            comparators: vec![semver::Comparator {
                op: semver::Op::Exact,
                major: version.major,
                minor: Some(version.minor),
                patch: Some(version.patch),
                pre: version.pre.clone(),
            }],
        })
    }

    /// Whether this version will do. A pre-release does only where the requirement names one of
    /// the same three numbers.
    pub fn matches(&self, version: &Version) -> bool {
        self.0.matches(&version.0)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Requirement {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > REQUIREMENT_BYTES_MAX {
            return Err(NameError::RequirementTooLong(shown(text)));
        }
        if text.contains('+') {
            return Err(NameError::BuildMetadata(shown(text)));
        }
        let requirement = semver::VersionReq::parse(text)
            .map(Self)
            .map_err(|source| NameError::Requirement {
                text: shown(text),
                source: source.into(),
            })?;
        // `1,2` is printed as `^1, ^2`: what is printed must be readable again.
        if requirement.to_string().len() > REQUIREMENT_BYTES_MAX {
            return Err(NameError::RequirementTooLong(shown(text)));
        }
        Ok(requirement)
    }
}

serde_as_string!(Requirement);

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn an_exact_requirement_matches_its_version_alone() {
        for text in ["1.2.3", "1.2.3-rc.1"] {
            let requirement = Requirement::exactly(&version(text));
            assert_eq!(requirement.to_string(), format!("={text}"));
            assert!(requirement.matches(&version(text)) && !requirement.matches(&version("1.2.4")));
        }
        assert_eq!(Requirement::any().to_string(), "*");
        assert_eq!("1.2".parse::<Requirement>().unwrap().to_string(), "^1.2");
    }

    #[test]
    #[rustfmt::skip]
    fn versions_that_would_be_ambiguous_or_overflow_are_refused() {
        let edge = VERSION_PART_MAX;
        assert!(format!("{edge}.0.0").parse::<Version>().is_ok());
        for text in [
            "", "1", "1.2", "v1.2.3", "1.2.3+a", "1.2.3-rc+b", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3 ",
            "1.2.3-a_b", "18446744073709551615.0.0", "18446744073709551616.0.0",
            &format!("{}.0.0", edge + 1),
            &format!("1.0.0-{}", "a".repeat(150)),
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!(
            format!("1.0.0-{}", "a".repeat(VERSION_BYTES_MAX - 6))
                .parse::<Version>()
                .is_ok()
        );
        let long = vec![">=1.0.0"; 100].join(",");
        let longer_when_printed = vec!["77"; 32].join(",");
        assert!(longer_when_printed.len() <= REQUIREMENT_BYTES_MAX);
        for text in [
            "", "latest", "^1.2.3+a", "^01", &long, &longer_when_printed,
        ] {
            assert!(text.parse::<Requirement>().is_err(), "{text}");
        }
    }
}
