//! Publishers' keys on this machine: `$CLAW_HOME/keys/<namespace>/<word>.key`, and `.pub` beside it.
//!
//! A private key is an OpenSSH private key, readable for its owner alone. Its passphrase is asked for on a terminal
//! or taken from `CLAW_KEY_PASSPHRASE`; it is never an argument, where other programs would see it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use claw_package::Namespace;
use claw_trust::{KeyName, PublicKey, SigningKey};
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::{self, Home};
use crate::output;

const PASSPHRASE: &str = "CLAW_KEY_PASSPHRASE";

/// The passphrase that the environment gives, when it gives one; it may be empty.
pub(crate) fn passphrase_from_environment() -> Option<Zeroizing<String>> {
    std::env::var(PASSPHRASE).ok().map(Zeroizing::new)
}

/// Writes a new key, locked when the passphrase is not empty. A key that is there stays.
pub(crate) fn write(home: &Home, key: &SigningKey, passphrase: &str) -> Outcome<PathBuf> {
    let name = key.public().name();
    let path = private_file(home, name);
    if path.exists() {
        let failure = Failure::usage(format!(
            "there is a key `{name}` already, in `{}`",
            path.display()
        ));
        return Err(failure.hint(format!("cargo claw key export {name}")));
    }
    let passphrase = Some(passphrase).filter(|passphrase| !passphrase.is_empty());
    let text = key
        .to_openssh(passphrase)
        .or_fail(Kind::Bug, format!("could not write down `{name}`"))?;
    // The private half last: it is the one that makes a key of both.
    home::write_private(
        &path.with_extension("pub"),
        format!("{}\n", key.public()).as_bytes(),
    )?;
    home::write_private(&path, text.as_bytes())?;
    Ok(path)
}

/// The public halves of all keys, sorted by name.
pub(crate) fn list(home: &Home) -> Outcome<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for namespace in namespaces(home)? {
        keys.extend(list_of(home, &namespace)?);
    }
    Ok(keys)
}

/// The public halves of the keys of one namespace, sorted by name.
pub(crate) fn list_of(home: &Home, namespace: &Namespace) -> Outcome<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for path in entries(&home.keys_of(namespace))? {
        if path.extension().is_some_and(|extension| extension == "pub") && is_whole(&path) {
            keys.push(read_public(&path)?);
        }
    }
    Ok(keys)
}

/// The namespaces that have a folder for keys, sorted.
pub(crate) fn namespaces(home: &Home) -> Outcome<Vec<Namespace>> {
    let entries = entries(&home.keys())?;
    Ok(entries
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
        .collect())
}

/// The public half of the key `name`.
pub(crate) fn public(home: &Home, name: &KeyName) -> Outcome<PublicKey> {
    let path = private_file(home, name).with_extension("pub");
    if path.is_file() && is_whole(&path) {
        read_public(&path)
    } else {
        Err(none(name))
    }
}

/// The key `name`, asking for its passphrase where it is locked.
pub(crate) fn unlock(home: &Home, name: &KeyName) -> Outcome<SigningKey> {
    let path = private_file(home, name);
    let text = Zeroizing::new(home::read_text(&path)?.ok_or_else(|| none(name))?);
    let passphrase = if SigningKey::is_encrypted(&text) {
        Some(passphrase(name)?)
    } else {
        None
    };
    let key = SigningKey::from_openssh(
        &text,
        passphrase.as_ref().map(|passphrase| passphrase.as_str()),
    );
    let key = key.or_fail(
        Kind::Refused,
        format!("could not use the key `{name}` in `{}`", path.display()),
    )?;
    if key.public().name() != name {
        let found = key.public().name();
        return Err(Failure::usage(format!(
            "`{}` holds the key `{found}`, not `{name}`",
            path.display()
        )));
    }
    Ok(key)
}

/// Whether the key `name` is locked, and nobody could say its passphrase.
pub(crate) fn is_out_of_reach(home: &Home, name: &KeyName) -> Outcome<bool> {
    let text = home::read_text(&private_file(home, name))?.map(Zeroizing::new);
    let is_locked = text.is_some_and(|text| SigningKey::is_encrypted(&text));
    Ok(is_locked && passphrase_from_environment().is_none() && !output::somebody_is_there())
}

/// The passphrase that opens `name`.
fn passphrase(name: &KeyName) -> Outcome<Zeroizing<String>> {
    if let Some(passphrase) = passphrase_from_environment() {
        return Ok(passphrase);
    }
    if !output::somebody_is_there() {
        let failure = Failure::refused(format!(
            "the key `{name}` is locked, and there is no terminal to ask at"
        ));
        return Err(failure.hint(format!("set {PASSPHRASE} to its passphrase")));
    }
    output::ask_secret(&format!("passphrase of {name}"))
}

fn private_file(home: &Home, name: &KeyName) -> PathBuf {
    home.keys_of(name.namespace())
        .join(format!("{}.key", name.word()))
}

fn read_public(path: &Path) -> Outcome<PublicKey> {
    let text = home::read_text(path)?.unwrap_or_default();
    text.trim_end().parse().or_fail(
        Kind::Usage,
        format!("`{}` holds no public key", path.display()),
    )
}

/// Whether the private half is there too: a public one alone was left by a `key new` that did not end.
fn is_whole(public: &Path) -> bool {
    public.with_extension("key").is_file()
}

/// The paths in a folder, sorted; none when there is no folder.
fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let act = || format!("could not list `{}`", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.or_fail(Kind::Io, act())?,
    };
    let paths: Result<Vec<PathBuf>, io::Error> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.or_fail(Kind::Io, act())?;
    paths.sort();
    Ok(paths)
}

fn none(name: &KeyName) -> Failure {
    Failure::not_found(format!("there is no key `{name}`"))
        .hint(format!("cargo claw key new {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_once_listed_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        assert!(list(&home).unwrap().is_empty());
        let name: KeyName = "acme/alice".parse().unwrap();
        assert_eq!(unlock(&home, &name).unwrap_err().kind, Kind::NotFound);

        let key = SigningKey::generate(name.clone()).unwrap();
        write(&home, &key, "").unwrap();
        assert_eq!(write(&home, &key, "").unwrap_err().kind, Kind::Usage);
        assert_eq!(list(&home).unwrap(), [key.public().clone()]);
        assert_eq!(public(&home, &name).unwrap(), *key.public());
        assert_eq!(unlock(&home, &name).unwrap().public(), key.public());
    }
}
