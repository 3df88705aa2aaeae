//! How long to go on trying.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shortener_core::link::{CodeGenerator, RandomCodes};
use shortener_core::wire::Problem;

/// Pause before the second attempt is at most this; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause, unless the service asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Ends when nothing has moved for too long.
#[derive(Debug)]
pub(crate) struct Patience {
    limit: Duration,
    moved: Mutex<Instant>,
}

impl Patience {
    /// Lasts for so long without progress.
    pub(crate) fn lasting(limit: Duration) -> Self {
        Self { limit, moved: Mutex::new(Instant::now()) }
    }

    /// Something moved.
    pub(crate) fn renew(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nothing has moved anywhere for too long.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over_since(*self.moved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it is too long since this moment.
    pub(crate) fn is_over_since(&self, moved: Instant) -> bool {
        moved.elapsed() >= self.limit
    }
}

/// How long to wait before an attempt is repeated: full jitter, a uniform share of a doubling bound, and at least what the
/// service asks for.
pub(crate) fn pause(attempt: u32, problem: &Problem) -> Duration {
    let asked = Duration::from_secs(problem.retry_after_seconds.unwrap_or(0).into());
    let bound = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    let share = f64::from(RandomCodes.entropy()[0]) / 256.0;
    asked.min(6 * LONGEST_PAUSE) + bound.mul_f64(share)
}

/// Repeats a call while its problem may pass.
///
/// # Errors
/// The last problem, when it will not pass or patience is over.
pub(crate) async fn patiently<T>(
    patience: &Patience,
    call: impl AsyncFn() -> Result<T, Problem>,
) -> Result<T, Problem> {
    let started = Instant::now();
    let mut attempt = 1;
    loop {
        match call().await {
            Ok(answer) => {
                patience.renew();
                return Ok(answer);
            }
            Err(problem) if problem.retryable && !patience.is_over_since(started) => {
                tracing::debug!(attempt, problem = problem.detail, "trying again");
                tokio::time::sleep(pause(attempt, &problem)).await;
            }
            Err(problem) => return Err(problem),
        }
        attempt += 1;
    }
}
