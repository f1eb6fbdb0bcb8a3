//! Media types of the bodies that are sent.

/// A signed note.
pub const NOTE: &str = "text/x-claw-note; charset=utf-8";

/// Bytes known by their digest.
pub const BLOB: &str = "application/octet-stream";

/// An index file: one JSON object per line.
pub const INDEX: &str = "application/x-ndjson";

/// Every other request and answer.
pub const JSON: &str = "application/json";
