//! Feeds [`claw_fuzz::arguments`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::arguments(bytes));
