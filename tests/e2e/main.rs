//! What claw promises to people, tried through the real programs, a real registry and real components.
//!
//! Pure rules are tested beside the code. Here is only what a person, an agent or an attacker would see.

mod author;
mod crash;
#[cfg(target_os = "linux")]
mod disk;
mod integrity;
mod limits;
mod mcp;
mod protected;
mod publish;
mod resolve;
mod sandbox;
mod scale;
mod stress;
mod trust;
mod without_terminal;
