//! Uses up what a host has: time, memory, stack, log, calls.

use std::hint::black_box;

/// Never ends, and never calls the host.
pub fn spin() {
    let mut turns = 0u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Holds as many mebibytes as it is told, each of them written to.
pub fn allocate(mebibytes: u32) -> u64 {
    let held: Vec<Vec<u8>> = (0..mebibytes)
        .map(|_| black_box(vec![1u8; 1 << 20]))
        .collect();
    held.iter().map(|block| block.len() as u64).sum()
}

/// Calls itself until the stack ends.
pub fn recurse(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX {
        0
    } else {
        black_box(recurse(depth + 1)) + 1
    }
}

/// So many records of some length.
pub fn log_flood(records: u64) {
    for number in 0..records {
        claw_sdk::log::info(format_args!("{number} {}", "x".repeat(200)));
    }
}

/// So many calls of a clock.
pub fn host_calls(calls: u64) -> u64 {
    (0..calls).fold(0, |_, _| crate::wasi::clocks::monotonic_clock::now())
}
