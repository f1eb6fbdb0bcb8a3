//! What claw promises to people, tried through the real programs, a real registry and real components.
//!
//! Pure rules are tested beside the code. Here is only what a person, an agent or an attacker would see.

mod asking;
mod at_once;
mod audit;
mod author;
mod authoring;
mod compatibility;
mod completions;
mod crash;
mod danger;
#[cfg(target_os = "linux")]
mod disk;
mod doctor;
mod guide;
mod hints;
#[cfg(target_os = "linux")]
mod hostile;
mod integrity;
mod limits;
mod mcp;
mod network;
mod operators;
#[cfg(target_os = "linux")]
mod powers;
#[cfg(target_os = "linux")]
mod processes;
mod progress;
mod protected;
mod publish;
mod receipts;
mod reference;
mod resolve;
mod sandbox;
mod scale;
mod search;
mod secrets;
mod stress;
mod tls;
mod trust;
mod update;
mod without_terminal;
