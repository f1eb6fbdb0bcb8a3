//! What the registry counts and times, for whoever watches it.
//!
//! Labels are of a few kinds that the program itself names: routes as they are registered, methods,
//! codes. No name of a package, a namespace, a person or an address is in them, so that the numbers
//! tell nobody what the registry holds and no client can make new ones.

use std::future::Future;
use std::time::{Duration, Instant};

use claw_registry_api::ErrorCode;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use crate::notes::Outcome;

/// From a note out of memory to the slowest upload.
const SECONDS: [f64; 13] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0,
];

/// What the database is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asking {
    /// To look something up, the wait for a connection included.
    Read,
    /// For the turn to write.
    Turn,
    /// To make a transaction durable.
    Commit,
}

/// What is done with files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Storing {
    /// To open a tarball and to read its first page.
    Open,
    /// To make an upload durable in staging.
    Stage,
    /// To give a tarball its lasting name, durably.
    Link,
}

/// What became of a request, when its answer is over.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The route as it is registered.
    pub(crate) route: &'a str,
    /// The method.
    pub(crate) method: &'static str,
    /// The status.
    pub(crate) status: u16,
    /// Why it was refused or failed.
    pub(crate) code: Option<ErrorCode>,
    /// The bytes of the body that were sent.
    pub(crate) bytes: u64,
    /// From its head to the end of its answer.
    pub(crate) duration: Duration,
}

/// Every number, from the start of the process on.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    sent: IntCounterVec,
    received: IntCounter,
    refusals: IntCounterVec,
    limited: IntCounterVec,
    notes: IntCounterVec,
    database: HistogramVec,
    storage: HistogramVec,
    /// Connections that stand.
    pub(crate) connections: IntGauge,
}

impl Metrics {
    /// All of them at nothing.
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::new(),
            requests: counters(
                "requests_total",
                "Requests answered, by route, method and class of status.",
                &["route", "method", "status"],
            ),
            seconds: histograms(
                "request_seconds",
                "From the head of a request to the end of its answer.",
                "route",
            ),
            sent: counters(
                "sent_bytes_total",
                "Bytes of bodies that were sent.",
                &["route"],
            ),
            received: expected(IntCounter::with_opts(options(
                "received_bytes_total",
                "Bytes of bodies that were read.",
            ))),
            refusals: counters(
                "refusals_total",
                "Requests that were refused or failed, by code.",
                &["code"],
            ),
            limited: counters(
                "rate_limited_total",
                "Requests beyond a budget, by budget, and whether a token's or an address's.",
                &["budget", "by"],
            ),
            notes: counters(
                "notes_total",
                "Notes accepted, by kind, and whether they were new.",
                &["kind", "outcome"],
            ),
            database: histograms(
                "database_seconds",
                "How long the database took to look up, to give the turn to write, to commit.",
                "operation",
            ),
            storage: histograms(
                "storage_seconds",
                "How long files took to be opened, staged, linked.",
                "operation",
            ),
            connections: expected(IntGauge::with_opts(options(
                "connections",
                "Connections that stand.",
            ))),
        };
        let build = expected(IntGaugeVec::new(
            options("build_info", "Always 1; the label says the version."),
            &["version"],
        ));
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let all: [Box<dyn Collector>; 11] = [
            Box::new(metrics.requests.clone()),
            Box::new(metrics.seconds.clone()),
            Box::new(metrics.sent.clone()),
            Box::new(metrics.received.clone()),
            Box::new(metrics.refusals.clone()),
            Box::new(metrics.limited.clone()),
            Box::new(metrics.notes.clone()),
            Box::new(metrics.database.clone()),
            Box::new(metrics.storage.clone()),
            Box::new(metrics.connections.clone()),
            Box::new(build),
        ];
        for one in all {
            expected(metrics.registry.register(one));
        }
        metrics
    }

    /// Counts a request whose answer is over.
    pub(crate) fn request(&self, request: &Request<'_>) {
        let class = match request.status {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        let labels = [request.route, request.method, class];
        self.requests.with_label_values(&labels).inc();
        let of_route = [request.route];
        let seconds = request.duration.as_secs_f64();
        self.seconds.with_label_values(&of_route).observe(seconds);
        self.sent.with_label_values(&of_route).inc_by(request.bytes);
        if let Some(code) = request.code {
            self.refusals.with_label_values(&[code.as_str()]).inc();
        }
    }

    /// Counts a note that was accepted.
    pub(crate) fn note(&self, kind: &'static str, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Created => "created",
            Outcome::Standing => "standing",
        };
        self.notes.with_label_values(&[kind, outcome]).inc();
    }

    /// Counts a request beyond a budget.
    pub(crate) fn limited(&self, budget: &'static str, by: &'static str) {
        self.limited.with_label_values(&[budget, by]).inc();
    }

    /// Counts a piece of a body.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.inc_by(bytes as u64);
    }

    /// Times the database.
    pub(crate) async fn database<F: Future>(&self, asking: Asking, work: F) -> F::Output {
        let operation = match asking {
            Asking::Read => "read",
            Asking::Turn => "turn",
            Asking::Commit => "commit",
        };
        timed(self.database.with_label_values(&[operation]), work).await
    }

    /// Times the disk.
    pub(crate) async fn storage<F: Future>(&self, storing: Storing, work: F) -> F::Output {
        let operation = match storing {
            Storing::Open => "open",
            Storing::Stage => "stage",
            Storing::Link => "link",
        };
        timed(self.storage.with_label_values(&[operation]), work).await
    }

    /// All of them as Prometheus reads them.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

async fn timed<F: Future>(histogram: Histogram, work: F) -> F::Output {
    let begun = Instant::now();
    let output = work.await;
    histogram.observe(begun.elapsed().as_secs_f64());
    output
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("claw_registry")
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    expected(IntCounterVec::new(options(name, help), labels))
}

fn histograms(name: &str, help: &str, label: &str) -> HistogramVec {
    let options = HistogramOpts::from(options(name, help)).buckets(SECONDS.to_vec());
    expected(HistogramVec::new(options, &[label]))
}

fn expected<T>(made: Result<T, prometheus::Error>) -> T {
    made.expect("names are written above, once each, in the letters that Prometheus takes")
}
