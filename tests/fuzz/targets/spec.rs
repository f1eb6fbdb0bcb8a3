//! Feeds [`claw_fuzz::spec`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::spec(bytes));
