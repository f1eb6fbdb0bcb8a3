//! Feeds [`claw_fuzz::tarball`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| claw_fuzz::tarball(bytes));
