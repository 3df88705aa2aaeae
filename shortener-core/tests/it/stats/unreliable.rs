//! A table between writers who come in each other's way, lose replies and die; and the ways in which it may be broken.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Action, Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, keys,
};
use tokio::task::yield_now;

/// What would be wrong if the ledger did not ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breakage {
    /// Nothing.
    None,
    /// Hours are put whatever is there.
    NoFence,
    /// Hours are added to what is there.
    AddsHours,
    /// Days are put whatever is there.
    NoOptimismOfDays,
    /// Months and totals are put whatever is there.
    NoOptimismOfMonths,
}

/// Numbers that a seed decides.
#[derive(Debug)]
pub(super) struct Random(Mutex<u64>);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Anything below `end` (`SplitMix64`).
    pub(super) fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// A table in memory that others write meanwhile, and that fails as long as it is not healed.
#[derive(Debug)]
pub(super) struct UnreliableTable {
    pub(super) inner: Arc<MemoryTable>,
    random: Arc<Random>,
    breakage: Breakage,
    percent: AtomicU64,
    is_calm: AtomicBool,
    writes: AtomicU64,
}

impl UnreliableTable {
    pub(super) fn new(random: &Arc<Random>, breakage: Breakage) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::default(),
            random: random.clone(),
            breakage,
            percent: AtomicU64::new(4),
            is_calm: AtomicBool::new(false),
            writes: AtomicU64::new(0),
        })
    }

    /// No faults from now on.
    pub(super) fn heal(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    /// Faults again.
    pub(super) fn sicken(&self) {
        self.is_calm.store(false, Ordering::Relaxed);
    }

    /// How many writes were asked for since the last time.
    pub(super) fn take_writes(&self) -> u64 {
        self.writes.swap(0, Ordering::Relaxed)
    }

    fn strikes(&self) -> bool {
        !self.is_calm.load(Ordering::Relaxed) && self.random.below(100) < self.percent.load(Ordering::Relaxed)
    }

    /// Others run while a request or an answer is on its way, which can be a long one; here its sender may die.
    async fn travel(&self) -> Result<(), TableError> {
        let most = if self.random.below(30) == 0 { 600 } else { 4 };
        for _ in 0..self.random.below(most) {
            yield_now().await;
        }
        if self.strikes() { Err(TableError::Throttled) } else { Ok(()) }
    }

    /// What a broken ledger would have asked for.
    async fn broken(&self, write: &Write) -> Write {
        let is_hour = keys::parse_hour_stats(write.key()).is_some();
        let is_day = keys::parse_day_stats(write.key()).is_some();
        let mut write = write.clone();
        match self.breakage {
            Breakage::NoFence if is_hour => write.condition = None,
            Breakage::NoOptimismOfDays if is_day => write.condition = None,
            Breakage::NoOptimismOfMonths if !is_hour && !is_day => write.condition = None,
            Breakage::AddsHours if is_hour => {
                let there = self.inner.get(write.key(), Consistency::Strong).await.unwrap();
                let human = |item: &Item| item.attributes["clicks"]["human"].as_u64().unwrap_or(0);
                if let (Action::Put(item), Some(there)) = (&mut write.action, there) {
                    let sum = human(item) + human(&there);
                    item.attributes["clicks"]["human"] = sum.into();
                }
            }
            _ => {}
        }
        write
    }
}

#[async_trait]
impl Table for UnreliableTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.travel().await?;
        self.inner.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.travel().await?;
        if self.strikes() {
            return Err(TableError::OutcomeUnknown("it was lost on the way there".into()));
        }
        let [write] = writes else { unreachable!("statistics are written one by one") };
        let outcome = self.inner.write(&[self.broken(write).await]).await;
        if self.strikes() {
            return Err(TableError::OutcomeUnknown("the reply was lost".into()));
        }
        yield_now().await;
        outcome
    }

    async fn insert_many(&self, _: &[Item]) -> Result<Vec<Inserted>, TableError> {
        unreachable!()
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.travel().await?;
        let found = self.inner.get_many(keys).await;
        yield_now().await;
        found
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.travel().await?;
        let page = self.inner.query(query).await;
        yield_now().await;
        page
    }

    async fn add(&self, _: &Key, _: &str, _: i64, _: i64) -> Result<Added, TableError> {
        unreachable!()
    }
}
