//! How long a registry may take, and when a request is sent again.
//!
//! Sent again is only what changes nothing, or what the registry had no time to look at, and only after
//! failures that pass by themselves: nobody answered, or the registry said that it is busy. A registry that names a longer wait than ours is
//! not pressed.

use std::time::Duration;

use crate::error::ClientError;

/// How long to wait for a registry, and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often a request that changes nothing is sent at most, from 1.
    pub attempts: u32,
    /// The wait before the second time; each later one is four times as long.
    pub pause: Duration,
    /// How long the answer to a read may take to begin.
    pub reading: Duration,
    /// How long the answer to a write may take to begin: it has to travel and to be checked.
    pub writing: Duration,
    /// How long an answer may stand still.
    pub silence: Duration,
    /// How long an answer may take from its beginning to its end, however it trickles.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 3,
            pause: Duration::from_millis(250),
            reading: Duration::from_secs(30),
            writing: Duration::from_secs(300),
            silence: Duration::from_secs(30),
            answer: Duration::from_secs(1800),
        }
    }
}

/// The longest wait between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A failed attempt, and how long the registry asks to wait.
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    pub(crate) retry_after: Option<Duration>,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

impl Failure {
    /// Whether nobody looked at the request, so that sending it again is the first time.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self.error, ClientError::Refused { status: 429, .. })
    }
}

/// Counts the attempts at one request.
pub(crate) struct Attempts {
    patience: Patience,
    made: u32,
}

impl Attempts {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, made: 0 }
    }

    /// Waits and lets the caller try again, or gives the error back when it is final.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), ClientError> {
        self.made += 1;
        match self.wait(&failure) {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            None => Err(failure.error),
        }
    }

    fn wait(&self, failure: &Failure) -> Option<Duration> {
        let passes = match &failure.error {
            ClientError::Unreachable { .. } => true,
            ClientError::Server { status, .. } => matches!(status, 502..=504),
            ClientError::Refused { status, .. } => *status == 429,
            _ => false,
        };
        if !passes || self.made >= self.patience.attempts {
            return None;
        }
        let ours = self
            .patience
            .pause
            .saturating_mul(4_u32.saturating_pow(self.made - 1));
        let wait = failure
            .retry_after
            .unwrap_or_default()
            .max(ours.min(PAUSE_MAX));
        (wait <= PAUSE_MAX).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use claw_registry_api::ErrorCode;

    use super::*;

    fn waits(status: u16, retry_after: Option<u64>) -> Vec<u64> {
        let address = String::new();
        let error = match status {
            429 => ClientError::Refused {
                address,
                status,
                code: ErrorCode::TooManyRequests,
                detail: String::new(),
            },
            _ => ClientError::Server { address, status },
        };
        let failure = Failure {
            error,
            retry_after: retry_after.map(Duration::from_secs),
        };
        let mut attempts = Attempts::new(Patience {
            attempts: 5,
            ..Patience::default()
        });
        let mut waits = Vec::new();
        loop {
            attempts.made += 1;
            match attempts.wait(&failure) {
                Some(wait) => waits.push(u64::try_from(wait.as_millis()).unwrap()),
                None => return waits,
            }
        }
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        assert_eq!(waits(503, None), [250, 1_000, 4_000, 10_000]);
    }

    #[test]
    fn the_registrys_own_wait_counts_when_it_is_short() {
        assert_eq!(waits(429, Some(2)), [2_000, 2_000, 4_000, 10_000]);
        assert!(waits(429, Some(11)).is_empty());
    }

    #[test]
    fn a_failure_that_would_repeat_is_final() {
        assert!(waits(500, None).is_empty());
    }
}
