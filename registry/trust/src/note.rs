//! Reads, writes and checks signed notes: a text, an empty line, and one line per signature.
//!
//! The format is C2SP's <https://c2sp.org/signed-note>. A note says nothing about who may sign
//! what: callers hand [`SignedNote::verify`] the keys they believe in, and a text that none of
//! them signed is never shown to be true. One byte form is accepted per note, so bytes that parse
//! print as themselves.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claw_package::Digest;

use crate::vkey::{Vkey, name_fault};

/// The longest note. An entry of a tiled log is prefixed by its length in 16 bits.
pub const NOTE_BYTES_MAX: usize = 65_535;

/// The most signatures on one note: as many as every reader of the format has to accept.
pub const SIGNATURES_MAX: usize = 16;

/// What begins a signature line: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// A note whose form is right. Nothing in it is believed before [`SignedNote::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    bytes: Vec<u8>,
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// Why bytes are no signed note, or why a note is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("it is {actual} bytes long, more than {NOTE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// Not UTF-8.
    #[error("it is not UTF-8 at byte {at}")]
    NotUtf8 {
        /// Where the first bad byte is.
        at: usize,
    },
    /// An ASCII control character other than the line feed.
    #[error("it has the control character 0x{byte:02x} at byte {at}")]
    ControlCharacter {
        /// The character.
        byte: u8,
        /// Where it is.
        at: usize,
    },
    /// No empty line between text and signatures.
    #[error("no empty line parts its text from its signatures")]
    NoSeparator,
    /// No text before the signatures.
    #[error("it has no text")]
    NoText,
    /// No signature line after the empty line, or the last one is cut short.
    #[error("it does not end in a whole signature line")]
    NoSignatures,
    /// More than [`SIGNATURES_MAX`] signature lines.
    #[error("it has {actual} signatures, more than {SIGNATURES_MAX}")]
    TooManySignatures {
        /// How many there are.
        actual: usize,
    },
    /// A line after the empty line that is no signature.
    #[error("signature line {line} {fault}")]
    BadSignatureLine {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Two lines of one key.
    #[error("it carries two signatures of `{name}+{}`", hex_id(.id))]
    DuplicateSignature {
        /// The key's name.
        name: String,
        /// The key's id.
        id: [u8; 4],
    },
    /// A key we believe in is named, but it did not sign this text.
    #[error("the signature of `{name}+{}` does not match the text", hex_id(.id))]
    WrongSignature {
        /// The key's name.
        name: String,
        /// The key's id.
        id: [u8; 4],
    },
    /// Fewer keys signed than have to.
    #[error("expected {needed} signature(s) of {expected}, found {found}")]
    TooFewSignatures {
        /// How many keys have to sign.
        needed: usize,
        /// The keys that may sign.
        expected: String,
        /// The keys that did.
        found: String,
    },
    /// A text that can't be signed, because no reader would accept the note.
    #[error("the text to sign does not end in a line feed")]
    TextNotEnded,
}

