//! A table that fails as it is told to: what a network, a busy store and a replica that lags can do to any call.
//!
//! Every fault keeps the contract of [`Table`]: what is not [`TableError::OutcomeUnknown`] was not applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::{Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write};

mod plan;
mod replica;

pub use plan::{Nth, Odds, Seeded};

use replica::Replica;

/// Which primitive is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// [`Table::get`], strongly.
    StrongGet,
    /// [`Table::get`], eventually.
    EventualGet,
    /// [`Table::write`] of one item.
    Write,
    /// [`Table::write`] of several, as one transaction.
    Transaction,
    /// [`Table::insert_many`].
    InsertMany,
    /// [`Table::get_many`].
    GetMany,
    /// [`Table::query`] of the table itself.
    Query,
    /// [`Table::query`] of an index.
    IndexQuery,
    /// [`Table::add`].
    Add,
}

/// One call, as whoever decides its fate sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1.
    pub number: u64,
    /// What is called.
    pub primitive: Primitive,
    /// The first key that is read or written; none for a query, or for none.
    pub key: Option<Key>,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The store refuses for load. Not applied.
    Throttle,
    /// The store is not reached. Not applied.
    FailBefore,
    /// Another transaction holds the item. Not applied; a read is answered as if nothing were wrong.
    Conflict,
    /// Applied, and the reply is lost. A read fails.
    FailAfter,
    /// The reply is lost at once, and what was sent is applied this long afterwards. A read fails.
    Late(Duration),
    /// Half done: of an insert of many the first half is applied and the reply is lost; a read of many fails; a query ends
    /// its page early, which is no error. Others are answered as if nothing were wrong.
    Partial,
    /// An eventual read or a query of an index misses this many of the last changes. Others are answered as if nothing
    /// were wrong.
    Stale(usize),
    /// Never answered, and not applied.
    Hang,
}

/// What happens to one call. The default is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    /// How long the request is on its way.
    pub before: Duration,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// How long the reply is on its way; calls overtake each other.
    pub after: Duration,
}

/// Decides what happens to each call.
pub trait Faults: Send + Sync + std::fmt::Debug {
    /// The fate of `call`.
    fn fate(&self, call: &Call) -> Fate;
}

/// Nothing goes wrong.
impl Faults for () {
    fn fate(&self, _call: &Call) -> Fate {
        Fate::default()
    }
}

/// A table over another, which was empty when it was wrapped, whose calls meet the fate that [`Faults`] decides.
#[derive(Debug)]
pub struct FaultTable<T> {
    applied: Arc<Applied<T>>,
    faults: Arc<dyn Faults>,
    calls: AtomicU64,
}

/// The table itself, and the replica that follows it.
#[derive(Debug)]
struct Applied<T> {
    inner: Arc<T>,
    replica: Replica,
}

impl<T: Table + 'static> FaultTable<T> {
    /// Wraps `inner`.
    pub fn new(inner: Arc<T>, faults: Arc<dyn Faults>) -> Self {
        let applied = Arc::new(Applied { inner, replica: Replica::default() });
        Self { applied, faults, calls: AtomicU64::new(0) }
    }

    /// The table under it, which fails nothing.
    pub fn inner(&self) -> &Arc<T> {
        &self.applied.inner
    }

    /// Every item that was ever changed through this table and is still there, by key, as it is now.
    ///
    /// # Errors
    /// As a read of the table under it.
    pub async fn items(&self) -> Result<Vec<Item>, TableError> {
        let keys = self.applied.replica.keys().await;
        let found = self.applied.inner.get_many(&keys).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Makes a change that nobody called for, such as the collection of an item whose time is over: it meets no fate.
    ///
    /// # Errors
    /// Those of the table under it.
    pub async fn change_unasked(&self, writes: &[Write]) -> Result<(), TableError> {
        self.applied.apply(Change::Write(writes.to_vec())).await.map(drop)
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Decides a call's fate and lets its request travel.
    async fn send(&self, primitive: Primitive, key: Option<&Key>) -> Fate {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Call { number, primitive, key: key.cloned() };
        let fate = self.faults.fate(&call);
        tracing::trace!(?call, ?fate, "table call");
        travel(fate.before).await;
        if fate.fault == Some(Fault::Hang) {
            std::future::pending::<()>().await;
        }
        fate
    }

    /// Applies a change as `fate` has it. `half` is what is done where only half is; without it, all.
    async fn change(&self, fate: Fate, change: Change, half: Option<Change>) -> Result<Done, TableError> {
        let done = match (fate.fault, half) {
            (Some(Fault::Throttle), _) => Err(TableError::Throttled),
            (Some(Fault::FailBefore), _) => Err(TableError::Unavailable("no connection".into())),
            (Some(Fault::Conflict), _) => Err(TableError::Conflict),
            (Some(Fault::FailAfter), _) => self.applied.apply(change).await.and_then(|_| Err(reply_lost())),
            (Some(Fault::Partial), Some(half)) => self.applied.apply(half).await.and_then(|_| Err(reply_lost())),
            (Some(Fault::Late(late)), _) => {
                let applied = Arc::clone(&self.applied);
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    // Nobody hears of what comes of it.
                    drop(applied.apply(change).await);
                });
                Err(reply_lost())
            }
            _ => self.applied.apply(change).await,
        };
        travel(fate.after).await;
        done
    }
}

