//! How many requests work on the store at once, and how long others wait for their turn.
//!
//! A server that takes on more than it can do is late with all of it, and does in vain what its callers have given up by
//! then. So a bounded number of requests of the API has its turn, a bounded number waits for one shortly after there was
//! nothing much to do, and all others are refused, which costs little: a burst passes, a queue that stands is none (as
//! [CoDel](https://queue.acm.org/detail.cfm?id=2209336) tells them apart). Redirects never come here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::log::Seldom;

/// What bodies are counted in, in bytes.
const BODY_UNIT: usize = 1024;

/// The bounds of the work on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// Requests that have their turn to read.
    pub reads: usize,
    /// Requests that have their turn to write. They are more: they wait most of the time, for others to be stored with them.
    pub writes: usize,
    /// Requests that wait for a turn, of either kind.
    pub waiting: usize,
    /// How long one waits, if it is no longer ago that half of the turns were free; later nobody waits.
    pub burst: Duration,
    /// Bytes of bodies that come in while their requests have no turn, and of these requests until they are answered.
    pub bodies: usize,
}

impl Default for Turns {
    fn default() -> Self {
        Self { reads: 64, writes: 512, waiting: 512, burst: Duration::from_millis(100), bodies: 64 * 1024 * 1024 }
    }
}

/// Lets requests in, those that read apart from those that write.
#[derive(Debug, Clone)]
pub(crate) struct Gates {
    reads: Arc<Gate>,
    writes: Arc<Gate>,
}

impl Gates {
    pub(crate) fn new(turns: Turns) -> Self {
        Self { reads: Gate::new(turns.reads, turns), writes: Gate::new(turns.writes, turns) }
    }

    pub(crate) fn of(&self, method: &Method) -> &Arc<Gate> {
        if method.is_safe() { &self.reads } else { &self.writes }
    }
}

/// Lets requests of one kind in.
#[derive(Debug)]
pub(crate) struct Gate {
    turns: Turns,
    at_once: usize,
    free: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    begin: Instant,
    /// Waiting requests.
    waiting: AtomicU64,
    /// When half of the turns were last free, in milliseconds after `begin`.
    at_ease: AtomicU64,
    refused: Seldom,
}

/// A request's turn, which ends when the last copy of it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    gate: Arc<Gate>,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    turn: Option<OwnedSemaphorePermit>,
    body: Option<OwnedSemaphorePermit>,
}

impl Gate {
    fn new(at_once: usize, turns: Turns) -> Arc<Self> {
        Arc::new(Self {
            turns,
            at_once,
            free: Arc::new(Semaphore::new(at_once)),
            bodies: Arc::new(Semaphore::new(turns.bodies / BODY_UNIT)),
            begin: Instant::now(),
            waiting: AtomicU64::new(0),
            at_ease: AtomicU64::new(0),
            refused: Seldom::new(),
        })
    }

    /// Whether a request would be refused that came now.
    pub(crate) fn is_shut(&self) -> bool {
        let is_shut = self.free.available_permits() == 0 && self.is_busy_for_long();
        if is_shut {
            self.tell_refused();
        }
        is_shut
    }

    /// A turn, or none if it does not come soon enough.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Turn> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => {
                if self.free.available_permits() * 2 >= self.at_once {
                    self.at_ease.store(self.now(), Ordering::Relaxed);
                }
                permit
            }
            Err(_) if self.is_busy_for_long() => {
                self.tell_refused();
                return None;
            }
            Err(_) => self.wait().await?,
        };
        Some(Turn { gate: Arc::clone(self), held: Arc::new(Mutex::new(Held { turn: Some(permit), body: None })) })
    }

    async fn wait(&self) -> Option<OwnedSemaphorePermit> {
        let waiting = Waiting::begin(&self.waiting);
        let permit = if waiting.others < self.turns.waiting as u64 {
            tokio::time::timeout(self.turns.burst, Arc::clone(&self.free).acquire_owned()).await.ok()
        } else {
            None
        };
        let permit = permit.and_then(Result::ok);
        if permit.is_none() {
            self.tell_refused();
        }
        permit
    }

    fn is_busy_for_long(&self) -> bool {
        let burst = u64::try_from(self.turns.burst.as_millis()).unwrap_or(u64::MAX);
        self.now().saturating_sub(self.at_ease.load(Ordering::Relaxed)) >= burst
    }

    fn tell_refused(&self) {
        let log = |requests| tracing::warn!(requests, "the API has more to do than it can: requests are answered 503");
        self.refused.tell(log);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Turn {
    /// Lets others go first while the request's body comes in, of at most so many bytes, which may be held until the turn ends.
    /// False if too much is.
    pub(crate) fn pause(&self, length: usize) -> bool {
        let mut held = self.held();
        held.turn = None;
        let units = u32::try_from(length.div_ceil(BODY_UNIT)).unwrap_or(u32::MAX);
        held.body = Arc::clone(&self.gate.bodies).try_acquire_many_owned(units).ok();
        if held.body.is_none() {
            self.gate.tell_refused();
        }
        held.body.is_some()
    }

    /// Has its turn again, before those that come now. False if that does not come soon enough.
    pub(crate) async fn resume(&self) -> bool {
        let permit = self.gate.wait().await;
        let is_on = permit.is_some();
        self.held().turn = permit;
        is_on
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits, counted as long as it does.
struct Waiting<'a> {
    count: &'a AtomicU64,
    others: u64,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicU64) -> Self {
        Self { count, others: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURNS: Turns = Turns { reads: 2, writes: 2, waiting: 2, burst: Duration::from_millis(100), bodies: 4096 };

    async fn refused_after(gate: &Arc<Gate>) -> Duration {
        let begin = Instant::now();
        assert!(gate.enter().await.is_none());
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_and_a_queue_that_stands_is_refused() {
        let gate = Gate::new(2, TURNS);
        let held = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(!gate.is_shut());
        // tokio's clock has steps of a millisecond.
        assert!(refused_after(&gate).await.abs_diff(TURNS.burst) <= Duration::from_millis(1));
        assert!(gate.is_shut());
        assert_eq!(refused_after(&gate).await, Duration::ZERO);
        drop(held.0);
        assert!(!gate.is_shut());
        let second = gate.enter().await.unwrap();
        assert_eq!(refused_after(&gate).await, Duration::ZERO, "nothing was free for long");
        drop((held.1, second));
        let held = (gate.enter().await, gate.enter().await);
        assert!(refused_after(&gate).await.abs_diff(TURNS.burst) <= Duration::from_millis(1));
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_may() {
        let gate = Gate::new(2, TURNS);
        let held = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        let entered = |gate: &Arc<Gate>| {
            let gate = Arc::clone(gate);
            tokio::spawn(async move { gate.enter().await.is_some() })
        };
        let waiting = [entered(&gate), entered(&gate)];
        tokio::task::yield_now().await;
        assert_eq!(refused_after(&gate).await, Duration::ZERO);
        drop(held);
        for waited in waiting {
            assert!(waited.await.unwrap());
        }
        assert!(gate.enter().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_is_given_up_while_a_body_comes_in() {
        let gate = Gate::new(2, TURNS);
        let (first, second) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(first.pause(TURNS.bodies));
        assert!(!second.pause(1), "one body may be held");
        let others = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(!first.resume().await);
        drop(others);
        assert!(first.resume().await);
        drop(first);
        let third = gate.enter().await.unwrap();
        assert!(third.pause(TURNS.bodies), "the first is over");
    }
}
