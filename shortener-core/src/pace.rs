//! How many requests may be under way at once, found out while they are made, and how long to wait before one is repeated.
//!
//! [`Pace`] is the limiter by which a bulk load finds what a server bears: additive increase, multiplicative decrease, as
//! TCP does it (RFC 5681, with its slow start). [`Backoff`] spaces the repetitions of what was refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Requests under way at the start, before any answer.
const START: usize = 4;

/// A limit on the requests under way that follows the server: one more after a round of successes, half after a throttle.
/// Cloning is cheap and shares the limit.
#[derive(Debug, Clone)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ceiling: usize,
    free: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests that may be under way, from 1 to the ceiling.
    width: usize,
    /// Slots that exist, free or taken. More than `width` while requests from before a throttle are under way.
    slots: usize,
    /// Successes since the width last changed.
    successes: usize,
    /// How often the width was halved.
    halvings: u64,
}

/// Leave for one request. Dropped without a verdict, it tells nothing of the server's load.
#[derive(Debug)]
#[must_use = "dropping it lets another request go"]
pub struct Permit {
    pace: Pace,
    /// The number of halvings before the request was sent.
    halvings: u64,
    verdict: Option<Verdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Succeeded,
    Throttled,
}

impl Pace {
    /// A pace that lets at most `ceiling` requests (at least 1) be under way. It begins with 4 of them.
    pub fn new(ceiling: usize) -> Self {
        let ceiling = ceiling.clamp(1, Semaphore::MAX_PERMITS);
        let width = START.min(ceiling);
        let state = State { width, slots: width, successes: 0, halvings: 0 };
        Self(Arc::new(Shared { ceiling, free: Semaphore::new(width), state: Mutex::new(state) }))
    }

    /// Waits for leave to send a request; who asked first, gets it first.
    pub async fn acquire(&self) -> Permit {
        // The semaphore is never closed.
        if let Ok(slot) = self.0.free.acquire().await {
            slot.forget();
        }
        let halvings = self.state().halvings;
        Permit { pace: self.clone(), halvings, verdict: None }
    }

    /// How many requests may be under way now.
    pub fn width(&self) -> usize {
        self.state().width
    }

    /// The most that may ever be under way.
    pub fn ceiling(&self) -> usize {
        self.0.ceiling
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The server did what was asked.
    pub fn succeeded(mut self) {
        self.verdict = Some(Verdict::Succeeded);
    }

    /// The server refused the request, or a part of it, because of load.
    pub fn throttled(mut self) {
        self.verdict = Some(Verdict::Throttled);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let shared = &self.pace.0;
        let mut state = self.pace.state();
        match self.verdict {
            // A width that is not used up was not put to the test.
            Some(Verdict::Succeeded) if shared.free.available_permits() == 0 => state.widen(shared.ceiling),
            // Requests that were sent before a halving tell of the load that led to it.
            Some(Verdict::Throttled) if self.halvings == state.halvings => state.halve(),
            _ => {}
        }
        state.slots -= 1;
        let (width, slots) = (state.width, state.slots);
        if slots < width {
            shared.free.add_permits(width - slots);
            state.slots = width;
        } else {
            state.slots -= shared.free.forget_permits(slots - width);
        }
    }
}

impl State {
    fn widen(&mut self, ceiling: usize) {
        self.successes += 1;
        // Slow start: until the first throttle every success adds one, which doubles the width each round trip.
        if self.halvings == 0 || self.successes >= self.width {
            self.width = (self.width + 1).min(ceiling);
            self.successes = 0;
        }
    }

    fn halve(&mut self) {
        self.width = (self.width / 2).max(1);
        self.successes = 0;
        self.halvings += 1;
    }
}

/// Shortest pause: a repetition at once would meet what the first one met.
const SHORTEST: Duration = Duration::from_millis(5);

/// How often and how long something is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest first pause; each later one can be twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// Most repetitions.
    pub repetitions: u32,
    /// After this time nothing is repeated any more.
    pub total: Duration,
}

impl Patience {
    /// For one request of many that someone waits for: at most 20 repetitions in 10 s.
    pub const REQUEST: Self = Self {
        first: Duration::from_millis(25),
        longest: Duration::from_secs(1),
        repetitions: 20,
        total: Duration::from_secs(10),
    };

    /// For a load that runs unattended: at most 60 repetitions in 10 minutes.
    pub const BULK: Self = Self {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(20),
        repetitions: 60,
        total: Duration::from_mins(10),
    };
}

/// Patience is at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("repeated in vain too often or for too long")]
pub struct OutOfPatience;

/// The pauses between the repetitions of one request: exponential, with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug)]
pub struct Backoff {
    patience: Patience,
    begin: Instant,
    /// Since the start or [`Backoff::reset`].
    repetitions: u32,
}

impl Backoff {
    /// Begins now.
    pub fn new(patience: Patience) -> Self {
        Self { patience, begin: Instant::now(), repetitions: 0 }
    }

    /// Sleeps before the next repetition.
    ///
    /// # Errors
    /// [`OutOfPatience`] at once, when there were enough repetitions or the time is over.
    pub async fn pause(&mut self) -> Result<(), OutOfPatience> {
        self.pause_at_least(Duration::ZERO).await
    }

    /// The same, but sleeps no less than the server asked for (`Retry-After`).
    ///
    /// # Errors
    /// As [`Backoff::pause`].
    pub async fn pause_at_least(&mut self, least: Duration) -> Result<(), OutOfPatience> {
        let Patience { first, longest, repetitions, total } = self.patience;
        let jitter = first.saturating_mul(1 << self.repetitions.min(20)).min(longest).mul_f64(fraction());
        let pause = jitter.max(SHORTEST).saturating_add(least);
        if self.repetitions >= repetitions || self.begin.elapsed().saturating_add(pause) > total {
            return Err(OutOfPatience);
        }
        self.repetitions += 1;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Counts and times anew, after progress.
    pub fn reset(&mut self) {
        *self = Self::new(self.patience);
    }
}

/// A random number from 0 to 1. Jitter needs no determinism; without entropy the pause is the longest one.
fn fraction() -> f64 {
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests;
