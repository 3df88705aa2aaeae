//! A table that can be made to fail.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write,
};
use tokio::sync::watch;

/// The role that a refused write names.
const ROLE: &str = "arn:aws:iam::123456789012:role/short";

/// A [`MemoryTable`] that fails while it is told to.
#[derive(Debug, Default)]
pub(crate) struct SickTable {
    table: Arc<MemoryTable>,
    is_sick: AtomicBool,
    is_mad: AtomicBool,
    refusal: Mutex<Option<Refusal>>,
    hangs: watch::Sender<bool>,
}

/// Why the store takes no write of this service.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    AccessDenied,
    NoCredentials,
}

impl SickTable {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The same data over another connection, which fails or works by itself.
    pub(crate) fn reconnected(&self) -> Arc<Self> {
        Arc::new(Self { table: Arc::clone(&self.table), ..Self::default() })
    }

    pub(crate) fn fail(&self) {
        self.is_sick.store(true, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.is_sick.store(false, Ordering::SeqCst);
        self.hangs.send_replace(false);
    }

    /// From now on no call ends, until it is healed.
    pub(crate) fn hang(&self) {
        self.hangs.send_replace(true);
    }

    /// How many calls hang.
    pub(crate) fn calls(&self) -> usize {
        self.hangs.receiver_count()
    }

    /// Waits until so many calls hang.
    pub(crate) async fn hanging(&self, calls: usize) {
        while self.calls() < calls {
            tokio::task::yield_now().await;
        }
    }

    async fn answer(&self) {
        if *self.hangs.borrow() {
            let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
        }
    }

    /// From now on it panics, as a defect of ours would.
    pub(crate) fn panic(&self) {
        self.is_mad.store(true, Ordering::SeqCst);
    }

    /// From now on writes are refused, and reads are not.
    pub(crate) fn refuse_writes(&self, refusal: Refusal) {
        *self.refusal.lock().unwrap() = Some(refusal);
    }

    fn check_write(&self) -> Result<(), TableError> {
        self.check()?;
        let refusal = *self.refusal.lock().unwrap();
        match refusal {
            None => Ok(()),
            Some(Refusal::AccessDenied) => Err(TableError::AccessDenied(format!("{ROLE} may not dynamodb:PutItem"))),
            Some(Refusal::NoCredentials) => Err(TableError::NoCredentials(format!("{ROLE} has none").into())),
        }
    }

    fn check(&self) -> Result<(), TableError> {
        assert!(!self.is_mad.load(Ordering::SeqCst), "a defect with a secret in it");
        if self.is_sick.load(Ordering::SeqCst) {
            return Err(TableError::Unavailable("connect to 10.1.2.3: refused".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Table for SickTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.answer().await;
        self.check()?;
        self.table.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.answer().await;
        self.check_write()?;
        self.table.write(writes).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.answer().await;
        self.check_write()?;
        self.table.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.answer().await;
        self.check()?;
        self.table.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.answer().await;
        self.check()?;
        self.table.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.answer().await;
        self.check_write()?;
        self.table.add(key, attribute, n, ceiling).await
    }
}

impl ChangeFeed for SickTable {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        self.check()?;
        self.table.changes_since(since)
    }
}
