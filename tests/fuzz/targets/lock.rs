//! Feeds [`claw_fuzz::lock`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::lock(bytes));
