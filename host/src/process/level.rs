//! How well a kernel can confine a child.

use std::fmt;

/// Which layers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Landlock and seccomp. A granted program can write protected names in a folder that it may write, and can ask
    /// for the size and times of any file.
    Basic,
    /// Namespaces besides: a child sees nothing but what it may use, and ends with everything that it started.
    Full,
}

#[cfg(target_os = "linux")]
impl Level {
    /// As a helper is told.
    pub(super) fn to_byte(self) -> u8 {
        match self {
            Self::Basic => 1,
            Self::Full => 2,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Basic, Self::Full]
            .into_iter()
            .find(|level| level.to_byte() == byte)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "basic",
            Self::Full => "full",
        })
    }
}

/// Why no child can be confined here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this machine can't confine programs: {reason}")]
pub struct Unconfined {
    /// What failed.
    pub reason: String,
}

/// How well children are confined here, and why not better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// The level that children get.
    pub level: Level,
    /// Whether memory, processor time and processes are bounded for a child with everything that it starts, by a
    /// control group. Else each of its processes is bounded by itself, and only their number together.
    pub together: bool,
    /// Why it is not the best one.
    pub reason: Option<String>,
}
