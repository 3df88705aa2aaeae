//! What was really applied, in its order: the truth that the histories are held against.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write,
};

/// One order of everything that happens, and the virtual time.
#[derive(Debug)]
pub(super) struct Time {
    ticks: AtomicU64,
    start: tokio::time::Instant,
}

impl Time {
    pub(super) fn starting_now() -> Self {
        Self { ticks: AtomicU64::new(0), start: tokio::time::Instant::now() }
    }

    /// The number of something that happens now; no two are alike.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// What one call has changed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Applied {
    pub(super) tick: u64,
    pub(super) at: Duration,
    pub(super) changes: Vec<Change>,
}

/// What a key was before and after.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) key: Key,
    pub(super) before: Option<Item>,
    pub(super) after: Option<Item>,
}

/// A table in memory that notes every change.
#[derive(Debug)]
pub(super) struct Journal {
    inner: MemoryTable,
    time: Arc<Time>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Item>,
    applied: Vec<Applied>,
}

impl Journal {
    pub(super) fn new(time: Arc<Time>) -> Self {
        Self { inner: MemoryTable::new(), time, state: Mutex::default() }
    }

    /// The whole table.
    pub(super) fn items(&self) -> BTreeMap<Key, Item> {
        self.state().items.clone()
    }

    pub(super) fn applied(&self) -> Vec<Applied> {
        self.state().applied.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn note(&self, keys: impl Iterator<Item = Key>) {
        let mut changes = Vec::new();
        for key in keys {
            let after = self.inner.get(&key, Consistency::Strong).await.unwrap();
            let mut state = self.state();
            let before = match &after {
                Some(item) => state.items.insert(key.clone(), item.clone()),
                None => state.items.remove(&key),
            };
            if before != after {
                changes.push(Change { key, before, after });
            }
        }
        let applied = Applied { tick: self.time.tick(), at: self.time.elapsed(), changes };
        self.state().applied.push(applied);
    }
}

#[async_trait]
impl Table for Journal {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.inner.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.inner.write(writes).await?;
        self.note(writes.iter().map(|write| write.key().clone())).await;
        Ok(())
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        let inserted = self.inner.insert_many(items).await?;
        self.note(items.iter().map(|item| item.key.clone())).await;
        Ok(inserted)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.inner.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.inner.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let added = self.inner.add(key, attribute, n, ceiling).await?;
        self.note(std::iter::once(key.clone())).await;
        Ok(added)
    }
}

impl ChangeFeed for Journal {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        self.inner.changes_since(since)
    }
}
