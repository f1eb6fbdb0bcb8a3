//! Seals values for the file, where the system has no keyring.
//!
//! XChaCha20-Poly1305 under a key that lies beside the file, with the secret's name under the seal, so
//! that no value can be passed off as another's. It keeps values from whoever gets hold of a copy of
//! the file alone; whoever can read both files as this user can read the values.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Value;
use crate::doctor;
use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// What else is under the seal. The version is that of the sealed text: nonce, then ciphertext.
const CONTEXT: &str = "claw secret v1\n";

pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Reads the key.
pub(super) fn load(home: &Home) -> Outcome<Key> {
    read(home)?.ok_or_else(|| {
        let path = home.secrets_key();
        let failure = Failure::verification(format!(
            "`{}` is missing, and no secret in the file opens without it",
            path.display()
        ));
        failure.hint(
            "bring it back, or remove and set again what `claw secret list` shows as in the file",
        )
    })
}

/// Reads the key, or makes it. The caller holds the lock of the home.
pub(super) fn load_or_create(home: &Home) -> Outcome<Key> {
    if let Some(key) = read(home)? {
        return Ok(key);
    }
    let mut key = Key::default();
    getrandom::fill(&mut *key).or_fail(Kind::Io, "the system has no random numbers")?;
    durable::write(&home.secrets_key(), &*key, Audience::Owner)?;
    Ok(key)
}

fn read(home: &Home) -> Outcome<Option<Key>> {
    let path = home.secrets_key();
    let Some(bytes) = durable::read(&path, KEY_BYTES as u64, Audience::Owner)? else {
        return Ok(None);
    };
    let bytes = Zeroizing::new(bytes);
    let mode = fs::metadata(&path).map(|metadata| metadata.permissions().mode());
    let mode = mode.or_fail(Kind::Io, format!("could not look at `{}`", path.display()))?;
    if mode & 0o077 != 0 {
        let failure = Failure::usage(format!("others can read `{}`", path.display()));
        return Err(failure.hint(doctor::private(&path, "600")));
    }
    let key = <[u8; KEY_BYTES]>::try_from(&**bytes)
        .map_err(|_| Failure::verification(format!("`{}` is no key", path.display())))?;
    Ok(Some(Zeroizing::new(key)))
}

/// The value under its seal, as text.
pub(super) fn seal(key: &Key, name: &str, value: &Value) -> Outcome<String> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).or_fail(Kind::Io, "the system has no random numbers")?;
    let aad = format!("{CONTEXT}{name}");
    let payload = Payload {
        msg: value.as_str().as_bytes(),
        aad: aad.as_bytes(),
    };
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Failure::new(Kind::Bug, "the value could not be sealed"))?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Ok(BASE64_STANDARD.encode(bytes))
}

/// The value, if the seal holds.
pub(super) fn open(key: &Key, name: &str, sealed: &str) -> Outcome<Value> {
    let broken = || {
        let failure = Failure::verification(format!(
            "the secret `{name}` does not open: the file or its key was altered"
        ));
        failure.hint(super::set_command(name))
    };
    let bytes = BASE64_STANDARD.decode(sealed).map_err(|_| broken())?;
    let (nonce, sealed) = bytes
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or_else(broken)?;
    let aad = format!("{CONTEXT}{name}");
    let payload = Payload {
        msg: sealed,
        aad: aad.as_bytes(),
    };
    let opened = cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| broken())?;
    Value::new(&Zeroizing::new(opened)).map_err(|_| broken())
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(**key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_under_its_own_name_and_key_and_unaltered() {
        let key = Zeroizing::new([7; KEY_BYTES]);
        let value = Value::new(b"hunter2-and-more").unwrap();
        let sealed = seal(&key, "TOKEN", &value).unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(open(&key, "TOKEN", &sealed).unwrap(), value);
        assert_ne!(seal(&key, "TOKEN", &value).unwrap(), sealed);

        let refused = |key: &Key, name: &str, sealed: &str| {
            let failure = open(key, name, sealed).unwrap_err();
            assert_eq!(failure.kind, Kind::Verification);
        };
        refused(&key, "OTHER", &sealed);
        refused(&Zeroizing::new([8; KEY_BYTES]), "TOKEN", &sealed);
        refused(&key, "TOKEN", "");
        refused(&key, "TOKEN", "no base64");
        let bytes = BASE64_STANDARD.decode(&sealed).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            refused(&key, "TOKEN", &BASE64_STANDARD.encode(altered));
        }
    }

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"), None);
        home.make().unwrap();
        assert_eq!(load(&home).unwrap_err().kind, Kind::Verification);
        let key = load_or_create(&home).unwrap();
        assert_eq!(load_or_create(&home).unwrap(), key);
        let path = home.secrets_key();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let failure = load(&home).unwrap_err();
        assert!(failure.hint.unwrap().starts_with("chmod 600 "));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short").unwrap();
        assert_eq!(load(&home).unwrap_err().kind, Kind::Verification);
    }
}
