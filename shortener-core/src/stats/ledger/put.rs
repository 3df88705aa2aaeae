//! Fenced puts whose outcome is known in the end.

use std::time::Duration;

use super::Ledger;
use crate::table::keys::attribute;
use crate::table::{Attributes, Condition, Item, Key, TableError, Write};

/// How often something is tried while others come between, or replies are lost.
pub(super) const ATTEMPTS: u32 = 20;

/// How a put ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It is stored.
    Done,
    /// The same or a later generation is stored.
    Fenced,
    /// Its reply was lost, or a transaction was in its way: only reading tells.
    Unknown,
}

impl Ledger {
    /// Puts attributes under a generation, unless the same or a later one is stored.
    pub(super) async fn put(&self, key: &Key, mut body: Attributes, generation: u64) -> Result<Put, TableError> {
        body.insert(attribute::GENERATION.to_owned(), generation.into());
        body.insert(UPDATED_AT.to_owned(), self.clock.now().as_second().into());
        let item = Item { key: key.clone(), attributes: body };
        match self.table.write(&[Write::put(item).when(Condition::GenerationBelow(generation))]).await {
            Ok(()) => Ok(Put::Done),
            Err(TableError::ConditionFailed { .. }) => Ok(Put::Fenced),
            Err(TableError::OutcomeUnknown(_) | TableError::Conflict) => Ok(Put::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// When an item was written, in seconds since 1970.
const UPDATED_AT: &str = "updated_at";

/// Waits before another attempt: up to 2 ms, 4 ms, … 128 ms, so that competitors part ways.
pub(super) async fn pause(attempt: u32) {
    let mut random = [0];
    // Without randomness they part more slowly.
    let _ = getrandom::fill(&mut random);
    let most_us = 1_000_u64 << attempt.min(7);
    tokio::time::sleep(Duration::from_micros(u64::from(random[0]) * most_us / 255)).await;
}
