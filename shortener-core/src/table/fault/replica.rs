//! A copy that hears of changes in their order, and later: what eventual reads may see.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::{Mutex, MutexGuard};

use crate::table::memory::MemoryTable;
use crate::table::{Consistency, Item, Key, Page, Query, Table, TableError, Write};

/// A change: the item that a key has after it.
type Change = (Key, Option<Item>);

#[derive(Debug, Default)]
pub(super) struct Replica {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    table: MemoryTable,
    /// What it has not heard of, oldest first.
    to_come: VecDeque<Change>,
    /// Every key that was ever changed.
    keys: BTreeSet<Key>,
}

/// The log of changes, for as long as one is made.
pub(super) struct Log<'a>(MutexGuard<'a, State>);

/// The copy, for one read.
pub(super) struct Behind<'a>(MutexGuard<'a, State>);

impl Replica {
    /// Holds all other changes back until the log is dropped.
    pub(super) async fn log(&self) -> Log<'_> {
        Log(self.state.lock().await)
    }

    /// Every key that was ever changed, in order.
    pub(super) async fn keys(&self) -> Vec<Key> {
        self.state.lock().await.keys.iter().cloned().collect()
    }

    /// The copy when it has heard of all but the last `missed` changes; it never goes back.
    pub(super) async fn behind(&self, missed: usize) -> Result<Behind<'_>, TableError> {
        let mut state = self.state.lock().await;
        while state.to_come.len() > missed {
            let Some((key, item)) = state.to_come.pop_front() else { break };
            state.table.write(&[item.map_or_else(|| Write::delete(key), Write::put)]).await?;
        }
        Ok(Behind(state))
    }
}

impl Log<'_> {
    pub(super) fn push(&mut self, change: Change) {
        self.0.keys.insert(change.0.clone());
        self.0.to_come.push_back(change);
    }
}

impl Behind<'_> {
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.0.table.get(key, Consistency::Eventual).await
    }

    pub(super) async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.0.table.query(query).await
    }
}
