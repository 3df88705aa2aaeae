//! Stores what was counted, and rolls it up.

use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;

use crate::clock::Clock;
use crate::table::{Table, TableError};

use super::{Hour, Tally};

pub(crate) mod body;
pub(crate) mod hours;
mod put;
mod rollup;

pub use crate::table::keys::Subject;

/// How many subjects are stored or rolled up at the same time.
const CONCURRENCY: usize = 16;

/// Who counted: the edge's logs, or one run of one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source(String);

impl Source {
    /// The edge's logs.
    pub fn edge() -> Self {
        Self("edge".to_owned())
    }

    /// One run of one server, by an identifier that no other run has.
    pub fn boot(id: uuid::Uuid) -> Self {
        Self(id.simple().to_string())
    }

    /// The one of this name in keys.
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Its name in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the edge.
    pub fn is_edge(&self) -> bool {
        self.0 == "edge"
    }
}

/// Whether people could be told apart when an hour was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum People {
    /// By the day's salt: the tallies hold all of them.
    #[default]
    Counted,
    /// No more, because the day's salt is destroyed: those that are stored are kept.
    AsStored,
}

/// What one source counted in one hour: all of it for each subject that is named.
#[derive(Debug, Clone, Copy)]
pub struct HourCount<'a> {
    /// The hour.
    pub hour: Hour,
    /// Fence: what a later generation has stored stays. Two counts of an hour by one source never share one.
    pub generation: u64,
    /// Whether the tallies hold the people who came.
    pub people: People,
    /// The tallies, one for each subject.
    pub tallies: &'a [(Subject, Tally)],
}

/// What became of tallies that were handed over to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Items written, roll-ups included.
    pub written: u64,
    /// Hours that were stored with the same counts already.
    pub unchanged: u64,
    /// Hours that a later generation had written.
    pub superseded: u64,
    /// Days that are left as they are, because hours of them have been collected.
    pub closed: u64,
}

impl AddAssign for Recorded {
    fn add_assign(&mut self, other: Self) {
        let Self { written, unchanged, superseded, closed } = other;
        self.written += written;
        self.unchanged += unchanged;
        self.superseded += superseded;
        self.closed += closed;
    }
}

/// Stores hours by fenced SETs, and rolls them up into days, months, totals and rankings.
///
/// Whoever has stored an hour rolls its day up afterwards, at once or later. All of it may be repeated, in any order and
/// by any number of writers: what is stored depends only on the last count of each hour.
#[derive(Debug, Clone)]
pub struct Ledger {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
}

impl Ledger {
    /// A ledger in a table.
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// Stores what `source` counted in `hour`, all of it at once for each subject, under a generation; then rolls up.
    ///
    /// Repeating it, in any part, changes nothing. Unchanged hours are not written, but their roll-ups are made sure of.
    ///
    /// # Errors
    /// The table failed: any part may have been stored. Call again with the same or a later generation.
    pub async fn record(
        &self,
        source: &Source,
        hour: Hour,
        generation: u64,
        tallies: &[(Subject, Tally)],
    ) -> Result<Recorded, TableError> {
        self.record_all(source, &[HourCount { hour, generation, people: People::Counted, tallies }]).await
    }

    /// [`Self::record_hours`] and then [`Self::roll_up`], once for each day of each subject.
    ///
    /// # Errors
    /// As these.
    pub async fn record_all(&self, source: &Source, counts: &[HourCount<'_>]) -> Result<Recorded, TableError> {
        let mut recorded = self.record_hours(source, counts).await?;
        recorded += self.roll_up(&days_of(counts)).await?;
        Ok(recorded)
    }

    /// Stores hours and leaves rolling up to a later call of [`Self::roll_up`] with [`days_of`] them.
    ///
    /// An empty tally takes the place of what is stored, and is not stored where nothing is.
    ///
    /// # Errors
    /// The table failed: any part may have been stored. Call again with the same or a later generation.
    pub async fn record_hours(&self, source: &Source, counts: &[HourCount<'_>]) -> Result<Recorded, TableError> {
        let mut recorded = Recorded::default();
        for count in counts {
            recorded += self.store_hour(source, count).await?;
        }
        Ok(recorded)
    }

    /// Makes days, months, totals and rankings of what is stored of these days' hours.
    ///
    /// # Errors
    /// The table failed: any part may have been rolled up. [`TableError::Conflict`] if others kept coming between. Call again.
    pub async fn roll_up(&self, days: &BTreeSet<(Subject, Date)>) -> Result<Recorded, TableError> {
        self.roll_up_all(days).await
    }
}

/// The days to roll up after some hours.
pub fn days_of(counts: &[HourCount<'_>]) -> BTreeSet<(Subject, Date)> {
    let days = |count: &HourCount<'_>| {
        let date = count.hour.date();
        count.tallies.iter().map(move |(subject, _)| (subject.clone(), date)).collect::<Vec<_>>()
    };
    counts.iter().flat_map(days).collect()
}

/// Does all of it, some at the same time, and sums up.
async fn gather(work: Vec<impl Future<Output = Result<Recorded, TableError>>>) -> Result<Recorded, TableError> {
    let sum = |mut sum: Recorded, one| async move {
        sum += one;
        Ok(sum)
    };
    stream::iter(work).buffer_unordered(CONCURRENCY).try_fold(Recorded::default(), sum).await
}
