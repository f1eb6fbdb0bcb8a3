//! What became of one call, the same whichever way it went, and what a case may ask of it.

use serde_json::Value;
use std::time::Duration;

use super::Verdict;

/// What became of one call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// How it ended, as the receipt says; `refused` when it never began.
    pub outcome: String,
    /// How many uses were denied, as the receipt says.
    pub denied: u64,
    /// The result or the action's error.
    pub value: Value,
    /// Everything that was said about it: result, errors, denials, log.
    pub said: String,
    /// How long the call took, as the receipt says.
    pub took: Duration,
}

impl Answer {
    /// The result, which has to be there.
    ///
    /// # Errors
    ///
    /// What came instead.
    pub fn ok(&self) -> Result<&Value, String> {
        if self.outcome == "ok" {
            Ok(&self.value)
        } else {
            Err(format!("it did not succeed: {self}"))
        }
    }

    /// The action failed with an error of its own: what it tried did not work, and it went on.
    ///
    /// # Errors
    ///
    /// What came instead.
    pub fn failed(&self) -> Verdict {
        self.ended("action-error")
    }

    /// It failed, and a denial was recorded.
    ///
    /// # Errors
    ///
    /// What came instead.
    pub fn was_denied(&self) -> Verdict {
        self.failed()?;
        if self.denied > 0 {
            Ok(())
        } else {
            Err(format!("nothing was denied: {self}"))
        }
    }

    /// It ended so, and no other way.
    ///
    /// # Errors
    ///
    /// How it ended.
    pub fn ended(&self, outcome: &str) -> Verdict {
        if self.outcome == outcome {
            Ok(())
        } else {
            Err(format!("it should have ended as `{outcome}`: {self}"))
        }
    }

    /// It was over within its time and a little more.
    ///
    /// # Errors
    ///
    /// How long it took.
    pub fn within(&self, limit: Duration) -> Verdict {
        if self.took <= limit + GRACE {
            Ok(())
        } else {
            Err(format!("it took {:?} of {limit:?}", self.took))
        }
    }
}

/// How long after its limit an end may come: far more than it takes, for a machine that is busy.
const GRACE: Duration = Duration::from_secs(5);

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said: String = self.said.chars().take(600).collect();
        write!(f, "{} ({} denied): {said}", self.outcome, self.denied)
    }
}
