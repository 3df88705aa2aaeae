//! Pauses between the repetitions that the SDK leaves to its caller: unprocessed keys and refused statements.

use std::time::Duration;

use crate::table::TableError;

/// Longest first pause; each later one can be twice as long.
const BASE: Duration = Duration::from_millis(25);
/// Longest pause.
const CAP: Duration = Duration::from_secs(1);
/// Most repetitions; with full jitter they take about 3 s in the mean.
const REPETITIONS: u32 = 10;

/// Exponential backoff with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug, Default)]
pub(super) struct Backoff {
    repetitions: u32,
}

impl Backoff {
    /// Sleeps before the next repetition.
    ///
    /// # Errors
    /// [`TableError::Throttled`] when there were enough.
    pub(super) async fn pause(&mut self) -> Result<(), TableError> {
        if self.repetitions == REPETITIONS {
            return Err(TableError::Throttled);
        }
        let longest = BASE.saturating_mul(1 << self.repetitions).min(CAP);
        self.repetitions += 1;
        tokio::time::sleep(longest.mul_f64(fraction())).await;
        Ok(())
    }

    /// Begins anew, after progress.
    pub(super) fn reset(&mut self) {
        self.repetitions = 0;
    }
}

/// A random number from 0 to 1. Jitter needs no determinism; without entropy the pause is the longest one.
fn fraction() -> f64 {
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}
