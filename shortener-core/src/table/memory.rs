//! The engine for tests and dry runs: a sorted map under a mutex, and the plainest reading of the contract.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::keys::{Index, Projection};
use super::{
    Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, MAX_PAGE_BYTES, Order, Page, Position, Query, Table,
    TableError, Write, apply_add, check_item, check_query, check_writes,
};

/// Changes that [`MemoryTable`] lists one by one; more than these are reported as “everything”.
const LISTED_CHANGES: usize = 10_000;

/// A table in memory. Nothing is durable; every read is strong.
#[derive(Debug, Default)]
pub struct MemoryTable {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Key, Item>,
    /// The key of every change; its sequence number is its place, from 1.
    changes: Vec<Key>,
}

impl State {
    fn store(&mut self, key: &Key, item: Option<Item>) {
        let changes = item.is_some() || self.items.contains_key(key);
        match item {
            Some(item) => self.items.insert(key.clone(), item),
            None => self.items.remove(key),
        };
        if changes {
            self.changes.push(key.clone());
        }
    }
}

impl MemoryTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves no write half done, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn get(&self, key: &Key, _consistency: Consistency) -> Result<Option<Item>, TableError> {
        Ok(self.state().items.get(key).cloned())
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        check_writes(writes)?;
        let mut state = self.state();
        for (index, write) in writes.iter().enumerate() {
            let existing = state.items.get(write.key());
            if write.condition.is_some_and(|condition| !condition.holds(existing)) {
                return Err(TableError::ConditionFailed { index, existing: existing.cloned().map(Box::new) });
            }
        }
        let after: Vec<_> = writes.iter().map(|write| write.apply(state.items.get(write.key()))).collect();
        after.iter().flatten().try_for_each(check_item)?;
        for (write, item) in writes.iter().zip(after) {
            state.store(write.key(), item);
        }
        Ok(())
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        items.iter().try_for_each(check_item)?;
        let mut state = self.state();
        let insert = |item: &Item| {
            if state.items.contains_key(&item.key) {
                return Inserted::Exists;
            }
            state.store(&item.key, Some(item.clone()));
            Inserted::Inserted
        };
        Ok(items.iter().map(insert).collect())
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.items.get(key).cloned()).collect())
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        check_query(query)?;
        let state = self.state();
        // A partition of the table is one stretch; an index is looked for everywhere.
        let start = if query.index.is_none() { query.partition.as_str() } else { "" };
        let items = state.items.range(Key::new(start, "")..).map(|(_, item)| item);
        let items = items.take_while(|item| query.index.is_some() || item.key.pk == query.partition);
        let mut found: Vec<(SortValue, &Item)> = items.filter_map(|item| entry(item, query)).collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        if query.order == Order::Descending {
            found.reverse();
        }
        Ok(page(&found, query))
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let mut state = self.state();
        let existing = state.items.get(key).cloned();
        let Some((item, sum)) = apply_add(key, existing, attribute, n, ceiling)? else {
            return Ok(Added::AtCeiling);
        };
        check_item(&item)?;
        state.store(key, Some(item));
        Ok(Added::Now(sum))
    }
}

impl ChangeFeed for MemoryTable {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        let state = self.state();
        let since = usize::try_from(since).unwrap_or(usize::MAX).min(state.changes.len());
        let changed = &state.changes[since..];
        let keys = (changed.len() <= LISTED_CHANGES)
            .then(|| changed.iter().cloned().collect::<HashSet<_>>().into_iter().collect());
        Ok(Changes { latest: state.changes.len() as u64, keys })
    }
}

/// What a query sorts by: a number or a text, then the primary key. Only one of the first two is ever set.
type SortValue = (i64, String, Key);

fn sort_value(sort: &Value, key: &Key) -> SortValue {
    let text = sort.as_str().unwrap_or_default().to_owned();
    (sort.as_i64().unwrap_or_default(), text, key.clone())
}

/// The item's place in the query's partition; none if it is not in it or out of range.
fn entry<'a>(item: &'a Item, query: &Query) -> Option<(SortValue, &'a Item)> {
    let Some(index) = query.index else {
        let inside = item.key.pk == query.partition && query.range.contains(&item.key.sk);
        return inside.then(|| (sort_value(&Value::Null, &item.key), item));
    };
    let sort = item.attributes.get(index.sort_attribute())?;
    let inside = item.text(index.partition_attribute())? == query.partition
        && query.range.contains(sort.as_str().unwrap_or_default());
    inside.then(|| (sort_value(sort, &item.key), item))
}

fn page(found: &[(SortValue, &Item)], query: &Query) -> Page {
    let start = query.start.as_ref().map(|start| sort_value(&start.sort, &start.key));
    let is_left = |at: &SortValue| match (&start, query.order) {
        (None, _) => true,
        (Some(start), Order::Ascending) => at > start,
        (Some(start), Order::Descending) => at < start,
    };
    let mut left = found.iter().filter(|(at, _)| is_left(at)).map(|(_, item)| *item);
    let mut items: Vec<&Item> = Vec::new();
    let mut bytes = 0;
    while items.len() < query.limit && bytes < MAX_PAGE_BYTES {
        let Some(item) = left.next() else { break };
        bytes += item.size_bytes();
        items.push(item);
    }
    let next = left.next().and(items.last()).map(|last| match query.index {
        Some(index) => index.position(last),
        None => Position { key: last.key.clone(), sort: Value::Null },
    });
    Page { items: items.into_iter().map(|item| project(item, query.index)).collect(), next }
}

fn project(item: &Item, index: Option<Index>) -> Item {
    let mut item = item.clone();
    if let Some(index) = index.filter(|index| index.projection() == Projection::KeysOnly) {
        item.attributes.retain(|name, _| name == index.partition_attribute() || name == index.sort_attribute());
    }
    item
}
