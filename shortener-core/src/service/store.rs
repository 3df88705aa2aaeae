//! Writing with an answer that can be believed.

use std::time::Duration;

use super::{LinkRecord, Service, ServiceError};
use crate::link::{Domain, ShortCode};
use crate::table::{Consistency, TableError, Write, is_purgeable, keys};

/// How often a write whose outcome is unknown, or that met another transaction, is sent.
const ATTEMPTS: u32 = 4;

impl Service {
    /// Sends a conditional write until its outcome is known, a bounded number of times.
    ///
    /// Every write that comes here carries a condition that its own success makes false, so that sending it again has no
    /// second effect; the caller recognises its own token in the item that a failed condition shows.
    ///
    /// # Errors
    /// [`TableError::OutcomeUnknown`] also if a later attempt was refused for load or did not arrive: that says nothing of
    /// an earlier one whose reply was lost.
    pub(super) async fn write_resolved(&self, writes: &[Write]) -> Result<(), TableError> {
        let (mut attempt, mut in_doubt) = (1, false);
        loop {
            let outcome = self.table.write(writes).await;
            in_doubt |= matches!(outcome, Err(TableError::OutcomeUnknown(_)));
            match outcome {
                Err(TableError::Conflict | TableError::OutcomeUnknown(_)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(self.jitter(attempt)).await;
                    attempt += 1;
                }
                Err(error) if in_doubt && !matches!(error, TableError::ConditionFailed { .. }) => {
                    return Err(error.in_doubt());
                }
                outcome => return outcome,
            }
        }
    }

    /// Full jitter: anything up to 20 ms, 40 ms, 80 ms, so that competitors part ways.
    pub(super) fn jitter(&self, attempt: u32) -> Duration {
        let ceiling = 20 << attempt.saturating_sub(1);
        Duration::from_millis(u64::from(self.codes.entropy()[0]) * ceiling / 255)
    }

    /// Reads a link, strongly; one that may be collected counts as gone.
    pub(crate) async fn read_link(
        &self,
        domain: &Domain,
        code: &ShortCode,
    ) -> Result<Option<LinkRecord>, ServiceError> {
        let item = self.table.get(&keys::link(domain, code), Consistency::Strong).await?;
        let live = item.filter(|item| !is_purgeable(item, self.now()));
        Ok(live.map(|item| LinkRecord::decode(&item)).transpose()?)
    }

    /// Reads a link that must be there.
    pub(super) async fn require_link(&self, domain: &Domain, code: &ShortCode) -> Result<LinkRecord, ServiceError> {
        self.read_link(domain, code).await?.ok_or_else(|| no_such_link(domain, code))
    }
}

fn no_such_link(domain: &Domain, code: &ShortCode) -> ServiceError {
    ServiceError::NotFound(if domain.is_default() {
        format!("there is no link '{code}'")
    } else {
        format!("there is no link '{code}' on {domain}")
    })
}
