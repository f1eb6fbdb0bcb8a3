//! What `claw audit` finds: one fault of one skill, and the command that mends it.

use claw_package::{PackageName, Version};
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::output;

/// What is wrong, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Files, lock, index or notes say something else than was accepted.
    Changed,
    /// Something that was accepted is not there any more.
    Missing,
    /// Its publisher has taken it back.
    Yanked,
    /// Its registry could not be asked.
    Unknown,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Fault::Changed => "changed",
            Fault::Missing => "missing",
            Fault::Yanked => "yanked",
            Fault::Unknown => "unknown",
        }
    }
}

/// One fault.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) name: PackageName,
    version: Option<Version>,
    pub(crate) fault: Fault,
    what: String,
    /// The next command.
    pub(crate) mend: Option<String>,
}

impl Finding {
    pub(crate) fn new(name: &PackageName, fault: Fault, what: String) -> Self {
        Finding {
            name: name.clone(),
            version: None,
            fault,
            what,
            mend: None,
        }
    }

    /// What a failure says.
    pub(crate) fn of(name: &PackageName, fault: Fault, failure: Failure) -> Self {
        Finding {
            mend: failure.hint.clone(),
            ..Finding::new(name, fault, failure.one_line())
        }
    }

    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub(crate) fn at(mut self, version: &Version) -> Self {
        self.version = Some(version.clone());
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "fault": self.fault.word(),
            "what": self.what,
            "mend": self.mend,
        })
    }

    pub(crate) fn print(&self) -> Outcome {
        let (name, word) = (&self.name, self.fault.word());
        let version = self.version.as_ref();
        let version = version.map_or_else(String::new, |version| format!("@{version}"));
        let what = output::continued(&self.what);
        output::data(format_args!("{name}{version}  {word}: {what}"))?;
        match &self.mend {
            Some(mend) => output::data(format_args!("    mend: {}", output::continued(mend))),
            None => Ok(()),
        }
    }
}
