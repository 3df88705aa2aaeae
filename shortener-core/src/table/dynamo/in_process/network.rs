//! What lies between a caller and the engine: time, and a bound on the requests under way.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The way to the engine. Without settings it takes no time and bears any load.
#[derive(Debug)]
pub(super) struct Network {
    round_trip_us: AtomicU64,
    most_in_flight: AtomicUsize,
    in_flight: AtomicUsize,
}

/// One request under way; dropped when it is answered.
#[derive(Debug)]
pub(super) struct Passage<'a> {
    network: &'a Network,
    /// Whether the request is one too many.
    pub(super) is_too_many: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            round_trip_us: AtomicU64::new(0),
            most_in_flight: AtomicUsize::new(usize::MAX),
            in_flight: AtomicUsize::new(0),
        }
    }
}

impl Network {
    pub(super) fn set_round_trip(&self, time: Duration) {
        self.round_trip_us.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn set_most_in_flight(&self, requests: usize) {
        self.most_in_flight.store(requests, Ordering::Relaxed);
    }

    pub(super) fn enter(&self) -> Passage<'_> {
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        Passage { network: self, is_too_many: before >= self.most_in_flight.load(Ordering::Relaxed) }
    }

    /// Takes the time of one way, there or back.
    pub(super) async fn travel(&self) {
        let one_way = Duration::from_micros(self.round_trip_us.load(Ordering::Relaxed) / 2);
        if !one_way.is_zero() {
            tokio::time::sleep(one_way).await;
        }
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        self.network.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
