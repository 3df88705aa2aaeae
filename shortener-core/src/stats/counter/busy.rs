//! Whether redirects wait for each other.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

/// From which share of their time on, in percent, threads that answer are busy: then what else runs makes redirects wait.
const BUSY_PERCENT: u32 = 50;

/// How long they are watched: not longer, since load comes and goes.
const WATCHED: Duration = Duration::from_millis(10);

/// Whether the threads of this runtime are busy.
pub(super) async fn is_busy() -> bool {
    let (begin, before) = (Instant::now(), worked());
    tokio::time::sleep(WATCHED).await;
    worked().saturating_sub(before) * 100 > begin.elapsed() * BUSY_PERCENT
}

/// How long the threads have worked, on average.
fn worked() -> Duration {
    let metrics = Handle::current().metrics();
    let all: Duration = (0..metrics.num_workers()).map(|worker| metrics.worker_total_busy_duration(worker)).sum();
    all / u32::try_from(metrics.num_workers()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: usize = 21;

    async fn busy_looks() -> usize {
        let mut busy = 0;
        for _ in 0..LOOKS {
            busy += usize::from(is_busy().await);
        }
        busy
    }

    /// Mostly, since this machine may have other things to do.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_thread_is_busy_while_it_always_has_something_to_do() {
        let busy = busy_looks().await;
        assert!(busy < LOOKS / 2, "nothing is to be done, but it was busy {busy} times");
        let always = tokio::spawn(async {
            loop {
                let begin = std::time::Instant::now();
                while begin.elapsed() < Duration::from_micros(20) {}
                tokio::task::yield_now().await;
            }
        });
        let busy = busy_looks().await;
        assert!(busy > LOOKS / 2, "something always is to be done, but it was busy only {busy} times");
        always.abort();
    }
}
