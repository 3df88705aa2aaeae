//! A table whose operations are timed.

use std::time::Instant;

use async_trait::async_trait;
use metrics::{counter, histogram};
use shortener_core::table::{Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write};

use super::emf::{Meter, Room};
use super::{STORE_FAILURES, STORE_LATENCY};

/// Times every operation of the table within.
#[derive(Debug)]
pub struct TimedTable<T> {
    table: T,
    room: Room,
}

impl<T: Table> TimedTable<T> {
    /// The table, timed for a meter.
    pub fn new(table: T, meter: &Meter) -> Self {
        Self { table, room: meter.room() }
    }

    async fn timed<A>(&self, operation: impl Future<Output = Result<A, TableError>>) -> Result<A, TableError> {
        let mut timing = Timing { begun: Instant::now(), room: &self.room, has_failed: true };
        let outcome = operation.await;
        timing.has_failed = outcome.as_ref().is_err_and(is_failure);
        outcome
    }
}

/// An operation under way. It counts when it is dropped, so that one that its caller gave up counts too: as a failure.
struct Timing<'a> {
    begun: Instant,
    room: &'a Room,
    has_failed: bool,
}

impl Drop for Timing<'_> {
    fn drop(&mut self) {
        // A batch has more operations than a line has room for; the first ones stand for the rest.
        if self.room.take() {
            histogram!(STORE_LATENCY).record(self.begun.elapsed().as_secs_f64() * 1000.0);
        }
        if self.has_failed {
            counter!(STORE_FAILURES).increment(1);
        }
    }
}

/// Whether the store is to blame, and not what was asked of it.
fn is_failure(error: &TableError) -> bool {
    !matches!(error, TableError::ConditionFailed { .. } | TableError::ItemTooLarge { .. } | TableError::Conflict)
}

#[async_trait]
impl<T: Table> Table for TimedTable<T> {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.timed(self.table.get(key, consistency)).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.timed(self.table.write(writes)).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.timed(self.table.insert_many(items)).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.timed(self.table.get_many(keys)).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.timed(self.table.query(query)).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.timed(self.table.add(key, attribute, n, ceiling)).await
    }
}
