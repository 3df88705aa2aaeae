//! A table in memory that can be looked at whole, and put back to what it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, ChangeFeed, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, keys,
};

/// Every item of a table.
pub(super) type Dump = BTreeMap<Key, Item>;

/// A [`MemoryTable`] that knows the keys of all that was ever written to it.
#[derive(Debug, Default)]
pub(super) struct Watched {
    table: Mutex<Arc<MemoryTable>>,
    written: Mutex<BTreeSet<Key>>,
}

impl Watched {
    fn table(&self) -> Arc<MemoryTable> {
        Arc::clone(&self.table.lock().unwrap())
    }

    fn note<'a>(&self, keys: impl Iterator<Item = &'a Key>) {
        self.written.lock().unwrap().extend(keys.cloned());
    }

    /// How many times anything was stored or deleted.
    pub(super) fn writes(&self) -> u64 {
        self.table().changes_since(u64::MAX).unwrap().latest
    }

    /// All there is, but for when keys were last used: that is noted of callers who are refused, too.
    pub(super) async fn dump(&self) -> Dump {
        let keys: Vec<Key> = self.written.lock().unwrap().iter().cloned().collect();
        let items = self.table().get_many(&keys).await.unwrap();
        let mut items: Vec<Item> = items.into_iter().flatten().collect();
        for item in items.iter_mut().filter(|item| item.key.pk == keys::API_KEYS) {
            item.attributes.remove("last_used_at");
        }
        items.into_iter().map(|item| (item.key.clone(), item)).collect()
    }

    /// Puts the table back to what it was.
    pub(super) async fn restore(&self, dump: &Dump) {
        let fresh = MemoryTable::new();
        let items: Vec<Item> = dump.values().cloned().collect();
        fresh.insert_many(&items).await.unwrap();
        *self.table.lock().unwrap() = Arc::new(fresh);
    }
}

#[async_trait]
impl Table for Watched {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.table().get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.note(writes.iter().map(Write::key));
        self.table().write(writes).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.note(items.iter().map(|item| &item.key));
        self.table().insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.table().get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.table().query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.note(std::iter::once(key));
        self.table().add(key, attribute, n, ceiling).await
    }
}
