//! Which key signs, and the note it signs.

use claw_package::Packed;
use claw_trust::{
    KeyName, Keyset, KeysetRef, Origin, PublicKey, Release, SigningKey, fingerprint_words,
};

use crate::credentials::Credentials;
use crate::failure::{Failure, Outcome};
use crate::home::Home;
use crate::project::Project;
use crate::{keys, source};

/// The key on this machine that may sign releases under `keyset`.
pub(crate) fn key_for(home: &Home, keyset: &Keyset) -> Outcome<SigningKey> {
    let namespace = &keyset.namespace;
    let own = keys::list_of(home, namespace)?;
    if let Some(key) = own.iter().find(|key| keyset.release.contains(key)) {
        return keys::unlock(home, key.name());
    }
    let names = |keys: &[PublicKey]| {
        let named = |key: &PublicKey| {
            format!(
                "`{}` ({})",
                key.name(),
                fingerprint_words(&key.fingerprint())
            )
        };
        keys.iter().map(named).collect::<Vec<_>>().join(", ")
    };
    let others = names(&keyset.release);
    let message = match own.as_slice() {
        [] => format!(
            "releases of `{namespace}` are signed by {others}, and there is no key of `{namespace}` here"
        ),
        own => format!(
            "releases of `{namespace}` are signed by {others}; here is {}, which is another key",
            names(own)
        ),
    };
    let folder = home.keys_of(namespace);
    Err(Failure::refused(message).hint(format!("put that key into `{}`", folder.display())))
}

/// The note of a release, signed.
pub(crate) fn sign(
    project: &Project,
    packed: &Packed,
    origin: &Origin,
    keyset: KeysetRef,
    key: &SigningKey,
) -> Vec<u8> {
    Release::of(packed, origin.clone(), keyset, source::of(&project.folder)).sign(key)
}

/// What signs a release with nobody to ask: who the registry is, the keyset seen there last, and a key.
pub(crate) struct AtHand {
    pub(crate) origin: Origin,
    pub(crate) keyset: KeysetRef,
    pub(crate) key: KeyName,
}

/// All of it, or what is missing.
pub(crate) fn at_hand(home: &Home, project: &Project) -> Outcome<Result<AtHand, &'static str>> {
    let namespace = project.manifest.name.namespace();
    let credentials = Credentials::read(home)?;
    let Some((origin, login)) = credentials.current() else {
        return Ok(Err("nobody is logged in to a registry"));
    };
    let Some(keyset) = login.keyset(namespace) else {
        return Ok(Err("the keyset of its namespace was not seen yet"));
    };
    let own = keys::list_of(home, namespace)?;
    Ok(match own.as_slice() {
        [] => Err("there is no key of its namespace here"),
        [key] if keys::is_out_of_reach(home, key.name())? => {
            Err("its key is locked, and there is no terminal to ask at")
        }
        [key] => Ok(AtHand {
            origin: origin.clone(),
            keyset,
            key: key.name().clone(),
        }),
        _ => Err("there is more than one key of its namespace here"),
    })
}
