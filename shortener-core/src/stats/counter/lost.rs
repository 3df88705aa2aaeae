//! Rolls up what other runs of servers have stored and left when they were killed.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::notes::Notes;
use crate::stats::{Ledger, Reached, Source, Sources};
use crate::table::{Table, TableError};

/// How often runs are looked for that ended without saying so.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// The runs that were found, and when to look again.
#[derive(Debug)]
pub(super) struct Lost {
    sources: Sources,
    notes: Notes,
    found: Vec<(Source, Reached)>,
    next_look: Instant,
}

impl Lost {
    pub(super) fn new(table: Arc<dyn Table>) -> Self {
        let (sources, notes) = (Sources::new(Arc::clone(&table)), Notes::new(table));
        Self { sources, notes, found: Vec::new(), next_look: Instant::now() }
    }

    /// Looks for them, if it is time.
    pub(super) async fn look(&mut self, now: Timestamp, is_own: impl Fn(&Source) -> bool) {
        if Instant::now() < self.next_look {
            return;
        }
        self.next_look = Instant::now() + LOOK_EVERY;
        match self.sources.lost(now).await {
            // A clock that was put forward makes this run look lost to itself.
            Ok(lost) => self.found = lost.into_iter().filter(|(source, _)| !is_own(source)).collect(),
            Err(error) => tracing::warn!(%error, "servers that were killed cannot be looked for"),
        }
    }

    /// Whether something was found and is not rolled up.
    pub(super) fn is_any(&self) -> bool {
        !self.found.is_empty()
    }

    /// Rolls up a part of what one of them has left.
    ///
    /// # Errors
    /// The table failed. It is left alone until the next look.
    pub(super) async fn roll_up(&mut self, ledger: &Ledger) -> Result<(), TableError> {
        let Some((source, reached)) = self.found.pop() else { return Ok(()) };
        let Some((note, days)) = self.notes.first_of(&source).await? else {
            tracing::info!(source = source.as_str(), "all is rolled up that a server has left that ended unexpectedly");
            return self.sources.close(&source, &reached).await;
        };
        ledger.roll_up(&days).await?;
        self.notes.delete([note]).await?;
        self.found.push((source, reached));
        Ok(())
    }
}
