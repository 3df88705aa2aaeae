//! Trying again what can succeed later.

use std::time::Duration;

use shortener_core::wire::Problem;
use tokio::time::sleep;

/// How often something is tried, the first time included.
const ATTEMPTS: u32 = 5;

/// Pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Longest pause, also where a service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asks until the answer is no problem that may pass, a bounded number of times. Only for what has no second effect when it
/// is done twice.
///
/// # Errors
/// The last problem.
pub(crate) async fn patiently<T>(ask: impl AsyncFn() -> Result<T, Problem>) -> Result<T, Problem> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match ask().await {
            Err(problem) if problem.retryable => {
                tracing::debug!(detail = problem.detail, "trying again");
                let wanted = problem.retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into()));
                sleep(wanted.unwrap_or_default().max(pause).min(LONGEST_PAUSE)).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
    ask().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shortener_core::wire::ProblemCode;

    use super::*;

    async fn asked(code: ProblemCode, well_after: u32) -> (u32, Result<(), Problem>) {
        let asked = Cell::new(0);
        let outcome = patiently(async || {
            asked.set(asked.get() + 1);
            if asked.get() > well_after { Ok(()) } else { Err(Problem::new(code, "x")) }
        });
        let outcome = outcome.await;
        (asked.get(), outcome)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_nothing_else() {
        assert_eq!(asked(ProblemCode::Unavailable, 2).await, (3, Ok(())));
        let (times, outcome) = asked(ProblemCode::Unavailable, 99).await;
        assert_eq!((times, outcome.is_err()), (ATTEMPTS, true));
        let (times, outcome) = asked(ProblemCode::CodeTaken, 99).await;
        assert_eq!((times, outcome.is_err()), (1, true));
    }
}
