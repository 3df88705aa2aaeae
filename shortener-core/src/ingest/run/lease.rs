//! The lease that keeps scheduled runs from doing the same work twice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Ingest, IngestError};
use crate::link::{CodeGenerator, RandomCodes};
use crate::table::{Condition, Item, TableError, Write, keys};

/// The wish to keep other runs away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it, for people who read the table.
    pub owner: String,
    /// For how long at most: a run that ends without giving it back holds it until then.
    pub length: Duration,
}

/// What is stored of a lease. Whoever finds it at or after its end may take it.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    owner: String,
    /// Drawn by the run that holds it.
    version: u64,
    /// Its end, in seconds since 1970.
    purge_at: i64,
}

/// A lease that was taken.
#[derive(Debug)]
pub(super) struct Taken(u64);

impl Ingest {
    /// Takes the lease; none if this run needs none.
    pub(super) async fn take_lease(&self) -> Result<Option<Taken>, IngestError> {
        let Some(lease) = self.options.lease.as_ref().filter(|_| self.writes()) else { return Ok(None) };
        let now = self.clock.now();
        let [a, b, c, d, ..] = RandomCodes.entropy();
        let version = u64::from(u32::from_be_bytes([a, b, c, d]));
        let length = SignedDuration::try_from(lease.length).unwrap_or(SignedDuration::from_mins(15));
        let end = now.saturating_add(length).unwrap_or(Timestamp::MAX);
        let held = Held { owner: lease.owner.clone(), version, purge_at: end.as_second() + 1 };
        let item = Item::encode(keys::ingest_lease(), &held)?;
        let write = Write::put(item).when(Condition::AbsentOrPurgeable(now));
        match self.patiently(|| self.table.write(std::slice::from_ref(&write))).await {
            Ok(()) => Ok(Some(Taken(version))),
            Err(IngestError::Table(TableError::ConditionFailed { existing: Some(other), .. })) => {
                let other: Held = other.decode()?;
                // Our own write, whose reply was lost.
                if other.version == version {
                    return Ok(Some(Taken(version)));
                }
                Err(IngestError::Busy { until: Timestamp::from_second(other.purge_at).unwrap_or(Timestamp::MAX) })
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the lease back; if that fails it ends by itself.
    pub(super) async fn give_back(&self, taken: Taken) {
        let write = Write::delete(keys::ingest_lease()).when(Condition::VersionIs(taken.0));
        if let Err(error) = self.table.write(&[write]).await {
            tracing::debug!(%error, "the lease ends by itself");
        }
    }
}
