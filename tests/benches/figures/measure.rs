//! Takes a figure and its peer's in turns, so that whatever else the machine does falls on both.
//!
//! Nothing here knows what is measured. A ratio is taken within each round; what is told of the rounds is
//! their median and their middle half, because means belong to whoever was disturbed most.

use std::hint::black_box;
use std::time::Instant;

/// Median and quartiles of what several rounds gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Self {
            low: at(0.25),
            median: at(0.5),
            high: at(0.75),
        }
    }
}

/// Ours, the peer's, and ours ÷ the peer's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    pub(crate) ours: Spread,
    pub(crate) bare: Spread,
    pub(crate) ratio: Spread,
}

/// Takes both figures `rounds` times, ours first in every other round. One round before is not counted.
pub(crate) fn interleaved(
    rounds: usize,
    mut ours: impl FnMut() -> f64,
    mut bare: impl FnMut() -> f64,
) -> Compared {
    let (mut all_ours, mut all_bare) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let (a, b) = if round % 2 == 0 {
            let a = ours();
            (a, bare())
        } else {
            let b = bare();
            (ours(), b)
        };
        if round > 0 {
            all_ours.push(a);
            all_bare.push(b);
        }
    }
    let ratios = all_ours.iter().zip(&all_bare).map(|(a, b)| a / b).collect();
    Compared {
        ratio: Spread::of(ratios),
        ours: Spread::of(all_ours),
        bare: Spread::of(all_bare),
    }
}

/// Seconds that one run of `work` takes, over `times` of them.
pub(crate) fn seconds<T>(times: u32, mut work: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    for _ in 0..times {
        black_box(work());
    }
    started.elapsed().as_secs_f64() / f64::from(times)
}
