//! Talks to a registry over HTTP: small capped answers, digest-checked downloads, uploads of notes
//! and blobs.
//!
//! It believes nothing: what a note or an index says is for `claw-trust` to check. It follows
//! redirects to the same origin only, speaks plain `http://` to loopback only unless told
//! otherwise, repeats only requests that change nothing, bounds every size and every wait, and
//! never puts a token into an error or a URL. It uses no proxy, and trusts the certificates that the system
//! does: the one thing taken from the environment, by the library that looks for them on Linux, is
//! `SSL_CERT_FILE` and `SSL_CERT_DIR`.

mod address;
mod body;
mod client;
mod error;
mod patience;
mod read;
mod write;

pub use client::{Client, ClientOptions};
pub use error::{ClientError, ErrorClass};
pub use patience::Patience;
pub use write::{Accepted, Standing};
