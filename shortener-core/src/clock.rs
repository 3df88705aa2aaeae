//! Time as an argument.

use std::fmt::Debug;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + Debug {
    /// The moment it is now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that tests set.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct TestClock(std::sync::Mutex<Timestamp>);

#[cfg(feature = "testing")]
impl TestClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(std::sync::Mutex::new(now))
    }

    /// Moves the clock, forwards or backwards.
    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }
}

#[cfg(feature = "testing")]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A clock that goes with tokio's time, which tests can pause, and can be put forward and back: one for each process of a
/// simulation.
#[cfg(feature = "testing")]
#[derive(Debug)]
pub struct VirtualClock {
    at_start: std::sync::Mutex<Timestamp>,
    start: tokio::time::Instant,
}

#[cfg(feature = "testing")]
impl VirtualClock {
    /// A clock that shows `now`. Needs tokio's runtime.
    pub fn at(now: Timestamp) -> Self {
        Self { at_start: std::sync::Mutex::new(now), start: tokio::time::Instant::now() }
    }

    /// Puts the clock forward, or back.
    pub fn jump(&self, by: jiff::SignedDuration) {
        let mut at_start = self.at_start.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *at_start += by;
    }
}

#[cfg(feature = "testing")]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.at_start.lock().unwrap_or_else(std::sync::PoisonError::into_inner) + self.start.elapsed()
    }
}
