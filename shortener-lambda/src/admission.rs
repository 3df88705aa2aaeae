//! How many requests work on the store at once, and how long others wait for their turn.
//!
//! A server that takes on more than it can do is late with all of it, and does in vain what its callers have given up by
//! then. So a bounded number of requests of the API has its turn, a bounded number waits, and who waits longer than a few
//! milliseconds is refused, which costs little. The wait may be longer shortly after there was nothing much to do: a burst
//! passes, a queue that stands is refused (as [CoDel](https://queue.acm.org/detail.cfm?id=2209336) tells them apart).
//! Redirects never come here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::log::Seldom;

/// The bounds of the work on the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// Requests that have their turn.
    pub at_once: usize,
    /// Requests that wait for one.
    pub waiting: usize,
    /// How long one waits.
    pub wait: Duration,
    /// How long one waits instead if it is no longer ago that half of the turns were free.
    pub burst: Duration,
    /// Requests whose bodies are still coming in; these have no turn meanwhile.
    pub bodies: usize,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            at_once: 64,
            waiting: 512,
            wait: Duration::from_millis(5),
            burst: Duration::from_millis(100),
            bodies: 256,
        }
    }
}

/// Lets requests in.
#[derive(Debug)]
pub(crate) struct Gate {
    turns: Turns,
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
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Gate {
    pub(crate) fn new(turns: Turns) -> Arc<Self> {
        Arc::new(Self {
            turns,
            free: Arc::new(Semaphore::new(turns.at_once)),
            bodies: Arc::new(Semaphore::new(turns.bodies)),
            begin: Instant::now(),
            waiting: AtomicU64::new(0),
            at_ease: AtomicU64::new(0),
            refused: Seldom::new(),
        })
    }

    /// A turn, or none if it does not come soon enough.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Turn> {
        let permit = self.permit().await?;
        Some(Turn { gate: Arc::clone(self), permit: Arc::new(Mutex::new(Some(permit))) })
    }

    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            if self.free.available_permits() * 2 >= self.turns.at_once {
                self.at_ease.store(self.now(), Ordering::Relaxed);
            }
            return Some(permit);
        }
        let waiting = Waiting::begin(&self.waiting);
        let permit = if waiting.others < self.turns.waiting as u64 {
            tokio::time::timeout(self.patience(), Arc::clone(&self.free).acquire_owned()).await.ok()
        } else {
            None
        };
        let permit = permit.and_then(Result::ok);
        if permit.is_none() {
            self.tell_refused();
        }
        permit
    }

    fn patience(&self) -> Duration {
        let burst = u64::try_from(self.turns.burst.as_millis()).unwrap_or(u64::MAX);
        let busy_for = self.now().saturating_sub(self.at_ease.load(Ordering::Relaxed));
        if busy_for < burst { self.turns.burst } else { self.turns.wait }
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
    /// Lets others go first while the request's body comes in, which may be held meanwhile. None if too many are.
    pub(crate) fn pause(&self) -> Option<OwnedSemaphorePermit> {
        self.permit().take();
        let body = Arc::clone(&self.gate.bodies).try_acquire_owned().ok();
        if body.is_none() {
            self.gate.tell_refused();
        }
        body
    }

    /// Has its turn again. False if that does not come soon enough.
    pub(crate) async fn resume(&self) -> bool {
        let permit = self.gate.permit().await;
        let is_on = permit.is_some();
        *self.permit() = permit;
        is_on
    }

    fn permit(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
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

    const TURNS: Turns =
        Turns { at_once: 2, waiting: 2, wait: Duration::from_millis(5), burst: Duration::from_millis(100), bodies: 1 };

    async fn refused_after(gate: &Arc<Gate>) -> Duration {
        let begin = Instant::now();
        assert!(gate.enter().await.is_none());
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_for_long_and_a_queue_that_stands_does_not() {
        let gate = Gate::new(TURNS);
        let held = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        // tokio's clock has steps of a millisecond.
        assert!(refused_after(&gate).await.abs_diff(TURNS.burst) <= Duration::from_millis(1));
        assert!(refused_after(&gate).await.abs_diff(TURNS.wait) <= Duration::from_millis(1));
        drop(held.0);
        let second = gate.enter().await.unwrap();
        assert!(
            refused_after(&gate).await.abs_diff(TURNS.wait) <= Duration::from_millis(1),
            "nothing was free for long"
        );
        drop((held.1, second));
        let held = (gate.enter().await, gate.enter().await);
        assert!(refused_after(&gate).await.abs_diff(TURNS.burst) <= Duration::from_millis(1));
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_wait_than_may() {
        let gate = Gate::new(TURNS);
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
        let gate = Gate::new(TURNS);
        let (first, second) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        let body = first.pause().unwrap();
        assert!(second.pause().is_none(), "one body may be held");
        let others = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        assert!(!first.resume().await);
        drop(others);
        assert!(first.resume().await);
        drop((body, first));
    }
}
