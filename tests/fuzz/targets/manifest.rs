//! Feeds [`claw_fuzz::manifest`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::manifest(bytes));
