//! `claw receipts`: what ran here, and what it came to.

use std::time::SystemTime;

use claw_host::{Receipt, ReceiptReader};
use claw_package::PackageName;
use claw_registry_api::Timestamp;

use super::Context;
use crate::failure::{Kind, OrFail, Outcome};
use crate::ledger::{Filter, Group, LAST_MAX, Last, Summary, When, denials};
use crate::output;

/// The words that receipts say how a call ended with.
const OUTCOMES: [&str; 13] = [
    "ok",
    "action-error",
    "invalid-input",
    "unknown-action",
    "not-callable",
    "not-enforced",
    "trap",
    "out-of-time",
    "out-of-memory",
    "output-too-large",
    "too-many-host-calls",
    "cancelled",
    "internal",
];

/// Show the receipts of calls, the oldest first, or sum them up.
///
/// Every call leaves one receipt, whoever asked for it and however it ended. Times are UTC. With
/// --json it is one list, or one object with --summary.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only of this skill: namespace/name, or local:DIGEST.
    #[arg(long, value_name = "NAME")]
    skill: Option<String>,
    /// Only of this action.
    #[arg(long)]
    action: Option<String>,
    /// Only calls that ended like this.
    #[arg(long, value_parser = OUTCOMES)]
    outcome: Option<String>,
    /// Only calls in which something was denied.
    #[arg(long)]
    denied: bool,
    /// Only calls at or after this: 2026-11-20, 2026-11-20T10:00:00Z, or 2h ago as 2h.
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// Only calls before this.
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// Only the last N of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(LAST_MAX)))]
    last: Option<u32>,
    /// Show calls, failures, denials and time for each action.
    #[arg(long)]
    summary: bool,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    let act = "could not read the receipts";
    let mut reader = ReceiptReader::open(&context.home.receipts()).or_fail(Kind::Io, act)?;
    let filter = filter(&args);
    let mut sink = Sink::new(&args, context.json);
    for receipt in reader.by_ref() {
        let receipt = receipt.or_fail(Kind::Io, act)?;
        if filter.takes(&receipt) {
            sink.take(receipt)?;
        }
    }
    sink.end()?;
    if reader.unreadable() > 0 {
        output::warn(format_args!(
            "{} lines are no receipts, as a crash may leave them, and were passed over",
            reader.unreadable()
        ));
    }
    Ok(())
}

fn filter(args: &Args) -> Filter {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = Timestamp::from_unix_seconds(since_1970.unwrap_or_default().as_secs());
    let moment = |when: Option<When>| when.map(|when| when.as_receipt_time(now));
    // Every spelling of a name is one skill.
    let skill = args.skill.as_ref().map(|typed| {
        let name = typed.parse::<PackageName>();
        name.map_or_else(|_| typed.clone(), |name| name.to_string())
    });
    Filter {
        skill,
        action: args.action.clone(),
        outcome: args.outcome.clone(),
        denied: args.denied,
        since: moment(args.since),
        until: moment(args.until),
    }
}

/// Where the wanted receipts go.
struct Sink {
    last: Option<Last>,
    out: Out,
}

enum Out {
    Lines { any: bool },
    Json(output::JsonList),
    Summary { summary: Summary, json: bool },
}

impl Sink {
    fn new(args: &Args, json: bool) -> Self {
        let out = if args.summary {
            Out::Summary {
                summary: Summary::default(),
                json,
            }
        } else if json {
            Out::Json(output::JsonList::default())
        } else {
            Out::Lines { any: false }
        };
        Sink {
            last: args.last.map(Last::new),
            out,
        }
    }

    fn take(&mut self, receipt: Receipt) -> Outcome {
        match &mut self.last {
            Some(last) => {
                last.add(receipt);
                Ok(())
            }
            None => self.out.take(&receipt),
        }
    }

    fn end(mut self) -> Outcome {
        let last = self.last.take().map(Last::into_kept).unwrap_or_default();
        last.iter().try_for_each(|receipt| self.out.take(receipt))?;
        self.out.end()
    }
}

impl Out {
    fn take(&mut self, receipt: &Receipt) -> Outcome {
        match self {
            Out::Lines { any } => {
                *any = true;
                output::data(line(receipt))
            }
            Out::Json(list) => {
                let value = serde_json::to_value(receipt);
                list.item(&value.or_fail(Kind::Bug, "could not print a receipt")?)
            }
            Out::Summary { summary, .. } => {
                summary.add(receipt);
                Ok(())
            }
        }
    }

    fn end(self) -> Outcome {
        match self {
            Out::Lines { any: true } => Ok(()),
            Out::Lines { any: false } => {
                output::say("no such receipts");
                Ok(())
            }
            Out::Json(list) => list.end(),
            Out::Summary { summary, json } if json => output::json(&summary.to_json()),
            Out::Summary { summary, .. } => table(&summary),
        }
    }
}

fn line(receipt: &Receipt) -> String {
    let Receipt {
        time,
        skill,
        version,
        action,
        outcome,
        ..
    } = receipt;
    let name = match version.is_empty() || skill.starts_with("local:") {
        true => skill.clone(),
        false => format!("{skill}@{version}"),
    };
    let took = span(receipt.duration_us);
    let mut text = format!("{time}  {name}  {action}  {outcome}  {took}");
    if denials(receipt) > 0 {
        let kinds = receipt.refused.iter();
        let kinds: Vec<_> = kinds
            .map(|(kind, count)| format!("{kind} {count}×"))
            .collect();
        text.push_str(&format!("  denied: {}", kinds.join(", ")));
    }
    // Names of actions come from callers.
    text.replace('\n', " ")
}

fn table(summary: &Summary) -> Outcome {
    let mut rows = vec![
        [
            "skill", "action", "calls", "failed", "denied", "time", "mean", "longest",
        ]
        .map(str::to_owned),
    ];
    let row = |skill: &str, action: &str, group: &Group| {
        [
            skill.to_owned(),
            action.replace('\n', " "),
            group.calls.to_string(),
            group.failures.to_string(),
            group.denials.to_string(),
            span(group.duration_us),
            span(group.mean_us()),
            span(group.longest_us),
        ]
    };
    for ((skill, action), group) in &summary.groups {
        rows.push(row(skill, action, group));
    }
    if summary.others.calls > 0 {
        rows.push(row("others", "", &summary.others));
    }
    rows.push(row("all", "", &summary.total));
    output::table(&rows, 2)
}

/// A time in the unit that people would say it in.
fn span(microseconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = microseconds as f64;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{:.1} ms", value / 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", value / 1e6),
        _ => format!("{:.1} min", value / 60e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_unit_that_people_would_use() {
        for (microseconds, text) in [
            (999, "999 µs"),
            (1_500, "1.5 ms"),
            (30_000_000, "30.0 s"),
            (90_000_000, "1.5 min"),
        ] {
            assert_eq!(span(microseconds), text);
        }
    }
}
