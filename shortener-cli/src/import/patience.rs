//! How long to go on trying.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shortener_core::pace::{Backoff, Patience};
use shortener_core::wire::Problem;

/// The longest pause between two attempts, unless the service asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause that a service may ask for.
const LONGEST_ASKED: Duration = Duration::from_mins(1);

/// How long an import goes on without progress.
#[derive(Debug)]
pub(crate) struct Endurance {
    limit: Duration,
    moved: Mutex<Instant>,
}

impl Endurance {
    /// Lasts for so long without progress.
    pub(crate) fn lasting(limit: Duration) -> Self {
        Self { limit, moved: Mutex::new(Instant::now()) }
    }

    /// Something moved.
    pub(crate) fn renew(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether something has moved of late, so that what does not move is stuck alone.
    pub(crate) fn is_fresh(&self) -> bool {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < self.limit / 2
    }

    /// The pauses between the attempts of one request.
    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(Patience {
            first: Duration::from_millis(100),
            longest: LONGEST_PAUSE,
            repetitions: u32::MAX,
            total: self.limit,
        })
    }

    /// Repeats a call while its problem may pass.
    ///
    /// # Errors
    /// The last problem, when it will not pass or has lasted too long.
    pub(crate) async fn insist<T, F>(&self, call: impl Fn() -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let mut backoff = self.backoff();
        loop {
            let problem = match call().await {
                Ok(answer) => {
                    self.renew();
                    return Ok(answer);
                }
                Err(problem) => problem,
            };
            tracing::debug!(problem = problem.detail, "not answered");
            if !problem.retryable || backoff.pause_at_least(asked(&problem)).await.is_err() {
                return Err(problem);
            }
        }
    }
}

/// The pause that a service asks for.
pub(crate) fn asked(problem: &Problem) -> Duration {
    Duration::from_secs(problem.retry_after_seconds.unwrap_or(0).into()).min(LONGEST_ASKED)
}
