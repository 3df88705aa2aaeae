//! Counting clicks in this process, beside the server.

use std::sync::Arc;

use shortener_core::clock::Clock;
use shortener_core::stats::{ClickCounter, Flusher, Unstored};
use shortener_core::table::Table;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A counter, and the task that stores what it counts.
#[derive(Debug)]
pub struct Counting {
    counter: Arc<ClickCounter>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Unstored>,
}

impl Counting {
    /// Begins to store in a table what the counter will count.
    ///
    /// # Errors
    /// The system gives no randomness to name this run by.
    pub async fn start(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let counter = Arc::new(ClickCounter::new(Arc::clone(&clock)));
        let mut flusher = Flusher::new(Arc::clone(&counter), table, clock).map_err(std::io::Error::other)?;
        flusher.prepare().await;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(flusher.run(async {
            // Also if the sender is gone: then nobody counts any more.
            let _ = stopped.await;
        }));
        Ok(Self { counter, stop, task })
    }

    /// The counter.
    pub fn counter(&self) -> Arc<ClickCounter> {
        Arc::clone(&self.counter)
    }

    /// Stores what is left, for 5 seconds at most, now that nobody counts any more. Answers what could not be stored, if
    /// that is anything.
    pub async fn stop(self) -> Option<Unstored> {
        // The task can only be gone by a defect, which the next line reports.
        let _ = self.stop.send(());
        match self.task.await {
            Ok(left) if left.requests == 0 => None,
            Ok(left) => {
                tracing::error!(requests = left.requests, "these clicks, or some of them, are not stored");
                Some(left)
            }
            Err(error) => {
                tracing::error!(%error, "counting has ended early");
                None
            }
        }
    }
}