impl SignedNote {
    /// Reads a note, refusing every form but the one that [`SignedNote::to_bytes`] gives back.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong {
                actual: bytes.len(),
            });
        }
        let note = std::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        check_characters(note)?;
        // The last empty line: texts may hold empty lines, signature lines can't.
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, lines) = (&note[..=separator], &note[separator + 2..]);
        if text == "\n" {
            return Err(NoteError::NoText);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let count = lines.split('\n').count();
        if count > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures { actual: count });
        }
        let mut signatures: Vec<NoteSignature> = Vec::with_capacity(count);
        for (index, line) in lines.split('\n').enumerate() {
            let signature =
                NoteSignature::parse(line).map_err(|fault| NoteError::BadSignatureLine {
                    line: index + 1,
                    fault,
                })?;
            if signatures
                .iter()
                .any(|other| other.is_of_same_key(&signature))
            {
                let NoteSignature { name, id, .. } = signature;
                return Err(NoteError::DuplicateSignature { name, id });
            }
            signatures.push(signature);
        }
        Ok(Self {
            bytes: bytes.to_vec(),
            text: text.to_owned(),
            signatures,
        })
    }

    /// Puts a text and its signatures together.
    pub(crate) fn assemble(text: &str, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        if !text.ends_with('\n') {
            return Err(NoteError::TextNotEnded);
        }
        let mut note = format!("{text}\n");
        for signature in &signatures {
            note.push_str(&format!("{signature}\n"));
        }
        Self::parse(note.as_bytes())
    }

    /// The text that was signed, its last line feed included. Believe it only after
    /// [`SignedNote::verify`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The exact bytes that were read.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// The digest of the exact bytes, signature lines included.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Says which of `keys` signed the text, in the order of the lines; fewer than `needed` is an
    /// error.
    ///
    /// Lines of other keys are ignored, as the format demands, so that keys can be added without
    /// breaking old readers. A line of one of `keys` that does not match spoils the whole note.
    pub fn verify<'k>(&self, keys: &[&'k Vkey], needed: usize) -> Result<Vec<&'k Vkey>, NoteError> {
        let mut signers = Vec::new();
        for line in &self.signatures {
            let same = |key: &&&Vkey| key.name() == line.name && key.id() == line.id;
            let Some(key) = keys.iter().find(same) else {
                continue;
            };
            if !key.verifies(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::WrongSignature {
                    name: line.name.clone(),
                    id: line.id,
                });
            }
            signers.push(*key);
        }
        // A note without any believed signature is never true, whatever was asked for.
        let needed = needed.max(1);
        if signers.len() < needed {
            return Err(NoteError::TooFewSignatures {
                needed,
                expected: list(keys.iter().map(|key| (key.name(), key.id()))),
                found: list(self.signatures.iter().map(|line| (line.name(), line.id()))),
            });
        }
        Ok(signers)
    }
}

impl NoteSignature {
    pub(crate) fn new(key: &Vkey, signature: Vec<u8>) -> Self {
        Self {
            name: key.name().to_owned(),
            id: key.id(),
            signature,
        }
    }

    fn parse(line: &str) -> Result<Self, &'static str> {
        let line = line
            .strip_prefix(MARK)
            .ok_or("does not start with an em dash and a space")?;
        let (name, encoded) = line.split_once(' ').ok_or("has no key name")?;
        if let Some(fault) = name_fault(name) {
            return Err(fault);
        }
        let decoded = STANDARD
            .decode(encoded)
            .map_err(|_| "is not canonical base64")?;
        match decoded.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => Ok(Self {
                name: name.to_owned(),
                id: *id,
                signature: signature.to_vec(),
            }),
            _ => Err("is too short for a key id and a signature"),
        }
    }

    /// The name of the key that this line claims.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key that this line claims.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    fn is_of_same_key(&self, other: &Self) -> bool {
        self.name == other.name && self.id == other.id
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payload = [&self.id[..], &self.signature].concat();
        write!(f, "{MARK}{} {}", self.name, STANDARD.encode(payload))
    }
}

fn check_characters(note: &str) -> Result<(), NoteError> {
    match note
        .bytes()
        .enumerate()
        .find(|(_, byte)| *byte < 0x20 && *byte != b'\n')
    {
        Some((at, byte)) => Err(NoteError::ControlCharacter { byte, at }),
        None => Ok(()),
    }
}

fn hex_id(id: &[u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(*id))
}

fn list<'a>(keys: impl Iterator<Item = (&'a str, [u8; 4])>) -> String {
    let keys: Vec<_> = keys
        .map(|(name, id)| format!("`{name}+{}`", hex_id(&id)))
        .collect();
    if keys.is_empty() {
        "nobody".to_owned()
    } else {
        keys.join(", ")
    }
}

#[cfg(test)]
#[path = "note_tests.rs"]
mod tests;
