//! How soon a call ends that nobody wants any more, wherever it is: in its own code, in the host, in the line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use claw_host::{Allocation, Invocation, Outcome, Queue, QueueConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::measure::Spread;
use crate::table::{Table, Target};
use crate::world;

const TIMES: usize = 50;
/// Longer than any measurement.
const LONG: Duration = Duration::from_secs(25);
/// A person does not notice it.
const TARGET_MS: f64 = 100.0;

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let host = world::host(Allocation::Pooled { instances: 4 });
    let skill = world::load(&host, &world::waiting_component());
    let one = |action: &'static str, input: Value| {
        let skill = skill.clone();
        runtime.block_on(async move {
            let (runs, running) = tokio::sync::oneshot::channel();
            let runs = std::sync::Mutex::new(Some(runs));
            let mut invocation = Invocation::new(action, input);
            invocation.log = Some(Arc::new(move |_| {
                let runs = runs.lock().expect("nobody panics").take();
                let _ = runs.map(|runs| runs.send(()));
            }));
            let cancel = invocation.cancel.clone();
            let call = tokio::spawn(async move { skill.invoke(invocation).await });
            running.await.expect("it says that it runs");
            let asked = Instant::now();
            cancel.cancel();
            let report = call.await.expect("it does not panic");
            assert_eq!(report.outcome, Outcome::Cancelled);
            asked.elapsed()
        })
    };
    let mut told = |what: &str, mut once: Box<dyn FnMut() -> Duration + '_>| {
        let times = (0..TIMES).map(|_| once().as_secs_f64() * 1000.0).collect();
        let target = Target::AtMost(TARGET_MS);
        table.alone(what, Spread::of(times).median, "ms", target);
    };
    told(
        "cancelled while it computes",
        Box::new(|| one("say-and-spin", json!({}))),
    );
    let wait = json!({ "milliseconds": LONG.as_millis() as u64 });
    told(
        "cancelled while it waits in the host",
        Box::new(|| one("say-and-wait", wait.clone())),
    );
    told(
        "cancelled while it waits for its turn",
        Box::new(|| runtime.block_on(in_the_line())),
    );
}

async fn in_the_line() -> Duration {
    let queue = Queue::new(QueueConfig {
        running: 1,
        waiting: 1,
        wait: LONG,
    });
    let cancel = CancellationToken::new();
    let _turn = queue.turn("one", &cancel).await.expect("nobody is there");
    let waiting = tokio::spawn({
        let (queue, cancel) = (queue.clone(), cancel.clone());
        async move { queue.turn("other", &cancel).await.map(drop) }
    });
    while queue.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let asked = Instant::now();
    cancel.cancel();
    waiting
        .await
        .expect("it does not panic")
        .expect_err("there is no second turn");
    asked.elapsed()
}
