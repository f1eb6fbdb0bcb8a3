//! The keyring of the system: the Secret Service of a desktop, the keychain of macOS.
//!
//! Whoever answers there is another program, perhaps with a question to a person. So each act has a
//! thread of its own and a bound in time, after which nobody waits for it any more.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use claw_package::Digest;
use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::Value;
use crate::home::Home;

/// A keyring that is there answers in milliseconds; one that has to be started first, in a second.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A locked keyring asks a person for its password.
const ACT_MAX: Duration = Duration::from_secs(60);

/// Keeps secrets by name.
pub(crate) trait Keyring {
    /// Whether there is one.
    fn check(&self) -> Result<(), Unavailable>;
    /// The value, if there is one of this name.
    fn get(&self, name: &str) -> Result<Option<Value>, Unavailable>;
    /// Keeps a value, in place of any other of this name.
    fn set(&self, name: &str, value: &Value) -> Result<(), Unavailable>;
    /// Forgets a value. One that is not there is forgotten already.
    fn remove(&self, name: &str) -> Result<(), Unavailable>;
}

/// Why a keyring can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// Nobody answered in time.
    Silent(Duration),
    /// It is not there, is locked, or refuses.
    Refused(String),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(bound) => write!(f, "it did not answer within {} s", bound.as_secs()),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

/// The real one.
pub(crate) struct SystemKeyring {
    /// Two homes of one person have nothing to do with each other.
    service: String,
}

impl SystemKeyring {
    /// The part of it that belongs to this home.
    pub(crate) fn of(home: &Home) -> Self {
        let digest = Digest::of(home.root().as_os_str().as_encoded_bytes());
        let service = format!("claw-{}", &digest.hex()[..16]);
        SystemKeyring { service }
    }

    fn act<T: Send + 'static>(
        &self,
        name: &str,
        act: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.check()?;
        let (service, name) = (self.service.clone(), name.to_owned());
        bounded(ACT_MAX, move || Entry::new(&service, &name).and_then(act))
    }
}

impl Keyring for SystemKeyring {
    fn check(&self) -> Result<(), Unavailable> {
        bounded(CONNECT_MAX, || match Entry::store_status() {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::NotSupportedByStore(describe(error))),
        })
    }

    fn get(&self, name: &str) -> Result<Option<Value>, Unavailable> {
        let read = self.act(name, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        let value = read.map(|bytes| Value::new(&bytes)).transpose();
        value.map_err(|_| Unavailable::Refused("what it holds is no value that was set".to_owned()))
    }

    fn set(&self, name: &str, value: &Value) -> Result<(), Unavailable> {
        let value = value.clone();
        self.act(name, move |entry| {
            entry.set_secret(value.as_str().as_bytes())
        })
    }

    fn remove(&self, name: &str) -> Result<(), Unavailable> {
        self.act(name, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            answer => answer,
        })
    }
}

/// Acts on a thread, which is left to itself when it takes too long.
fn bounded<T: Send + 'static>(
    bound: Duration,
    act: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> Result<T, Unavailable> {
    let (answer, answered) = mpsc::channel();
    thread::Builder::new()
        .name("claw-keyring".to_owned())
        .spawn(move || {
            // Nobody may be waiting any more.
            let _ = answer.send(act().map_err(|error| describe(&error)));
        })
        .map_err(|error| Unavailable::Refused(error.to_string()))?;
    match answered.recv_timeout(bound) {
        Ok(answer) => answer.map_err(Unavailable::Refused),
        Err(RecvTimeoutError::Timeout) => Err(Unavailable::Silent(bound)),
        Err(RecvTimeoutError::Disconnected) => {
            Err(Unavailable::Refused("talking to it failed".to_owned()))
        }
    }
}

/// Some of these errors carry bytes of a value, and their own text shows none of them.
fn describe(error: &Error) -> String {
    match error {
        Error::NotSupportedByStore(why) => why.clone(),
        Error::Ambiguous(entries) => format!("it holds {} values of that name", entries.len()),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_not_waited_for() {
        let (hold, held) = mpsc::channel::<()>();
        let bound = Duration::from_millis(20);
        let silent = bounded(bound, move || {
            // Ends with the test.
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(silent, Err(Unavailable::Silent(bound)));
        drop(hold);
        assert_eq!(bounded(ACT_MAX, || Ok(7)), Ok(7));
        let failed: Result<(), _> = bounded(ACT_MAX, || panic!("in the other thread"));
        assert!(matches!(failed, Err(Unavailable::Refused(_))));
    }

    #[test]
    fn no_error_shows_what_a_keyring_holds() {
        let error = Error::BadEncoding(b"hunter2".to_vec());
        assert!(!describe(&error).contains("hunter2"));
        let source = std::io::Error::other("broken").into();
        let error = Error::BadDataFormat(b"hunter2".to_vec(), source);
        assert!(!describe(&error).contains("hunter2"));
    }
}