/// A change that can be applied later.
#[derive(Debug)]
enum Change {
    Write(Vec<Write>),
    Insert(Vec<Item>),
    Add { key: Key, attribute: String, n: i64, ceiling: i64 },
}

/// What a change answers.
#[derive(Debug)]
enum Done {
    Written,
    Inserted(Vec<Inserted>),
    Added(Added),
}

impl<T: Table> Applied<T> {
    async fn apply(&self, change: Change) -> Result<Done, TableError> {
        // One change at a time, so that the replica hears of changes in the order in which they are made.
        let mut log = self.replica.log().await;
        let (done, keys): (_, Vec<Key>) = match change {
            Change::Write(writes) => {
                self.inner.write(&writes).await?;
                (Done::Written, writes.iter().map(|write| write.key().clone()).collect())
            }
            Change::Insert(items) => {
                let done = Done::Inserted(self.inner.insert_many(&items).await?);
                (done, items.into_iter().map(|item| item.key).collect())
            }
            Change::Add { key, attribute, n, ceiling } => {
                (Done::Added(self.inner.add(&key, &attribute, n, ceiling).await?), vec![key])
            }
        };
        for key in keys {
            let item = self.inner.get(&key, Consistency::Strong).await?;
            log.push((key, item));
        }
        Ok(done)
    }
}

/// The outcome of a change whose reply never came.
fn reply_lost() -> TableError {
    TableError::OutcomeUnknown("the reply was lost".into())
}

/// The error of a read, if `fault` makes it fail.
fn read_error(fault: Option<Fault>, of_many: bool) -> Result<(), TableError> {
    match fault {
        Some(Fault::Throttle) => Err(TableError::Throttled),
        Some(Fault::FailBefore | Fault::FailAfter | Fault::Late(_)) => {
            Err(TableError::Unavailable("the connection was closed".into()))
        }
        Some(Fault::Partial) if of_many => Err(TableError::Throttled),
        _ => Ok(()),
    }
}

/// Waits, but yields at least once: others run while a request is on its way.
async fn travel(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}

#[async_trait]
impl<T: Table + 'static> Table for FaultTable<T> {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        let eventual = consistency == Consistency::Eventual;
        let primitive = if eventual { Primitive::EventualGet } else { Primitive::StrongGet };
        let fate = self.send(primitive, Some(key)).await;
        read_error(fate.fault, false)?;
        let found = match fate.fault {
            Some(Fault::Stale(missed)) if eventual => self.applied.replica.behind(missed).await?.get(key).await,
            _ => self.applied.inner.get(key, consistency).await,
        };
        travel(fate.after).await;
        found
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        let primitive = if writes.len() > 1 { Primitive::Transaction } else { Primitive::Write };
        let fate = self.send(primitive, writes.first().map(Write::key)).await;
        self.change(fate, Change::Write(writes.to_vec()), None).await.map(drop)
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        let fate = self.send(Primitive::InsertMany, items.first().map(|item| &item.key)).await;
        let half = Change::Insert(items[..items.len() / 2].to_vec());
        match self.change(fate, Change::Insert(items.to_vec()), Some(half)).await? {
            Done::Inserted(inserted) => Ok(inserted),
            other => Err(TableError::Invalid(format!("{other:?} is no answer to an insert"))),
        }
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let fate = self.send(Primitive::GetMany, keys.first()).await;
        read_error(fate.fault, true)?;
        let found = self.applied.inner.get_many(keys).await;
        travel(fate.after).await;
        found
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        let indexed = query.index.is_some();
        let fate = self.send(if indexed { Primitive::IndexQuery } else { Primitive::Query }, None).await;
        read_error(fate.fault, false)?;
        let page = match fate.fault {
            Some(Fault::Partial) => {
                let limit = query.limit.div_ceil(2);
                self.applied.inner.query(&Query { limit, ..query.clone() }).await
            }
            Some(Fault::Stale(missed)) if indexed => self.applied.replica.behind(missed).await?.query(query).await,
            _ => self.applied.inner.query(query).await,
        };
        travel(fate.after).await;
        page
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let fate = self.send(Primitive::Add, Some(key)).await;
        let change = Change::Add { key: key.clone(), attribute: attribute.to_owned(), n, ceiling };
        match self.change(fate, change, None).await? {
            Done::Added(added) => Ok(added),
            other => Err(TableError::Invalid(format!("{other:?} is no answer to an addition"))),
        }
    }
}

impl<T: Table + ChangeFeed + 'static> ChangeFeed for FaultTable<T> {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        self.applied.inner.changes_since(since)
    }
}

impl Primitive {
    /// Every primitive.
    pub const ALL: [Self; 9] = [
        Self::StrongGet,
        Self::EventualGet,
        Self::Write,
        Self::Transaction,
        Self::InsertMany,
        Self::GetMany,
        Self::Query,
        Self::IndexQuery,
        Self::Add,
    ];

    /// Whether it changes something.
    pub fn is_change(self) -> bool {
        matches!(self, Self::Write | Self::Transaction | Self::InsertMany | Self::Add)
    }
}
