//! What claw promises to people, tried through the real programs, a real registry and real components.
//!
//! Pure rules are tested beside the code. Here is only what a person, an agent or an attacker would see.

mod author;
mod crash;
mod disk;
mod integrity;
mod limits;
mod mcp;
mod operators;
mod protected;
mod publish;
mod resolve;
mod sandbox;
mod scale;
mod stress;
mod trust;
mod without_terminal;
