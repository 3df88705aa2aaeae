//! Tables around a table: that fail, that stop whoever uses them, and that do it wrong.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use shortener_core::table::keys::parse_hour_stats;
use shortener_core::table::{
    Action, Added, Condition, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write,
};
use tokio::sync::Notify;

/// What stands between a worker and the table.
#[async_trait]
pub(super) trait Between: Send + Sync + fmt::Debug {
    /// Before a request. An error is answered, and nothing is done.
    async fn before(&self, _what: Request<'_>) -> Result<(), TableError> {
        Ok(())
    }

    /// After a request that was done. An error is answered all the same.
    async fn after(&self, _what: Request<'_>) -> Result<(), TableError> {
        Ok(())
    }

    /// What becomes of a write.
    async fn change(&self, _inner: &dyn Table, write: Write) -> Write {
        write
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Request<'a> {
    Read,
    Write(&'a [Write]),
    Add(&'a Key),
}

/// A table behind something.
#[derive(Debug)]
pub(super) struct Behind<B> {
    pub(super) inner: Arc<dyn Table>,
    pub(super) between: B,
}

impl<B: Between> Behind<B> {
    pub(super) fn new(inner: &Arc<dyn Table>, between: B) -> Arc<Self> {
        Arc::new(Self { inner: inner.clone(), between })
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T, TableError>>) -> Result<T, TableError> {
        self.between.before(Request::Read).await?;
        let found = read.await?;
        self.between.after(Request::Read).await?;
        Ok(found)
    }
}

#[async_trait]
impl<B: Between> Table for Behind<B> {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.read(self.inner.get(key, consistency)).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.between.before(Request::Write(writes)).await?;
        let mut changed = Vec::new();
        for write in writes {
            changed.push(self.between.change(self.inner.as_ref(), write.clone()).await);
        }
        self.inner.write(&changed).await?;
        self.between.after(Request::Write(writes)).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.inner.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.read(self.inner.get_many(keys)).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.read(self.inner.query(query)).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.between.before(Request::Add(key)).await?;
        let added = self.inner.add(key, attribute, n, ceiling).await?;
        self.between.after(Request::Add(key)).await?;
        Ok(added)
    }
}

/// Fails a share of the requests, before or after they are done, and stops its user after some.
#[derive(Debug)]
pub(super) struct Chaos {
    random: Mutex<fastrand::Rng>,
    /// Of a thousand requests, so many fail.
    faults: u32,
    /// Requests until the user is stopped, for good.
    left: AtomicI64,
    pub(super) stopped: Notify,
}

impl Chaos {
    pub(super) fn new(seed: u64, faults: u32, stop_after: i64) -> Self {
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Self { random, faults, left: AtomicI64::new(stop_after), stopped: Notify::new() }
    }

    fn draws(&self) -> u32 {
        self.random.lock().unwrap().u32(..1_000)
    }

    /// The worker is killed here: its future goes no further, and is dropped by who waits for that.
    async fn pass(&self) {
        tokio::task::yield_now().await;
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            self.stopped.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Between for Chaos {
    async fn before(&self, _what: Request<'_>) -> Result<(), TableError> {
        self.pass().await;
        match self.draws() {
            drawn if drawn >= self.faults => Ok(()),
            drawn if drawn % 2 == 0 => Err(TableError::Throttled),
            _ => Err(TableError::Unavailable("no connection".into())),
        }
    }

    async fn after(&self, what: Request<'_>) -> Result<(), TableError> {
        // At every request there are two points: it is done, and its user never hears of it.
        self.pass().await;
        match what {
            Request::Write(_) | Request::Add(_) if self.draws() < self.faults => {
                Err(TableError::OutcomeUnknown("the reply was lost".into()))
            }
            _ => Ok(()),
        }
    }
}

/// Counts what is written.
#[derive(Debug, Default)]
pub(super) struct CountsWrites(pub(super) AtomicU64);

#[async_trait]
impl Between for CountsWrites {
    async fn before(&self, what: Request<'_>) -> Result<(), TableError> {
        if let Request::Write(_) | Request::Add(_) = what {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

fn is_hour(write: &Write) -> bool {
    parse_hour_stats(write.key()).is_some()
}

/// Wrong: adds to what is stored instead of putting a count in its place.
#[derive(Debug)]
pub(super) struct Adds;

#[async_trait]
impl Between for Adds {
    async fn change(&self, inner: &dyn Table, mut write: Write) -> Write {
        if let Action::Put(item) = &mut write.action
            && parse_hour_stats(&item.key).is_some()
            && let Some(stored) = inner.get(&item.key, Consistency::Strong).await.unwrap()
            && let Some(clicks) = item.attributes.get_mut("clicks").and_then(|clicks| clicks.as_object_mut())
        {
            for (class, before) in
                stored.attributes.get("clicks").and_then(|clicks| clicks.as_object()).into_iter().flatten()
            {
                let sum = before.as_u64().unwrap() + clicks.get(class).and_then(Value::as_u64).unwrap_or(0);
                clicks.insert(class.clone(), sum.into());
            }
        }
        write
    }
}

/// Holds the first write of an hour's count up, until it is let go. Perhaps wrong: it may forget the fence.
#[derive(Debug)]
pub(super) struct Late {
    pub(super) is_fenced: bool,
    pub(super) arrived: Notify,
    pub(super) go: Notify,
}

impl Late {
    pub(super) fn new(is_fenced: bool) -> Self {
        Self { is_fenced, arrived: Notify::new(), go: Notify::new() }
    }
}

#[async_trait]
impl Between for Late {
    async fn before(&self, what: Request<'_>) -> Result<(), TableError> {
        if let Request::Write(writes) = what
            && writes.iter().any(is_hour)
        {
            self.arrived.notify_one();
            self.go.notified().await;
            // The others follow at once.
            self.go.notify_one();
        }
        Ok(())
    }

    async fn change(&self, _inner: &dyn Table, write: Write) -> Write {
        match write.condition {
            Some(Condition::GenerationBelow(_)) if !self.is_fenced && is_hour(&write) => {
                Write { condition: None, ..write }
            }
            _ => write,
        }
    }
}

/// Holds its user up after its first `add`, until it is let go.
#[derive(Debug, Default)]
pub(super) struct AfterAdd {
    has_held: AtomicBool,
    pub(super) arrived: Notify,
    pub(super) go: Notify,
}

#[async_trait]
impl Between for AfterAdd {
    async fn after(&self, what: Request<'_>) -> Result<(), TableError> {
        if matches!(what, Request::Add(_)) && !self.has_held.swap(true, Ordering::SeqCst) {
            self.arrived.notify_one();
            self.go.notified().await;
        }
        Ok(())
    }
}
