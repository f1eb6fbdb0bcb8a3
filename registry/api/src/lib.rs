//! What a registry and its clients say to each other: paths, JSON shapes, codes and their limits.
//!
//! Pure types. Nothing here opens a connection, and nothing that is read here is thereby true: the
//! index and the answers only repeat what signed notes say.

mod answer;
mod downloads;
mod error;
pub mod index;
pub mod media;
pub mod paths;
pub mod search;
pub mod secret;
mod text;
mod time;
mod token;
mod well_known;

pub use answer::{
    EventAnswer, EventEntry, NamespaceAnswer, NamespaceEntry, ReleaseAnswer, ReleaseEntry,
    Visibility,
};
pub use downloads::{DownloadsAnswer, ReleaseDownloads};
pub use error::{ErrorBody, ErrorCode, ErrorEntry};
pub use index::{IndexError, IndexLine};
pub use search::{SearchAnswer, SearchQuery, SearchResult};
pub use time::{Timestamp, TimestampError};
pub use token::{
    NamespacePattern, NamespacePatternError, Scope, ScopeError, TokenAnswer, TokenEntry, TokenList,
    TokenRequest,
};
pub use well_known::WellKnown;

/// The longest JSON answer or request body, errors included.
pub const JSON_BYTES_MAX: usize = 1024 * 1024;
