//! Stores what was counted, and rolls it up.

use std::sync::Arc;

use crate::clock::Clock;
use crate::table::{Table, TableError};

use super::{Hour, Tally};

pub use crate::table::keys::Subject;

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

    /// Its name in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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

/// Stores hours by fenced SETs, and rolls them up into days, months, totals and rankings.
#[derive(Debug, Clone)]
pub struct Ledger {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
}

#[expect(clippy::unused_async, reason = "storing comes next")]
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
    /// The table failed: any part may have been stored. Call again with a later generation.
    pub async fn record(
        &self,
        _source: &Source,
        _hour: Hour,
        _generation: u64,
        _tallies: &[(Subject, Tally)],
    ) -> Result<Recorded, TableError> {
        let _ = (&self.table, &self.clock);
        Ok(Recorded::default())
    }
}
