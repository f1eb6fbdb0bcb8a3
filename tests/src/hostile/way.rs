//! How a table is run: through which door, at which level of confinement, as whom.

use std::fmt;

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

/// How programs are confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// With namespaces.
    Full,
    /// Without.
    Basic,
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
    /// The level.
    pub level: Level,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 3] = [Way::Run, Way::Mcp, Way::Library];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Way::Run => "run",
            Way::Mcp => "mcp",
            Way::Library => "library",
        }
    }
}

impl Level {
    /// All of them.
    pub const ALL: [Level; 2] = [Level::Full, Level::Basic];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Level::Full => "full",
            Level::Basic => "basic",
        }
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Run => "`claw run`",
            Way::Mcp => "`claw mcp`",
            Way::Library => "the library",
        };
        write!(f, "through {way}, at `{}`", self.level.word())
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            User::Root => "root",
            User::Ordinary => "an ordinary user",
        })
    }
}
