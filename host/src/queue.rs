//! Whose turn it is, where more calls want to run than may at once.
//!
//! Calls wait in lanes: those of one lane one after the other, the lanes by turns, so that a hundred
//! calls of one skill or client delay the first one of another by one call at the most. The line has
//! a length and the wait has an end; who gets no turn is told when to come again. What a turn is used
//! for is not known here.

mod line;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use line::Line;

/// How a queue is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// How many have a turn at once; at least one.
    pub running: u32,
    /// How many may wait.
    pub waiting: usize,
    /// How long each may wait.
    pub wait: Duration,
}

/// Hands out turns. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

/// The right to run. Dropping it gives it to the next.
#[derive(Debug)]
pub struct Turn {
    /// None once it was passed on.
    queue: Option<Queue>,
    since: Instant,
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// Too many wait already, or the wait was too long.
    #[error("too many calls at once; try again in {} s", retry_after.as_secs())]
    TooBusy {
        /// When there may be one, in whole seconds.
        retry_after: Duration,
    },
    /// Whoever waited does not want it any more.
    #[error("it was cancelled")]
    Cancelled,
}

#[derive(Debug)]
struct Shared {
    config: QueueConfig,
    line: Mutex<Line>,
}

impl Queue {
    /// A queue in which nobody waits.
    pub fn new(config: QueueConfig) -> Self {
        let line = Mutex::new(Line::new(config.running.max(1)));
        Self {
            shared: Arc::new(Shared { config, line }),
        }
    }

    /// Waits for a turn in a lane: the name of a skill, a client, or whoever shares fairly.
    pub async fn turn(&self, lane: &str, cancel: &CancellationToken) -> Result<Turn, NoTurn> {
        if cancel.is_cancelled() {
            return Err(NoTurn::Cancelled);
        }
        let (called, place) = {
            let mut line = self.line();
            if line.free > 0 {
                line.free -= 1;
                return Ok(self.begin());
            }
            line.make_room(lane, &self.shared.config)?;
            let (called, ticket) = line.join(lane);
            let place = Place {
                queue: self,
                ticket,
            };
            (called, place)
        };
        let turn = tokio::select! {
            // When everything is cancelled, whoever ran gives its turn to one that must not begin any more.
            biased;
            () = cancel.cancelled() => return Err(NoTurn::Cancelled),
            turn = called => turn.ok(),
            () = tokio::time::sleep(self.shared.config.wait) => None,
        };
        drop(place);
        turn.ok_or_else(|| self.line().too_busy(&self.shared.config))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.line().waiting
    }

    fn begin(&self) -> Turn {
        Turn {
            queue: Some(self.clone()),
            since: Instant::now(),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing in here panics half-way.
        self.shared
            .line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, left however the wait ends.
struct Place<'a> {
    queue: &'a Queue,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.line().leave(self.ticket);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queue) = self.queue.take() else {
            return;
        };
        let mut line = queue.line();
        let took = self.since.elapsed();
        line.usual = match line.usual {
            Duration::ZERO => took,
            usual => (usual * 3 + took) / 4,
        };
        while let Some(waiter) = line.next() {
            match waiter.called.send(queue.begin()) {
                Ok(()) => return,
                // It has left since; the turn must not come back here by being dropped.
                Err(mut turn) => turn.queue = None,
            }
        }
        line.free += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn queue(running: u32, waiting: usize, wait: Duration) -> Queue {
        Queue::new(QueueConfig {
            running,
            waiting,
            wait,
        })
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Result<Turn, NoTurn>> + 'a>>;

    /// Takes a place, or a turn.
    fn wait<'a>(queue: &'a Queue, lane: &'a str, cancel: &'a CancellationToken) -> Waiting<'a> {
        Box::pin(queue.turn(lane, cancel))
    }

