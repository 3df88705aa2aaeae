//! Tries again what failed for a while.

use super::{Ingest, IngestError, Reach};
use crate::pace::{Backoff, Patience};
use crate::table::TableError;

impl Ingest {
    /// The same until something is done: where someone has named the files and waits, a wrong name is said soon.
    pub(super) fn at_first(&self) -> Self {
        let mut first = self.clone();
        if self.options.reach == Reach::All && self.options.patience.total > Patience::REQUEST.total {
            first.options.patience = Patience::REQUEST;
        }
        first
    }

    /// Does something, and again with pauses while it fails for a while; not beyond the deadline.
    ///
    /// # Errors
    /// The last one.
    pub(super) async fn patiently<T, E: Into<IngestError>, F: Future<Output = Result<T, E>>>(
        &self,
        mut act: impl FnMut() -> F,
    ) -> Result<T, IngestError> {
        let mut backoff = Backoff::new(self.options.patience);
        loop {
            let error = match act().await {
                Ok(done) => return Ok(done),
                Err(error) => error.into(),
            };
            if !error.is_retryable() || self.is_over() || backoff.pause().await.is_err() {
                return Err(error);
            }
            tracing::debug!(%error, "trying again");
        }
    }
}

/// Whether the failure is of one item alone, so that the others can be stored.
pub(super) fn is_of_one_item(error: &IngestError) -> bool {
    matches!(error, IngestError::Table(TableError::BadItem(_) | TableError::ItemTooLarge { .. }))
}
