//! Full disks, broken ones and lost power, at every single write of the registry and of both command lines.
//!
//! Each time: what is there is the state before or the one after, what was acknowledged stands, the message
//! says what to do, and the same command done again succeeds.

mod author;
mod backup;
mod claw;
mod packing;
mod receipts;
mod registry_full;
mod registry_killed;
mod registry_power;
mod registry_start;
mod registry_world;
mod together;

/// More writes than any operation has; a loop that gets there does not end by itself.
const CALLS_MAX: usize = 400;
