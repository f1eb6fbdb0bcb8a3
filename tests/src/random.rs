//! Random numbers that can be had again: a test prints its seed, and takes it from `CLAW_TEST_SEED`.

use std::time::{SystemTime, UNIX_EPOCH};

/// A sequence of numbers that its seed decides.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// A new sequence. Its seed is printed, so that a failed test shows it.
    pub fn new() -> Random {
        let given = std::env::var("CLAW_TEST_SEED").ok();
        let seed = given.and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(1, |now| now.as_micros() as u64)
        });
        println!("CLAW_TEST_SEED={seed}");
        Random(seed)
    }

    /// A number from 1 to `most`.
    pub fn up_to(&mut self, most: usize) -> usize {
        // SplitMix64, by Sebastiano Vigna.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        1 + (mixed ^ (mixed >> 31)) as usize % most
    }
}

impl Default for Random {
    fn default() -> Self {
        Random::new()
    }
}
