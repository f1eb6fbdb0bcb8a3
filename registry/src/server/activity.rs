//! What a connection is doing, so that one that does nothing can be let go.
//!
//! HTTP/1.1 has bounds of its own: a head that does not come, a write that does not go. Over HTTP/2 a
//! client can keep a connection without asking for anything, or a stream without reading it, while
//! the connection itself looks alive.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The requests of one connection.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    under_way: usize,
    /// Since when nothing is under way.
    idle_since: Instant,
    /// Answers whose next piece the client has not made room for, and since when.
    unread: HashMap<u64, Instant>,
    next: u64,
}

/// Why a connection is to be let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// Nothing was asked for.
    Idle,
    /// An answer is not read.
    Unread,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Exchange {
    activity: Arc<Activity>,
    unread: Option<u64>,
}

impl Activity {
    /// A connection that has asked for nothing yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                under_way: 0,
                idle_since: Instant::now(),
                unread: HashMap::new(),
                next: 0,
            }),
        })
    }

    /// Counts a request in.
    pub(crate) fn begin(self: &Arc<Self>) -> Exchange {
        self.lock().under_way += 1;
        Exchange {
            activity: Arc::clone(self),
            unread: None,
        }
    }

    /// Waits until nothing was asked for in `idle`, or an answer was not read in `unread`.
    pub(super) async fn spent(&self, idle: Duration, unread: Duration) -> Spent {
        loop {
            let now = Instant::now();
            // Whatever begins now has at least as long.
            let mut next = now + idle.min(unread);
            match self.deadline(idle, unread) {
                Some((until, why)) if until <= now => return why,
                Some((until, _)) => next = next.min(until),
                None => {}
            }
            tokio::time::sleep_until(next).await;
        }
    }

    fn deadline(&self, idle: Duration, unread: Duration) -> Option<(Instant, Spent)> {
        let state = self.lock();
        if state.under_way == 0 {
            return Some((state.idle_since + idle, Spent::Idle));
        }
        let oldest = state.unread.values().min();
        oldest.map(|since| (*since + unread, Spent::Unread))
    }

    /// No operation here can leave the state half-changed, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// A piece of the answer was handed over; the next is asked for when the client has room.
    pub(crate) fn handed_over(&mut self) {
        let mut state = self.activity.lock();
        let id = state.next;
        state.next += 1;
        state.unread.insert(id, Instant::now());
        self.unread = Some(id);
    }

    /// The client has room.
    pub(crate) fn asked(&mut self) {
        if let Some(id) = self.unread.take() {
            self.activity.lock().unread.remove(&id);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.asked();
        let mut state = self.activity.lock();
        state.under_way -= 1;
        if state.under_way == 0 {
            state.idle_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_connection_without_a_request_is_spent() {
        let activity = Activity::new();
        assert_eq!(activity.spent(Duration::ZERO, LONG).await, Spent::Idle);
        drop(activity.begin());
        assert_eq!(activity.spent(Duration::ZERO, LONG).await, Spent::Idle);
    }

    #[tokio::test]
    async fn an_answer_that_is_not_read_spends_its_connection_whatever_the_others_do() {
        let activity = Activity::new();
        let (mut one, mut other) = (activity.begin(), activity.begin());
        one.handed_over();
        other.handed_over();
        other.asked();
        assert_eq!(activity.spent(LONG, Duration::ZERO).await, Spent::Unread);
    }

    #[tokio::test]
    async fn a_request_under_way_or_an_answer_being_made_is_no_reason() {
        let activity = Activity::new();
        let mut exchange = activity.begin();
        assert_eq!(activity.deadline(Duration::ZERO, Duration::ZERO), None);
        exchange.handed_over();
        exchange.asked();
        assert_eq!(activity.deadline(Duration::ZERO, Duration::ZERO), None);
    }
}
