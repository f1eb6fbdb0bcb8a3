//! The one table that is printed: Markdown, so that it goes into `docs/performance.md` as it is.
//!
//! A row says what was measured, ours, the bare peer's, the ratio, and what it was to be. Nothing is judged
//! that has no target.

use crate::measure::{Compared, Spread};

/// What a figure was to be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// Told, and not judged.
    None,
    /// Ours ÷ bare at most this.
    RatioAtMost(f64),
    /// Ours ÷ bare at least this.
    RatioAtLeast(f64),
    /// Our own figure at most this, in its unit.
    AtMost(f64),
}

/// All rows so far, and remarks below them.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<String>,
    remarks: Vec<String>,
}

impl Table {
    /// A figure with a peer; `show` prints either with its unit.
    pub(crate) fn compared(
        &mut self,
        what: &str,
        compared: Compared,
        show: impl Fn(f64) -> String,
        target: Target,
    ) {
        let Spread { low, median, high } = compared.ratio;
        let (ours, bare) = (show(compared.ours.median), show(compared.bare.median));
        let ratio = format!("{median:.2}× ({low:.2}–{high:.2})");
        let judged = match target {
            Target::None => "–".to_owned(),
            Target::RatioAtMost(bound) => format!("≤ {bound}×: {}", verdict(median <= bound)),
            Target::RatioAtLeast(bound) => format!("≥ {bound}×: {}", verdict(median >= bound)),
            Target::AtMost(bound) => {
                let met = compared.ours.median <= bound;
                format!("≤ {}: {}", show(bound), verdict(met))
            }
        };
        self.push(format!("| {what} | {ours} | {bare} | {ratio} | {judged} |"));
    }

    /// A figure that has no peer.
    pub(crate) fn alone(&mut self, what: &str, figure: f64, unit: &'static str, target: Target) {
        let judged = match target {
            Target::AtMost(bound) => format!("≤ {bound} {unit}: {}", verdict(figure <= bound)),
            _ => "–".to_owned(),
        };
        let figure = format!("{figure:.1} {unit}");
        self.push(format!("| {what} | {figure} | – | – | {judged} |"));
    }

    /// Something that has to be said about the figures.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    fn push(&mut self, row: String) {
        eprintln!("{row}");
        self.rows.push(row);
    }

    /// Prints everything to standard output.
    pub(crate) fn print(&self) {
        println!("| what | claw | bare | claw ÷ bare (middle half) | target |");
        println!("|---|---:|---:|---:|---|");
        self.rows.iter().for_each(|row| println!("{row}"));
        for remark in &self.remarks {
            println!("\n{remark}");
        }
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

/// Seconds, with the unit that suits them.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// So many a second.
pub(crate) fn per_second(rate: f64) -> String {
    format!("{rate:.0}/s")
}

/// Bytes as KiB or MiB.
pub(crate) fn bytes(count: f64) -> String {
    if count < 1024.0 * 1024.0 {
        format!("{:.1} KiB", count / 1024.0)
    } else {
        format!("{:.1} MiB", count / 1024.0 / 1024.0)
    }
}
