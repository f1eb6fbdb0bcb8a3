//! How a table is run: through which door, at which level of confinement, as whom.

use std::fmt;
use std::str::FromStr;

/// The door through which a guest is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One `claw run` for each call.
    Run,
    /// One `claw mcp` for each case.
    Mcp,
    /// The library, in this process.
    Library,
}

/// Who runs the programs under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The administrator of the machine.
    Root,
    /// Anybody else.
    Ordinary,
}

impl User {
    /// Whoever runs this process.
    pub fn current() -> User {
        if rustix::process::geteuid().is_root() {
            User::Root
        } else {
            User::Ordinary
        }
    }
}

/// How a table is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The door.
    pub way: Way,
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Way, String> {
        [Way::Run, Way::Mcp, Way::Library]
            .into_iter()
            .find(|way| way.to_string().ends_with(text))
            .ok_or_else(|| format!("`{text}` is none of run, mcp and library"))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Run => "claw run",
            Way::Mcp => "claw mcp",
            Way::Library => "the library",
        })
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = match User::current() {
            User::Root => "root",
            User::Ordinary => "an ordinary user",
        };
        write!(f, "through {}, as {user}", self.way)
    }
}
