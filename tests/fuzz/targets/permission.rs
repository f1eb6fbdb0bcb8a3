//! Feeds [`claw_fuzz::permission`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::permission(bytes));
