//! The private half of a publisher's key: making it, signing with it, and its OpenSSH form.
//!
//! The key's name travels as the comment of the OpenSSH key. Nothing here touches a file, and
//! neither the key nor a passphrase ever appears in an error or in debug output; what held them is
//! wiped when dropped.

use std::fmt;

use ed25519_dalek::Signer as _;
use ssh_key::LineEnding;
use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData, PrivateKey};
use ssh_key::public::Ed25519PublicKey;
use ssh_key::rand_core::OsRng;
use zeroize::Zeroizing;

use super::{KeyError, KeyName, PublicKey};
use crate::note::{NoteError, NoteSignature, SignedNote};

/// A publisher's private key.
pub struct SigningKey {
    public: PublicKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a new key from the operating system's randomness.
    pub fn generate(name: KeyName) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(KeyError::NoRandomness)?;
        Self::from_seed(name, &seed)
    }

    fn from_seed(name: KeyName, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::new(name, secret.verifying_key().as_bytes())?;
        Ok(Self { public, secret })
    }

    /// Whether the text is an OpenSSH private key that wants a passphrase.
    pub fn is_encrypted(text: &str) -> bool {
        PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted())
    }

    /// Reads an OpenSSH private key. A passphrase that is not needed is not used.
    pub fn from_openssh(text: &str, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let mut key = PrivateKey::from_openssh(text).map_err(KeyError::NotOpenSsh)?;
        if key.is_encrypted() {
            let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
            // A wrong passphrase decrypts to noise, which fails in many ways but means one thing.
            key = key
                .decrypt(passphrase)
                .map_err(|_| KeyError::PassphraseWrong)?;
        }
        let KeypairData::Ed25519(pair) = key.key_data() else {
            let algorithm = key.algorithm().to_string();
            return Err(KeyError::NotEd25519 { algorithm });
        };
        let name: KeyName = key.comment().parse()?;
        let read = Self::from_seed(name, pair.private.as_ref())?;
        if read.public.vkey().point() != &pair.public.0 {
            return Err(KeyError::HalvesDiffer {
                name: read.public.name().to_string(),
            });
        }
        Ok(read)
    }

    /// Writes the key as an OpenSSH private key, locked when a passphrase is given.
    pub fn to_openssh(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, KeyError> {
        let name = self.public.name().to_string();
        let pair = Ed25519Keypair {
            public: Ed25519PublicKey(*self.public.vkey().point()),
            private: Ed25519PrivateKey::from_bytes(self.secret.as_bytes()),
        };
        PrivateKey::new(KeypairData::Ed25519(pair), name.as_str())
            .and_then(|key| match passphrase {
                Some(passphrase) => key.encrypt(&mut OsRng, passphrase),
                None => Ok(key),
            })
            .and_then(|key| key.to_openssh(LineEnding::LF))
            .map_err(|source| KeyError::Write { name, source })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The note of `text` with this key's signature. The text ends in a line feed.
    pub fn sign_note(&self, text: &str) -> Result<Vec<u8>, NoteError> {
        let signature = self.secret.sign(text.as_bytes()).to_bytes().to_vec();
        let line = NoteSignature::new(self.public.vkey(), signature);
        Ok(SignedNote::assemble(text, vec![line])?.to_bytes())
    }

    /// The note of one of our own statements.
    pub(crate) fn sign_statement(&self, text: &str) -> Vec<u8> {
        self.sign_note(text)
            .expect("a statement is ASCII lines of bounded values")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
