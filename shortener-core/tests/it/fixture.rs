//! A service over a table in memory, at a moment that the test sets.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shortener_core::clock::TestClock;
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write,
};
use shortener_core::wire::{CreateLink, Link, Problem, ProblemCode};

/// The moment at which tests begin.
pub(crate) const START: &str = "2026-11-24T12:00:00Z";

pub(crate) struct Fixture {
    pub(crate) table: Arc<MemoryTable>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) service: Arc<Service>,
    pub(crate) session: Session,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let table = Arc::new(MemoryTable::new());
        let shared: Arc<dyn Table> = table.clone();
        let (service, clock) = service_on(shared);
        Self { session: Session::new(service.clone(), Caller::direct("ana")), table, clock, service }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn create(&self, request: CreateLink) -> Link {
        self.session.create(&request, &WriteOptions::default()).await.unwrap().0
    }

    pub(crate) async fn refused(&self, request: CreateLink) -> Problem {
        self.session.create(&request, &WriteOptions::default()).await.unwrap_err()
    }
}

/// A service with a clock of its own over any table.
pub(crate) fn service_on(table: Arc<dyn Table>) -> (Arc<Service>, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at(START.parse::<Timestamp>().unwrap()));
    let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
    (Arc::new(Service::new(table, settings).with_clock(clock.clone())), clock)
}

pub(crate) fn to(target: &str) -> CreateLink {
    CreateLink { target: target.to_owned(), ..CreateLink::default() }
}

pub(crate) fn coded(code: &str, target: &str) -> CreateLink {
    CreateLink { code: Some(code.to_owned()), ..to(target) }
}

pub(crate) fn link(code: &str) -> LinkRef {
    LinkRef { domain: Domain::default_domain(), code: ShortCode::parse(code).unwrap() }
}

pub(crate) fn keyed(key: &str) -> WriteOptions {
    WriteOptions { idempotency_key: Some(key.to_owned()), ..WriteOptions::default() }
}

pub(crate) fn violations(problem: &Problem) -> Vec<(&str, &str)> {
    assert_eq!(problem.code, ProblemCode::Invalid, "{problem:?}");
    problem.errors.iter().map(|e| (e.pointer.as_str(), e.code.as_str())).collect()
}

/// How a [`ScriptedTable`] answers reads of single items.
#[derive(Debug, Clone)]
pub(crate) enum Reads {
    /// As the table is.
    Right,
    /// Strong reads are throttled, and eventual ones see this.
    Stale(Option<Item>),
    /// The file is damaged.
    Corrupt,
    /// Never.
    Hang,
}

pub(crate) type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A table in memory with a script for its reads, and for what happens while the reply of a change is lost.
pub(crate) struct ScriptedTable {
    pub(crate) inner: Arc<MemoryTable>,
    reads: Mutex<Reads>,
    adds: Mutex<Reads>,
    meanwhile: Mutex<Option<Meanwhile>>,
    before: Mutex<VecDeque<Meanwhile>>,
    loses_replies: AtomicBool,
}

impl fmt::Debug for ScriptedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedTable").field("reads", &self.reads).finish_non_exhaustive()
    }
}

impl ScriptedTable {
    pub(crate) fn over(inner: &Arc<MemoryTable>) -> Arc<Self> {
        Arc::new(Self {
            inner: inner.clone(),
            reads: Mutex::new(Reads::Right),
            adds: Mutex::new(Reads::Right),
            meanwhile: Mutex::new(None),
            before: Mutex::default(),
            loses_replies: AtomicBool::new(false),
        })
    }

    pub(crate) fn read_as(&self, reads: Reads) {
        *self.reads.lock().unwrap() = reads;
    }

    /// Additions are answered as reads would be: rightly, with a damaged file, or never.
    pub(crate) fn add_as(&self, adds: Reads) {
        *self.adds.lock().unwrap() = adds;
    }

    /// From now on every write is applied and its reply is lost.
    pub(crate) fn lose_every_reply(&self) {
        self.loses_replies.store(true, Ordering::Relaxed);
    }

    /// These happen before the next transactions, one before each; only then may the reply of one be lost.
    pub(crate) fn overtake(&self, before: impl IntoIterator<Item = Meanwhile>) {
        self.before.lock().unwrap().extend(before);
    }

    /// The next transaction is applied, then `meanwhile` happens, and then its reply is lost.
    pub(crate) fn lose_reply(&self, meanwhile: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::pin(meanwhile));
    }
}

#[async_trait]
impl Table for ScriptedTable {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        // Others run in between, as they do while a request is on its way.
        tokio::task::yield_now().await;
        let reads = self.reads.lock().unwrap().clone();
        match reads {
            Reads::Right => {
                let found = self.inner.get(key, consistency).await;
                tokio::task::yield_now().await;
                found
            }
            Reads::Stale(_) if consistency == Consistency::Strong => Err(TableError::Throttled),
            Reads::Stale(seen) => Ok(seen),
            Reads::Corrupt => Err(TableError::Corrupt("page 7".to_owned())),
            Reads::Hang => std::future::pending().await,
        }
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        if writes.len() > 1 {
            let before = self.before.lock().unwrap().pop_front();
            if let Some(before) = before {
                before.await;
                return self.inner.write(writes).await;
            }
        }
        let meanwhile = if writes.len() > 1 { self.meanwhile.lock().unwrap().take() } else { None };
        self.inner.write(writes).await?;
        match meanwhile {
            Some(meanwhile) => meanwhile.await,
            None if self.loses_replies.load(Ordering::Relaxed) => {}
            None => return Ok(()),
        }
        Err(TableError::OutcomeUnknown("the reply was lost".into()))
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.inner.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.inner.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.inner.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let adds = self.adds.lock().unwrap().clone();
        match adds {
            Reads::Right => self.inner.add(key, attribute, n, ceiling).await,
            Reads::Stale(_) => Err(TableError::Throttled),
            Reads::Corrupt => Err(TableError::Corrupt("page 7".to_owned())),
            Reads::Hang => std::future::pending().await,
        }
    }
}

impl ChangeFeed for ScriptedTable {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        self.inner.changes_since(since)
    }
}
