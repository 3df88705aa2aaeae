//! Reads sent twice: the second time when the first has no answer yet.
//!
//! A process that was frozen, as Lambda does between invocations, wakes with connections that their other side may have
//! forgotten. If that side says nothing, only time tells; a second request on another connection costs one more read in
//! the rare case, in place of a timeout.

use std::pin::pin;
use std::time::Duration;

/// Sends, and after `hedge` sends again; the first success counts, or the failure of the last.
pub(super) async fn hedged<T, E, F>(hedge: Option<Duration>, send: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut first = pin!(send());
    let Some(hedge) = hedge else { return first.await };
    if let Ok(answer) = tokio::time::timeout(hedge, &mut first).await {
        return answer;
    }
    let mut second = pin!(send());
    tokio::select! {
        answer = &mut first => if answer.is_ok() { answer } else { second.await },
        answer = &mut second => if answer.is_ok() { answer } else { first.await },
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::time::{Instant, sleep};

    use super::*;

    const SOON: Duration = Duration::from_millis(150);

    /// What the nth request does: answer after so long, fail after so long, or neither.
    enum Fate {
        Answers(u64),
        Fails(u64),
        Hangs,
    }

    async fn run(fates: [Fate; 2]) -> (Result<usize, usize>, usize, u128) {
        let (sent, begun) = (Cell::new(0), Instant::now());
        let outcome = hedged(Some(SOON), || {
            let number = sent.get();
            sent.set(number + 1);
            let fate = &fates[number];
            async move {
                match fate {
                    Fate::Answers(ms) => sleep(Duration::from_millis(*ms)).await,
                    Fate::Fails(ms) => {
                        sleep(Duration::from_millis(*ms)).await;
                        return Err(number);
                    }
                    Fate::Hangs => pending().await,
                }
                Ok(number)
            }
        });
        (outcome.await, sent.get(), begun.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_is_sent_twice_only_if_the_first_is_silent() {
        use Fate::{Answers, Fails, Hangs};
        assert_eq!(run([Answers(10), Hangs]).await, (Ok(0), 1, 10));
        assert_eq!(run([Fails(10), Hangs]).await, (Err(0), 1, 10), "a failure is for the caller to repeat");
        assert_eq!(run([Hangs, Answers(10)]).await, (Ok(1), 2, 160));
        assert_eq!(run([Answers(200), Hangs]).await, (Ok(0), 2, 200), "slow is not dead");
        assert_eq!(run([Fails(200), Answers(100)]).await, (Ok(1), 2, 250));
        assert_eq!(run([Answers(300), Fails(10)]).await, (Ok(0), 2, 300));
        assert_eq!(run([Fails(200), Fails(10)]).await, (Err(0), 2, 200));
    }
}
