//! Lines about what can happen many times a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Pause between two lines about the same.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that is logged once a second, however often it happens: a line for each would cost more than it tells.
#[derive(Debug)]
pub(crate) struct Seldom {
    begin: Instant,
    /// When it was told last, in milliseconds after `begin` and one more; 0 is never.
    told: AtomicU64,
    untold: AtomicU64,
}

impl Seldom {
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), told: AtomicU64::new(0), untold: AtomicU64::new(0) }
    }

    /// It happened once more: `log` is called if a line is due, with how often it happened since the last one.
    pub(crate) fn tell(&self, log: impl FnOnce(u64)) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let now = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let told = self.told.load(Ordering::Relaxed);
        let is_due = told == 0 || Duration::from_millis(now.saturating_sub(told)) >= PAUSE;
        if is_due && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            log(self.untold.swap(0, Ordering::Relaxed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_happens_often_is_told_once_a_second_and_counted() {
        let seldom = Seldom::new();
        let mut lines = Vec::new();
        for _ in 0..25 {
            seldom.tell(|times| lines.push(times));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(lines, [1, 10, 10]);
    }
}
