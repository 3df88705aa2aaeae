//! A table that counts what DynamoDB would charge for, on demand: a strong read of up to 4 KB is a unit, an eventual one
//! half of it, a write of up to 1 KB is a unit in the table and in each index that it changes, and in a transaction the
//! table's are two (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).

use std::collections::HashSet;
use std::sync::Mutex;

use async_trait::async_trait;
use shortener_core::table::keys::{Index, Projection};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Action, Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write};

/// Most keys in one `BatchGetItem`.
const BATCH: usize = 100;

/// What requests have cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// Calls of DynamoDB.
    pub(super) calls: u64,
    /// Half read units.
    pub(super) half_reads: u64,
    /// Write units.
    pub(super) writes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Metered {
    table: MemoryTable,
    spent: Mutex<Spent>,
}

fn units(bytes: usize, of: usize) -> u64 {
    bytes.div_ceil(of).max(1) as u64
}

fn read_units(bytes: usize) -> u64 {
    units(bytes, 4096)
}

fn write_units(item: &Item) -> u64 {
    units(item.size_bytes(), 1024)
}

/// What an index holds of an item; none if the item is not in it.
fn entry(item: Option<&Item>, index: Index) -> Option<Item> {
    let item = item?;
    item.attributes.get(index.partition_attribute())?;
    let kept = [index.partition_attribute(), index.sort_attribute()];
    let mut entry = item.clone();
    if index.projection() == Projection::KeysOnly {
        entry.attributes.retain(|name, _| kept.contains(&name.as_str()));
    }
    Some(entry)
}

/// Units that the indexes take when one item becomes another.
fn index_units(before: Option<&Item>, after: Option<&Item>) -> u64 {
    let of = |index: Index| match (entry(before, index), entry(after, index)) {
        (None, None) => 0,
        (Some(before), Some(after)) if before == after => 0,
        (Some(before), Some(after)) => {
            let moved = index.position(&before) != index.position(&after)
                || before.attributes.get(index.partition_attribute())
                    != after.attributes.get(index.partition_attribute());
            if moved {
                write_units(&before) + write_units(&after)
            } else {
                write_units(&before).max(write_units(&after))
            }
        }
        (Some(one), None) | (None, Some(one)) => write_units(&one),
    };
    Index::ALL.into_iter().map(of).sum()
}

impl Metered {
    fn spend(&self, calls: u64, half_reads: u64, writes: u64) {
        let mut spent = self.spent.lock().unwrap();
        spent.calls += calls;
        spent.half_reads += half_reads;
        spent.writes += writes;
    }

    /// What was spent since the last time.
    pub(super) fn take(&self) -> Spent {
        std::mem::take(&mut self.spent.lock().unwrap())
    }

    /// Puts items there for nothing.
    pub(super) async fn plant(&self, items: &[Item]) {
        for item in items {
            self.table.write(&[Write::put(item.clone())]).await.unwrap();
        }
    }

    async fn existing(&self, key: &Key) -> Option<Item> {
        self.table.get(key, Consistency::Strong).await.unwrap()
    }
}

#[async_trait]
impl Table for Metered {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        let found = self.table.get(key, consistency).await?;
        let units = found.as_ref().map_or(1, |item| read_units(item.size_bytes()));
        self.spend(1, if consistency == Consistency::Strong { 2 * units } else { units }, 0);
        Ok(found)
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        let mut before = Vec::new();
        for write in writes {
            before.push(self.existing(write.key()).await);
        }
        let outcome = self.table.write(writes).await;
        let factor = if writes.len() > 1 { 2 } else { 1 };
        let (mut table, mut indexes) = (0, 0);
        for (write, before) in writes.iter().zip(&before) {
            let after = match &write.action {
                Action::Put(item) => Some(item.clone()),
                Action::Delete(_) => None,
                Action::Update { key, .. } => self.existing(key).await,
            };
            let size = |item: &Option<Item>| item.as_ref().map_or(1, write_units);
            table += factor * size(before).max(size(&after));
            // A write that is refused costs the table and no index.
            indexes += if outcome.is_ok() { index_units(before.as_ref(), after.as_ref()) } else { 0 };
        }
        self.spend(1, 0, table + indexes);
        outcome
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        let inserted = self.table.insert_many(items).await?;
        for (item, inserted) in items.iter().zip(&inserted) {
            let indexes = if *inserted == Inserted::Inserted { index_units(None, Some(item)) } else { 0 };
            self.spend(1, 0, write_units(item) + indexes);
        }
        Ok(inserted)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let found = self.table.get_many(keys).await?;
        let mut seen = HashSet::new();
        let once = keys.iter().zip(&found).filter(|(key, _)| seen.insert(*key));
        let units: u64 = once.map(|(_, item)| item.as_ref().map_or(1, |item| read_units(item.size_bytes()))).sum();
        self.spend(seen.len().div_ceil(BATCH) as u64, 2 * units, 0);
        Ok(found)
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        let page = self.table.query(query).await?;
        let units = read_units(page.items.iter().map(Item::size_bytes).sum());
        self.spend(1, if query.index.is_none() { 2 * units } else { units }, 0);
        Ok(page)
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let added = self.table.add(key, attribute, n, ceiling).await?;
        self.spend(1, 0, 1);
        Ok(added)
    }
}
