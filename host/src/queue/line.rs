//! The line itself: who stands in which lane, who is next, and who is sent away. It knows no clock and nobody waits in here.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{NoTurn, QueueConfig, Turn};

/// Nobody is told to come again sooner: it would only make the line longer.
const RETRY_MIN: Duration = Duration::from_secs(1);

/// Nobody is told to come again later: how long a line takes is only guessed.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Who has no turn yet.
#[derive(Debug)]
pub(super) struct Line {
    /// How many turns nobody has.
    pub(super) free: u32,
    pub(super) waiting: usize,
    /// Those in which somebody waits. The first is next.
    lanes: VecDeque<Lane>,
    tickets: u64,
    /// How long a turn takes, the last ones counting most. Zero before the first has ended.
    pub(super) usual: Duration,
}

#[derive(Debug)]
struct Lane {
    name: String,
    waiters: VecDeque<Waiter>,
}

#[derive(Debug)]
pub(super) struct Waiter {
    ticket: u64,
    pub(super) called: oneshot::Sender<Turn>,
}

impl Line {
    /// One in which nobody stands, and so many turns are free.
    pub(super) fn new(free: u32) -> Self {
        Self {
            free,
            waiting: 0,
            lanes: VecDeque::new(),
            tickets: 0,
            usual: Duration::ZERO,
        }
    }

    /// Where the line is full, the longest lane gives up its last place to a shorter one. Otherwise
    /// one lane could fill the line and keep all others out.
    pub(super) fn make_room(&mut self, lane: &str, config: &QueueConfig) -> Result<(), NoTurn> {
        if self.waiting < config.waiting {
            return Ok(());
        }
        let own = self.lanes.iter().find(|other| other.name == lane);
        let own = own.map_or(0, |own| own.waiters.len());
        let longest = self.lanes.iter_mut().max_by_key(|lane| lane.waiters.len());
        match longest.filter(|longest| longest.waiters.len() > own + 1) {
            // Whoever waited there hears of it by what it waited on going away.
            Some(longest) => {
                longest.waiters.pop_back();
                self.waiting -= 1;
                Ok(())
            }
            None => Err(self.too_busy(config)),
        }
    }

    pub(super) fn join(&mut self, lane: &str) -> (oneshot::Receiver<Turn>, u64) {
        let (called, waits) = oneshot::channel();
        let ticket = self.tickets;
        self.tickets += 1;
        self.waiting += 1;
        let waiter = Waiter { ticket, called };
        match self.lanes.iter_mut().find(|other| other.name == lane) {
            Some(lane) => lane.waiters.push_back(waiter),
            None => self.lanes.push_back(Lane {
                name: lane.to_owned(),
                waiters: VecDeque::from([waiter]),
            }),
        }
        (waits, ticket)
    }

    pub(super) fn leave(&mut self, ticket: u64) {
        for lane in &mut self.lanes {
            let before = lane.waiters.len();
            lane.waiters.retain(|waiter| waiter.ticket != ticket);
            self.waiting -= before - lane.waiters.len();
        }
        self.lanes.retain(|lane| !lane.waiters.is_empty());
    }

    /// Who is next: the first of the first lane, which then stands behind the others.
    pub(super) fn next(&mut self) -> Option<Waiter> {
        let mut lane = self.lanes.pop_front()?;
        let waiter = lane.waiters.pop_front()?;
        self.waiting -= 1;
        if !lane.waiters.is_empty() {
            self.lanes.push_back(lane);
        }
        Some(waiter)
    }

    pub(super) fn too_busy(&self, config: &QueueConfig) -> NoTurn {
        let before = u32::try_from(self.waiting / config.running.max(1) as usize);
        let guess = self
            .usual
            .saturating_mul(before.unwrap_or(u32::MAX).saturating_add(1));
        // Whole seconds, and rather too late than too early.
        let seconds = guess.clamp(RETRY_MIN, RETRY_MAX).as_secs_f64().ceil();
        NoTurn::TooBusy {
            retry_after: Duration::from_secs_f64(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_come_again_follows_the_length_of_the_line() {
        let config = QueueConfig {
            running: 2,
            waiting: 100,
            wait: Duration::from_secs(3600),
        };
        let mut line = Line::new(0);
        let after = |line: &Line| match line.too_busy(&config) {
            NoTurn::TooBusy { retry_after } => retry_after.as_secs(),
            NoTurn::Cancelled => panic!(),
        };
        line.usual = Duration::from_millis(2_500);
        assert_eq!(after(&line), 3);
        line.waiting = 6;
        assert_eq!(after(&line), 10);
        line.waiting = usize::MAX;
        assert_eq!(after(&line), 60);
        line.waiting = 0;
        line.usual = Duration::MAX;
        assert_eq!(after(&line), 60);
    }
}
