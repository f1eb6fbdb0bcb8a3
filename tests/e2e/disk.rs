//! Full disks, broken ones and lost power, at every single write of the registry and of both command lines.
//!
//! Each time: what is there is the state before or the one after, what was acknowledged stands, the message
//! says what to do, and the same command done again succeeds.

mod author;
mod backup;
mod claw;
mod compiling;
mod packing;
mod publishing;
mod receipts;
mod registry_full;
mod registry_killed;
mod registry_power;
mod registry_start;
mod registry_world;
mod running;
mod together;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use claw_tests::faults::Image;

/// More writes than any operation has; a loop that gets there does not end by itself.
const CALLS_MAX: usize = 400;

/// A sync that a promise rests on: of what it is, in words and by its path below the disk's root.
type Needed = (&'static str, fn(&Path) -> bool);

/// Whether `check` fails on any of the images. The latest come first: most of what a sync is for, somebody was told.
fn notices(images: &[Image], check: impl Fn(&Image)) -> bool {
    let fails = |image: &Image| catch_unwind(AssertUnwindSafe(|| check(image))).is_err();
    images.iter().rev().any(fails)
}
