//! Hours that take longer than a run may, which are tried last so that they hold up no other.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Ingest, IngestError};
use crate::stats::Hour;
use crate::table::{Consistency, Item, Write, keys};

/// Most hours that are remembered: the latest.
const MOST: usize = 100;

/// What a person does about such an hour: the schedule would take it over from a count by hand.
pub(super) const WHAT_TO_DO: &str =
    "give the function more memory or time, or count it with `short ingest` while the schedule is off";

/// Hours that took longer than an earlier run could give them.
#[derive(Debug, Default)]
pub(super) struct SlowHours {
    stored: BTreeSet<Hour>,
    now: BTreeSet<Hour>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// The first moments of hours, the oldest first.
    hours: Vec<Timestamp>,
}

impl SlowHours {
    /// Takes the hour to count next: the oldest, of those that are not slow while there are any.
    pub(super) fn take_next(&self, todo: &mut BTreeSet<Hour>) -> Option<Hour> {
        let quick = todo.iter().find(|hour| !self.now.contains(hour));
        let next = *quick.or(todo.first())?;
        todo.remove(&next);
        Some(next)
    }

    /// The time was over while an hour was counted from `begun` on, in a run from `whole` on. Says whether it is slow: an
    /// hour that only came late in a run is not.
    pub(super) fn out_of_time(&mut self, hour: Hour, begun: Instant, whole: Instant) -> bool {
        let is_slow = self.now.contains(&hour) || begun.elapsed() * 2 >= whole.elapsed();
        if is_slow {
            self.now.insert(hour);
        }
        is_slow
    }

    /// The hour fits into a run.
    pub(super) fn counted(&mut self, hour: Hour) {
        self.now.remove(&hour);
    }
}

impl Ingest {
    /// What earlier runs have found.
    pub(super) async fn slow_hours(&self) -> Result<SlowHours, IngestError> {
        let key = keys::ingest_slow();
        let item = self.patiently(|| self.table.get(&key, Consistency::Strong)).await?;
        let stored: Option<Stored> = item.map(|item| item.decode()).transpose()?;
        let hours: BTreeSet<_> = stored.into_iter().flat_map(|stored| stored.hours).map(Hour::of).collect();
        Ok(SlowHours { now: hours.clone(), stored: hours })
    }

    /// Remembers what this run has found, if it is anything new; says whether something is written.
    pub(super) async fn remember_slow(&self, slow: &SlowHours) -> Result<bool, IngestError> {
        if slow.now == slow.stored {
            return Ok(false);
        }
        let rest = slow.now.len().saturating_sub(MOST);
        let hours = slow.now.iter().skip(rest).map(|hour| hour.start()).collect();
        let write = [Write::put(Item::encode(keys::ingest_slow(), &Stored { hours })?)];
        self.patiently(|| self.table.write(&write)).await.map(|()| true)
    }
}
