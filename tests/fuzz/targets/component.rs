//! Feeds [`claw_fuzz::component`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::component(bytes));
