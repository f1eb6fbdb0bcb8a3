//! How often one client address and one token may ask, each kind of request on a budget of its own.
//!
//! A budget is a bucket that holds a minute's worth and fills evenly. It is kept as the one moment at
//! which it will be full again, so that a full one need not be kept at all. Memory is bounded by
//! forgetting who has not asked for longest: whoever is forgotten has a full bucket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::Limits;

const MINUTE: Duration = Duration::from_secs(60);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Budget {
    /// Requests that only look.
    Reading,
    /// Requests that change something.
    Writing,
    /// Tokens that are none.
    Authentication,
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// An IPv4 address.
    Address4(u32),
    /// The network part of an IPv6 address: the rest is its holder's to choose.
    Network6(u64),
    /// The bearers of a token.
    Token(u64),
}

/// All buckets.
#[derive(Debug)]
pub(crate) struct Rates {
    reads: u32,
    writes: u32,
    failures: u32,
    start: Instant,
    /// Half of those that are kept.
    half_max: usize,
    buckets: Mutex<Buckets>,
}

/// Nanoseconds after the start at which a bucket is full again.
type Full = HashMap<(Budget, Who), u64>;

#[derive(Debug, Default)]
struct Buckets {
    recent: Full,
    older: Full,
}

impl Budget {
    /// As numbers call it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Writing => "writing",
            Self::Authentication => "authentication",
        }
    }
}

impl Who {
    /// Whoever is at an address.
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::Address4(address.to_bits()),
            IpAddr::V6(address) => {
                let network = address.to_bits() >> 64;
                Self::Network6(u64::try_from(network).expect("half of 128 bits are 64"))
            }
        }
    }
}

impl Rates {
    /// Full buckets for everybody.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            reads: limits.reads_per_minute,
            writes: limits.writes_per_minute,
            failures: limits.failures_per_minute,
            start: Instant::now(),
            half_max: limits.rate_buckets / 2,
            buckets: Mutex::default(),
        }
    }

    /// Takes one out of a bucket, or says how long it will be empty.
    pub(crate) fn take(&self, budget: Budget, who: Who, now: Instant) -> Result<(), Duration> {
        self.look(budget, who, now, Look::Take)
    }

    /// Whether there is one left in the bucket, without taking it.
    pub(crate) fn check(&self, budget: Budget, who: Who, now: Instant) -> Result<(), Duration> {
        self.look(budget, who, now, Look::Only)
    }

    fn look(&self, budget: Budget, who: Who, now: Instant, look: Look) -> Result<(), Duration> {
        let per_minute = match budget {
            Budget::Reading => self.reads,
            Budget::Writing => self.writes,
            Budget::Authentication => self.failures,
        };
        if per_minute == 0 {
            return Ok(());
        }
        let minute = nanoseconds(MINUTE);
        let one = minute / u64::from(per_minute);
        let now = nanoseconds(now.saturating_duration_since(self.start));
        let mut buckets = self.lock();
        let full = buckets.get(&(budget, who)).unwrap_or(0).max(now) + one;
        if let Some(wait) = full.checked_sub(now + minute).filter(|wait| *wait > 0) {
            return Err(Duration::from_nanos(wait));
        }
        if look == Look::Take {
            buckets.put((budget, who), full, self.half_max);
        }
        Ok(())
    }

    /// No operation here can leave the maps half-changed, so a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Take,
    Only,
}

impl Buckets {
    fn get(&self, key: &(Budget, Who)) -> Option<u64> {
        self.recent.get(key).or(self.older.get(key)).copied()
    }

    fn put(&mut self, key: (Budget, Who), full: u64, half_max: usize) {
        if self.recent.len() >= half_max && !self.recent.contains_key(&key) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(key, full);
    }
}

/// Five centuries of them, from the start of the process.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Who = Who::Token(1);

    fn rates(per_minute: u32, rate_buckets: usize) -> Rates {
        Rates::new(&Limits {
            reads_per_minute: per_minute,
            writes_per_minute: per_minute,
            failures_per_minute: per_minute,
            rate_buckets,
            ..Limits::default()
        })
    }

    #[test]
    fn a_minutes_worth_is_there_at_once_and_comes_back_evenly() {
        let rates = rates(6, 100);
        let now = rates.start + Duration::from_secs(1000);
        for _ in 0..6 {
            rates.check(Budget::Reading, ME, now).unwrap();
            rates.take(Budget::Reading, ME, now).unwrap();
        }
        let tenth = Duration::from_secs(10);
        assert_eq!(rates.check(Budget::Reading, ME, now), Err(tenth));
        assert_eq!(rates.take(Budget::Reading, ME, now), Err(tenth));
        rates.take(Budget::Reading, ME, now + tenth).unwrap();
        assert_eq!(rates.take(Budget::Reading, ME, now + tenth), Err(tenth));
        for _ in 0..6 {
            rates.take(Budget::Reading, ME, now + 100 * tenth).unwrap();
        }
    }

    #[test]
    fn every_budget_and_everybody_is_counted_apart() {
        let rates = rates(1, 100);
        let now = rates.start;
        let other: IpAddr = "203.0.113.1".parse().unwrap();
        for budget in [Budget::Reading, Budget::Writing, Budget::Authentication] {
            for who in [ME, Who::Token(2), Who::at(other)] {
                rates.take(budget, who, now).unwrap();
                assert!(rates.take(budget, who, now).is_err());
            }
        }
    }

    #[test]
    fn nothing_a_minute_means_no_bound() {
        let rates = rates(0, 100);
        for _ in 0..10_000 {
            rates.take(Budget::Writing, ME, rates.start).unwrap();
        }
    }

    #[test]
    fn an_ipv6_network_is_one_and_an_ipv4_address_in_either_form_too() {
        let at = |text: &str| Who::at(text.parse().unwrap());
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:203.0.113.1"), at("203.0.113.1"));
        assert_ne!(at("203.0.113.1"), at("203.0.113.2"));
    }

    #[test]
    fn no_more_buckets_are_kept_than_there_is_room_for_and_the_busy_stay() {
        let rates = rates(100_000, 100);
        for token in 0..10_000 {
            rates.take(Budget::Reading, ME, rates.start).unwrap();
            rates
                .take(Budget::Reading, Who::Token(token), rates.start)
                .unwrap();
        }
        let buckets = rates.lock();
        assert!(buckets.recent.len() + buckets.older.len() <= 100);
        let one = nanoseconds(MINUTE) / 100_000;
        // Of token 1 once more, for it is counted among the others too.
        assert_eq!(buckets.get(&(Budget::Reading, ME)), Some(10_001 * one));
    }
}
