//! Steps between versions, and which release a new one is held against.
//!
//! A version `0.y.z` with `y` above zero promises what `y.z.0` would: the left-most part that is not zero
//! stands for the major one. `0.0.z` promises nothing, and no more does a pre-release: nobody gets one
//! without naming it. So a pre-release is never what others are held against, and is itself held
//! to what the version that it precedes would be.

use std::fmt;

use crate::limits::VERSION_PART_MAX;
use crate::name::Version;

/// A step from one version to another, by what callers have to expect of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// Everything as it was: `1.2.3` to `1.2.4`, `0.2.3` to `0.2.4`.
    Patch,
    /// More than there was: `1.2.3` to `1.3.0`.
    Minor,
    /// Anything: `1.2.3` to `2.0.0`, `0.2.3` to `0.3.0`, `0.0.3` to `0.0.4`.
    Major,
}

impl Bump {
    /// The step from one version to a higher one.
    pub fn between(previous: &Version, next: &Version) -> Self {
        let (from, to) = (previous.as_semver(), next.as_semver());
        if previous.is_prerelease() || from.major != to.major {
            return Self::Major;
        }
        match (from.major, from.minor, from.minor == to.minor) {
            (0, 0, _) | (0, _, false) => Self::Major,
            (_, _, false) => Self::Minor,
            (_, _, true) => Self::Patch,
        }
    }

    /// The lowest full version that is at least this step above `previous`; nothing where the numbers end.
    pub fn after(self, previous: &Version) -> Option<Version> {
        let from = previous.as_semver();
        let (major, minor, patch) = match (self, from.major, from.minor) {
            (Self::Major, 1.., _) => (from.major + 1, 0, 0),
            (Self::Minor, 1.., _) | (Self::Minor | Self::Major, 0, 1..) => {
                (from.major, from.minor + 1, 0)
            }
            _ => (from.major, from.minor, from.patch + 1),
        };
        // Each was at most that, so one more is no overflow.
        let fits = major.max(minor).max(patch) <= VERSION_PART_MAX;
        fits.then(|| format!("{major}.{minor}.{patch}").parse().ok())
            .flatten()
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// The release that version `next` is held against: the highest below it that is neither yanked nor a
/// pre-release. Lines that are maintained beside a newer one are so held against themselves.
pub fn baseline<'a, T>(
    releases: impl IntoIterator<Item = &'a T>,
    next: &Version,
    version_of: impl Fn(&T) -> &Version,
    is_yanked: impl Fn(&T) -> bool,
) -> Option<&'a T> {
    releases
        .into_iter()
        .filter(|release| {
            let version = version_of(release);
            version < next && !version.is_prerelease() && !is_yanked(release)
        })
        .max_by(|a, b| version_of(a).cmp(version_of(b)))
}

/// The smallest version that would do where a step is too small: the next one of the size that is
/// asked for, or where that version is taken, the next major one of all.
pub fn smallest<'a>(
    required: Bump,
    previous: &Version,
    taken: impl IntoIterator<Item = &'a Version>,
) -> Option<Version> {
    let next = required.after(previous)?;
    let mut highest: Option<&Version> = None;
    let mut is_taken = false;
    for version in taken {
        is_taken |= *version == next;
        highest = highest.max(Some(version));
    }
    match highest {
        Some(highest) if is_taken => Bump::Major.after(highest),
        _ => Some(next),
    }
}
