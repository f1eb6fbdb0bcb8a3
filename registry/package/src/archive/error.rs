//! Why a tarball is not a package, naming the entry and the fault.

use std::io;

use super::path::PathFault;
use super::skill_md::SkillMdError;
use crate::component::ComponentError;
use crate::limits::{ENTRIES_MAX, PACKED_BYTES_MAX, RATIO_MAX, UNPACKED_BYTES_MAX};
use crate::skill_json::SkillJsonError;

/// Why a tarball is not a package.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be had.
    #[error("the package could not be read")]
    Source(#[source] io::Error),
    /// Whoever takes the files could not.
    #[error("`{path}` could not be stored")]
    Sink {
        /// The file or folder.
        path: String,
        /// What went wrong.
        source: io::Error,
    },
    /// It begins with something else.
    #[error("this is not a gzip file")]
    NotGzip,
    /// Name, time, comment or extra fields, or unusual flags.
    #[error("the gzip header is not a package's: no flags, no name, no time")]
    GzipHeader,
    /// It ends too early.
    #[error("the package is truncated")]
    Truncated,
    /// It does not inflate, or not to what its checksum says.
    #[error("the gzip data is corrupt")]
    Corrupt,
    /// Another member, or garbage.
    #[error("there are bytes after the gzip member")]
    AfterGzip,
    /// More packed bytes than a package may have.
    #[error("the package is larger than {PACKED_BYTES_MAX} bytes")]
    PackedTooLarge,
    /// More unpacked bytes than a package may have.
    #[error("the package unpacks to more than {UNPACKED_BYTES_MAX} bytes")]
    UnpackedTooLarge,
    /// A bomb.
    #[error("the package unpacks to more than {RATIO_MAX} times its size")]
    RatioTooHigh,
    /// More files and folders than a package may have.
    #[error("the package has more than {ENTRIES_MAX} files and folders")]
    TooManyEntries,
    /// No end, or something after it.
    #[error("the archive does not end in exactly two blocks of zeros")]
    End,
    /// An entry does what entries here do not.
    #[error("entry `{path}`: {fault}")]
    Entry {
        /// Its path, with anything invisible escaped.
        path: String,
        /// What it does.
        fault: EntryFault,
    },
    /// The root folder is not called after the package.
    #[error("the root folder is `{actual}`, but the manifest says `{expected}`")]
    Root {
        /// `name-version` of the manifest.
        expected: String,
        /// What the entries begin with.
        actual: String,
    },
    /// A file that every package has.
    #[error("the package has no `{0}`")]
    Missing(&'static str),
    /// A `skill.json` that is not one, or not of this component.
    #[error("`skill.json` is wrong")]
    SkillJson(#[source] SkillJsonError),
    /// A component that is not one, or imports what it may not.
    #[error("`skill.wasm` is wrong")]
    Component(#[source] ComponentError),
    /// A `SKILL.md` that agents would not accept.
    #[error("`SKILL.md` is wrong")]
    SkillMd(#[source] SkillMdError),
}

/// What an entry does that entries of a package do not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// A path that some platform reads otherwise.
    #[error(transparent)]
    Path(#[from] PathFault),
    /// A PAX or GNU extension header.
    #[error("it is a {0} extension header")]
    Extension(&'static str),
    /// A symbolic or hard link.
    #[error("it is a {0} link")]
    Link(&'static str),
    /// Any other kind of entry.
    #[error("it is {0}, neither a file nor a folder")]
    Type(String),
    /// The header's checksum is not that of the header.
    #[error("its header's checksum is wrong")]
    Checksum,
    /// Another format than ustar.
    #[error("its header is not ustar")]
    NotUstar,
    /// A mode other than 0644 and 0755.
    #[error("its mode is neither 0644 nor 0755, or not a folder's")]
    Mode,
    /// A time other than zero.
    #[error("it has a time")]
    Time,
    /// An owner other than zero.
    #[error("it has an owner")]
    Owner,
    /// A file's path that ends in a slash, or a folder's that does not.
    #[error("a folder's path ends in `/` and a file's does not")]
    TrailingSlash,
    /// Bytes after the end of a text.
    #[error("its path has bytes after a NUL")]
    Nul,
    /// Any other deviation from the one form of a header.
    #[error("its header is not in the one form there is")]
    Form,
    /// Bytes that are not zero between the contents and the next header.
    #[error("its padding is not zeros")]
    Padding,
    /// A root folder other than the first entry's.
    #[error("it is not in the package's root folder `{0}`")]
    Root(String),
    /// A place where packages have nothing.
    #[error(
        "a package has `skill.json`, `skill.wasm`, `SKILL.md`, `README.md`, `LICENSE*`, `references/` and `assets/`, and nothing else"
    )]
    Place,
    /// The same path twice.
    #[error("it is there twice")]
    Duplicate,
    /// A path that some file system holds for another one.
    #[error("it is the same as `{0}` on some file systems")]
    Collision(String),
    /// Entries not sorted by the bytes of their paths.
    #[error("entries are not sorted")]
    Order,
    /// More bytes than this file may have.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
}

impl EntryFault {
    pub(super) fn of_type(kind: u8) -> Self {
        match kind {
            b'1' => Self::Link("hard"),
            b'2' => Self::Link("symbolic"),
            b'3' => Self::Type("a character device".into()),
            b'4' => Self::Type("a block device".into()),
            b'6' => Self::Type("a FIFO".into()),
            b'7' => Self::Type("a contiguous file".into()),
            b'x' | b'g' | b'X' => Self::Extension("PAX"),
            b'L' | b'K' | b'D' | b'M' | b'N' | b'S' | b'V' => Self::Extension("GNU"),
            other => Self::Type(format!("of the unknown type `{}`", other.escape_ascii())),
        }
    }
}
