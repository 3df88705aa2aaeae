//! Counts what is new in an edge's logs, from listing the files to storing the counts.
//!
//! One run is one pass: list the files, find those that no earlier count has seen, and count every hour again that they
//! touch, from all its files. What is stored is fenced by a generation for each hour, so that any number of runs may do
//! the same at the same time, stop anywhere, and be repeated.

use std::sync::Arc;

use tokio::time::Instant;

use super::{IngestReport, LogSource, RequestMeter, SourceError};
use crate::clock::Clock;
use crate::operations::Mode;
use crate::pace::Patience;
use crate::service::{Service, ServiceError};
use crate::stats::{Hour, Ledger, Salts, Sources};
use crate::table::{Table, TableError};

mod attempt;
mod claim;
mod dropped;
mod figures;
mod files;
mod hour;
mod lease;
mod pass;
mod problems;
mod reading;
mod rollups;
mod settle;
mod slow;
mod storing;
mod strays;

pub use lease::Lease;

use pass::Pass;

/// Memory for what is counted of an hour, in bytes: with it, ten million lines are counted at once. With what is beside it
/// (remembered user agents and referrers of up to 46 MB, lines of other hours of up to 24 MB, and the program) it is less
/// than 512 MB.
pub const MEMORY_BYTES: usize = 384 << 20;

/// For how many hours the edge's clock, or ours, may be wrong: lines that are further ahead are of the future.
const AHEAD_HOURS: i64 = 1;

/// For how many hours logs may come late, and how far back a run from a schedule looks.
pub const LATE_HOURS: i64 = 26;

/// How a run counts.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// Files of other distributions than this one are refused; without it, files of more than one.
    pub distribution: Option<String>,
    /// Hours that take more memory than this are counted in parts.
    pub memory_bytes: usize,
    /// Which files are looked at.
    pub reach: Reach,
    /// Which hours of them are counted.
    pub recount: Recount,
    /// When the hours that are counted become days, months, totals and rankings.
    pub roll_up: RollUp,
    /// When to stop, between hours or while one is stored: what is left is for the next run.
    pub deadline: Option<Instant>,
    /// Counts hours again although files are gone that were counted before: their clicks are gone then, too.
    pub without_missing: bool,
    /// Keeps other runs with a lease away while there is something to count. Nothing depends on it.
    pub lease: Option<Lease>,
    /// In a dry run everything is read and counted, and nothing is written.
    pub mode: Mode,
    /// How long a request that failed, or an hour, is tried again.
    pub patience: Patience,
}

/// Which files a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the hours that are not final: of the last 26 hours, and earlier ones that no run has completed.
    Recent,
    /// All that there are.
    All,
}

/// Which hours a run counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recount {
    /// Those that have new files.
    New,
    /// All that the files touch: with a newer list of crawlers, the same lines may be of other classes.
    All,
}

/// When a run makes days, months, totals and rankings of the hours that it has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollUp {
    /// At once.
    AtOnce,
    /// When an hour is over, and then once an hour at most: a link that is clicked all the time is written once in each run and
    /// not five times. Which hours wait is remembered, and a later run rolls them up although no file of theirs is new.
    Hourly,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            distribution: None,
            memory_bytes: MEMORY_BYTES,
            reach: Reach::All,
            recount: Recount::New,
            roll_up: RollUp::AtOnce,
            deadline: None,
            without_missing: false,
            lease: None,
            mode: Mode::Apply,
            patience: Patience::REQUEST,
        }
    }
}

/// Sees how far a run is.
pub trait Watch: Send + Sync + std::fmt::Debug {
    /// An hour is counted next; so many are left after it, as far as is known.
    fn hour(&self, hour: Hour, left: usize);

    /// So many lines of files have been read since the last time.
    fn read(&self, lines: u64);
}

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The logs cannot be listed or read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The table failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The domains cannot be read.
    #[error(transparent)]
    Domains(#[from] ServiceError),
    /// A file could not be read to its end.
    #[error("{file} cannot be read")]
    Read {
        /// Which one.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another run holds the lease.
    #[error("another count is running, until {until} at the latest")]
    Busy {
        /// When its lease ends.
        until: jiff::Timestamp,
    },
}

impl IngestError {
    /// Whether it can succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Table(error) | Self::Domains(ServiceError::Store(error)) => error.is_retryable(),
            Self::Source(SourceError::Unavailable { .. }) | Self::Read { .. } | Self::Busy { .. } => true,
            Self::Source(_) | Self::Domains(_) => false,
        }
    }
}

/// Counts an edge's logs into a table.
#[derive(Debug, Clone)]
pub struct Ingest {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    service: Arc<Service>,
    source: Arc<dyn LogSource>,
    options: IngestOptions,
    watch: Option<Arc<dyn Watch>>,
    meter: Option<Arc<dyn RequestMeter>>,
    ledger: Ledger,
    salts: Salts,
    sources: Sources,
}

impl Ingest {
    /// Counts the logs of `source` into the table of `service`, by its clock and its domains.
    pub fn new(service: Arc<Service>, source: Arc<dyn LogSource>, options: IngestOptions) -> Self {
        let (table, clock) = (Arc::clone(service.table()), Arc::clone(service.clock()));
        Self {
            ledger: Ledger::new(Arc::clone(&table), Arc::clone(&clock)),
            salts: Salts::new(Arc::clone(&table)),
            sources: Sources::new(Arc::clone(&table)),
            watch: None,
            meter: None,
            table,
            clock,
            service,
            source,
            options,
        }
    }

    /// The same, seen by someone.
    #[must_use]
    pub fn watched_by(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// The same, which remembers how many requests there should be of each hour that it counts.
    #[must_use]
    pub fn comparing_with(mut self, meter: Arc<dyn RequestMeter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Counts what is new.
    ///
    /// # Errors
    /// Nothing could be done. What could be done in part, or is left to the next run, is in the report.
    pub async fn run(&self) -> Result<IngestReport, IngestError> {
        Pass::begin(self).await?.run().await
    }

    fn writes(&self) -> bool {
        self.options.mode == Mode::Apply
    }

    fn is_over(&self) -> bool {
        self.options.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