    fn poll(waiting: &mut Waiting<'_>) -> Poll<Result<Turn, NoTurn>> {
        pin!(waiting).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn is_busy(poll: &Poll<Result<Turn, NoTurn>>) -> bool {
        matches!(poll, Poll::Ready(Err(NoTurn::TooBusy { .. })))
    }

    #[tokio::test]
    async fn turns_are_handed_on_in_order() {
        let (queue, cancel) = (queue(2, 10, LONG), CancellationToken::new());
        let first = queue.turn("a", &cancel).await.unwrap();
        let second = queue.turn("a", &cancel).await.unwrap();
        let mut third = wait(&queue, "a", &cancel);
        let mut fourth = wait(&queue, "a", &cancel);
        assert!(poll(&mut third).is_pending() && poll(&mut fourth).is_pending());
        assert_eq!(queue.waiting(), 2);
        drop(second);
        assert!(poll(&mut fourth).is_pending());
        let third = third.await.unwrap();
        drop((first, third));
        drop(fourth.await.unwrap());
        assert_eq!(queue.waiting(), 0);
        // All turns are free again.
        let both = (
            queue.turn("a", &cancel).await,
            queue.turn("b", &cancel).await,
        );
        assert!(both.0.is_ok() && both.1.is_ok());
    }

    #[tokio::test]
    async fn a_turn_that_comes_with_the_end_of_everything_is_given_back() {
        let (queue, cancel) = (queue(1, 10, LONG), CancellationToken::new());
        let first = queue.turn("a", &cancel).await.unwrap();
        let mut second = wait(&queue, "b", &cancel);
        assert!(poll(&mut second).is_pending());
        cancel.cancel();
        drop(first);
        assert!(matches!(second.await, Err(NoTurn::Cancelled)));
        let late = queue.turn("a", &cancel).await;
        assert!(matches!(late, Err(NoTurn::Cancelled)));
        let other = queue.turn("a", &CancellationToken::new()).await;
        assert!(other.is_ok());
    }

    #[tokio::test]
    async fn lanes_go_by_turns_however_long_one_is() {
        let (queue, cancel) = (queue(1, 100, LONG), CancellationToken::new());
        let mut turn = queue.turn("flood", &cancel).await.unwrap();
        let lanes = ["flood", "flood", "flood", "flood", "a", "b", "a"];
        let mut waiting: Vec<_> = lanes
            .iter()
            .map(|lane| (*lane, wait(&queue, lane, &cancel)))
            .collect();
        for (_, waiting) in &mut waiting {
            assert!(poll(waiting).is_pending());
        }
        let mut served = Vec::new();
        while !waiting.is_empty() {
            drop(turn);
            let ready =
                waiting
                    .iter_mut()
                    .enumerate()
                    .find_map(|(index, (_, waiting))| match poll(waiting) {
                        Poll::Ready(turn) => Some((index, turn.unwrap())),
                        Poll::Pending => None,
                    });
            let (index, next) = ready.expect("somebody is next");
            served.push(waiting.remove(index).0);
            turn = next;
        }
        assert_eq!(served, ["flood", "a", "b", "flood", "a", "flood", "flood"]);
    }

    #[tokio::test]
    async fn a_full_line_sends_away_and_a_lane_cannot_fill_it_alone() {
        let (queue, cancel) = (queue(1, 3, LONG), CancellationToken::new());
        let _turn = queue.turn("flood", &cancel).await.unwrap();
        let mut flood: Vec<_> = (0..3).map(|_| wait(&queue, "flood", &cancel)).collect();
        assert!(flood.iter_mut().all(|waiting| poll(waiting).is_pending()));
        assert!(is_busy(&poll(&mut wait(&queue, "flood", &cancel))));
        assert_eq!(queue.waiting(), 3);

        let mut other = wait(&queue, "other", &cancel);
        assert!(poll(&mut other).is_pending());
        assert_eq!(queue.waiting(), 3);
        assert!(
            is_busy(&poll(&mut flood[2])),
            "the last of the longest lane goes"
        );
        assert!(poll(&mut flood[0]).is_pending() && poll(&mut flood[1]).is_pending());
        // Two and one: to send one away would only change whose line is longer.
        assert!(is_busy(&poll(&mut wait(&queue, "other", &cancel))));
    }

    #[tokio::test]
    async fn who_leaves_the_line_holds_up_nobody() {
        let queue = queue(1, 10, LONG);
        let (stays, leaves) = (CancellationToken::new(), CancellationToken::new());
        let turn = queue.turn("a", &stays).await.unwrap();
        let mut cancelled = wait(&queue, "a", &leaves);
        let mut dropped = wait(&queue, "b", &stays);
        let mut patient = wait(&queue, "a", &stays);
        for waiting in [&mut cancelled, &mut dropped, &mut patient] {
            assert!(poll(waiting).is_pending());
        }
        leaves.cancel();
        assert!(matches!(cancelled.await, Err(NoTurn::Cancelled)));
        drop(turn);
        // `b` was called, and goes away without having looked.
        drop(dropped);
        assert_eq!(queue.waiting(), 0);
        patient.await.unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_and_everybody_is_told_when_to_come_again() {
        let bound = Duration::from_millis(20);
        let (queue, cancel) = (queue(1, 10, bound), CancellationToken::new());
        let _turn = queue.turn("a", &cancel).await.unwrap();
        let asked = Instant::now();
        let no = queue.turn("b", &cancel).await.unwrap_err();
        assert!(asked.elapsed() >= bound);
        assert_eq!(no.to_string(), "too many calls at once; try again in 1 s");
        assert_eq!(queue.waiting(), 0);
    }
}
