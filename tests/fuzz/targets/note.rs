//! Feeds [`claw_fuzz::note`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::note(bytes));
