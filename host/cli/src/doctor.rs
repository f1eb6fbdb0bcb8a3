//! Whether claw can work on this machine, and what mends it where it can't.
//!
//! It looks and asks, and changes nothing: a mend is a command for the operator to type.

mod home;
mod kernel;
mod registries;
mod secrets;
mod skills;

use claw_host::CacheConfig;
use serde_json::{Value, json};

use crate::failure::{Failure, Kind, Outcome};
use crate::home::Home;
use crate::output;
use crate::show;

pub(crate) use home::private;
pub(crate) use registries::registries;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Good,
    /// Nothing is wrong, and something is worth knowing.
    Notice,
    /// Something does not work; the kind is what a command that needs it would end with.
    Broken(Kind),
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    area: &'static str,
    pub(crate) state: State,
    pub(crate) what: String,
    /// The next command.
    pub(crate) mend: Option<String>,
}

impl Finding {
    fn good(area: &'static str, what: impl Into<String>) -> Self {
        Finding {
            area,
            state: State::Good,
            what: what.into(),
            mend: None,
        }
    }

    fn notice(area: &'static str, what: impl Into<String>) -> Self {
        Finding {
            state: State::Notice,
            ..Finding::good(area, what)
        }
    }

    fn broken(area: &'static str, kind: Kind, what: impl Into<String>) -> Self {
        Finding {
            state: State::Broken(kind),
            ..Finding::good(area, what)
        }
    }

    fn of(area: &'static str, failure: &Failure) -> Self {
        Finding {
            mend: failure.hint.clone(),
            ..Finding::broken(area, failure.kind, failure.one_line())
        }
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    fn word(&self) -> &'static str {
        match self.state {
            State::Good => "good",
            State::Notice => "notice",
            State::Broken(_) => "broken",
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"area": self.area, "state": self.word(), "what": self.what, "mend": self.mend})
    }

    pub(crate) fn print(&self) -> Outcome {
        let (area, word) = (self.area, self.word());
        let what = output::continued(&self.what);
        output::data(format_args!("{area:<10}  {word:<6}  {what}"))?;
        match &self.mend {
            Some(mend) => output::data(format_args!("    mend: {}", output::continued(mend))),
            None => Ok(()),
        }
    }
}

/// Everything that is on this machine.
pub(crate) fn machine(home: &Home) -> Vec<Finding> {
    let mut findings = home::folder(home);
    findings.extend(home::files(home));
    findings.extend(home::keys(home));
    findings.extend(secrets::secrets(home));
    findings.extend(skills::dangers(home));
    findings.push(home::store(home));
    findings.push(cache(home));
    findings.extend(kernel::layers());
    findings
}

fn cache(home: &Home) -> Finding {
    let config = CacheConfig {
        directory: home.cache(),
        key_file: home.cache_key(),
    };
    let survey = match claw_host::survey_cache(&config) {
        Ok(survey) => survey,
        Err((path, error)) => {
            let what = format!("could not read `{}`: {error}", path.display());
            let finding = Finding::broken("cache", Kind::Io, what);
            return match path == config.key_file {
                true => finding.mend(home::private(&path, "600")),
                false => finding.mend(home::private(&path, "700")),
            };
        }
    };
    match survey.broken.first() {
        Some((path, what)) => {
            let (count, images) = (survey.broken.len(), survey.images);
            let what = format!(
                "{count} of {images} compiled images do not hold; {what} does not match in `{}`",
                path.display()
            );
            // In every project that has such a skill; what is not there is compiled at the next run.
            let word = show::shell_word(&path.display().to_string());
            Finding::broken("cache", Kind::Verification, what).mend(format!("rm {word}"))
        }
        None => {
            let (images, size) = (
                show::counted(survey.images, "compiled image"),
                show::size(survey.bytes),
            );
            Finding::good("cache", format!("{images}, {size}, all seals hold"))
        }
    }
}
