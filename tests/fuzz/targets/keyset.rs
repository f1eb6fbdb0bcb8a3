//! Feeds [`claw_fuzz::keyset`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::keyset(bytes));
