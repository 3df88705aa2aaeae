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
    for attempt in 0..ATTEMPTS - 1 {
        match ask().await {
            Err(problem) if problem.retryable => {
                tracing::debug!(detail = problem.detail, "trying again");
                sleep(pause(attempt, &problem)).await;
            }
            answer => return answer,
        }
    }
    ask().await
}

/// How long to wait after an attempt, the first being 0.
fn pause(attempt: u32, problem: &Problem) -> Duration {
    let wanted = Duration::from_secs(problem.retry_after_seconds.unwrap_or_default().into());
    (FIRST_PAUSE * 2_u32.pow(attempt)).max(wanted).min(LONGEST_PAUSE)
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

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_nothing_else() {
        assert_eq!(asked(ProblemCode::Unavailable, 1).await, (2, Ok(())));
        let (times, outcome) = asked(ProblemCode::CodeTaken, 99).await;
        assert_eq!((times, outcome.is_err()), (1, true));
    }

    #[test]
    fn pauses_grow_to_a_limit_and_honour_the_service() {
        let busy = |seconds| Problem { retry_after_seconds: seconds, ..Problem::new(ProblemCode::Unavailable, "x") };
        let pauses: Vec<u128> = (0..7).map(|attempt| pause(attempt, &busy(None)).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000]);
        assert_eq!(pause(0, &busy(Some(3))), Duration::from_secs(3));
        assert_eq!(pause(0, &busy(Some(600))), LONGEST_PAUSE);
    }
}
