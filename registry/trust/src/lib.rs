//! Who signed what: notes, keys, keysets, releases and yanks, and how each is believed.
//!
//! Pure: no files, no clock, no network; randomness only where a key is made. What is believed is
//! a type of its own ([`Keyset`], [`VerifiedRelease`], [`VerifiedYank`], [`VerifiedComponent`]) that
//! can't be had without the check, so holding one is the proof. Every refusal names what did not
//! match, with both values.

mod component;
mod error;
mod facts;
mod key;
mod keyset;
mod note;
mod origin;
mod release;
mod source;
mod statement;
mod text;
mod vkey;
mod words;
mod yank;

pub use component::VerifiedComponent;
pub use error::TrustError;
pub use facts::Facts;
pub use key::{KeyError, KeyName, PublicKey, SigningKey};
pub use keyset::{Keyset, KeysetRef};
pub use note::{NOTE_BYTES_MAX, NoteError, NoteSignature, SIGNATURES_MAX, SignedNote};
pub use origin::{Origin, OriginError};
pub use release::{Release, VerifiedRelease};
pub use source::Source;
pub use statement::{NoteKind, StatementError};
pub use vkey::Vkey;
pub use words::fingerprint_words;
pub use yank::{Reason, VerifiedYank, Yank, YankAction};

#[cfg(test)]
mod test_notes;
