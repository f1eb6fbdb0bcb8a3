//! A self-hosted registry of signed skills: what it keeps, how it is published to, how it is served.
//!
//! It believes no release that a key of the namespace has not signed, serves no bytes that no release
//! names, and changes nothing that it has accepted. It never runs a component, and only its program,
//! `claw-registry`, prints or reads the environment.

mod app;
mod background;
pub mod backup;
mod cache;
pub mod clock;
mod compatibility;
pub mod crash;
pub mod db;
mod downloads;
mod events;
pub mod failure;
mod http;
mod index;
pub mod limits;
mod metrics;
pub mod namespaces;
mod notes;
mod publish;
mod rates;
mod search;
pub mod server;
pub mod setup;
pub mod storage;
#[cfg(test)]
mod testing;
pub mod tokens;
pub mod verify;

pub use app::App;
pub use notes::Outcome;
