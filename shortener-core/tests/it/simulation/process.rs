//! Processes: services on one table, each with its own clock, caches and randomness.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shortener_core::clock::{Clock, VirtualClock};
use shortener_core::link::{BaseUrl, CodeGenerator, Domain, ShortCode};
use shortener_core::operations::{LinkRef, Mode, Operations, WriteOptions};
use shortener_core::redirect::{Click, Resolver, Visitor};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::fault::{Call, Fate, Fault, FaultTable, Faults, Seeded};
use shortener_core::table::{Action, Added, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write};
use shortener_core::wire::LinkFilter;
use tokio::task::AbortHandle;

use super::history::{Answer, Asked, Change, Log, Op, Shown};
use super::journal::{Journal, Time};

/// Days for which codes stay retired: one, so that histories see its end.
pub(super) const RETENTION_DAYS: u16 = 1;

/// Faults by chance from [`Fates::begin`] on, and a note of each call.
#[derive(Debug)]
pub(super) struct Fates {
    seeded: Seeded,
    outage: Range<Duration>,
    begun: std::sync::atomic::AtomicBool,
    time: Arc<Time>,
    log: Arc<Log>,
}

impl Fates {
    pub(super) fn new(seeded: Seeded, outage: Range<Duration>, time: Arc<Time>, log: Arc<Log>) -> Self {
        Self { seeded, outage, begun: false.into(), time, log }
    }

    pub(super) fn begin(&self) {
        self.begun.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    pub(super) fn heal(&self) {
        self.begun.store(false, std::sync::atomic::Ordering::Relaxed);
        self.seeded.heal();
    }
}

impl Faults for Fates {
    fn fate(&self, call: &Call) -> Fate {
        let begun = self.begun.load(std::sync::atomic::Ordering::Relaxed);
        let fate = match begun {
            true if self.outage.contains(&self.time.elapsed()) => {
                Fate { fault: Some(Fault::Throttle), ..Fate::default() }
            }
            true => self.seeded.fate(call),
            false => Fate::default(),
        };
        self.log.note_call(self.time.elapsed(), call, fate);
        fate
    }
}

/// The table as a process has it: it notes by which tokens an operation's writes are known.
#[derive(Debug)]
struct Observed {
    table: Arc<FaultTable<Journal>>,
    log: Arc<Log>,
}

impl Observed {
    fn note(&self, item: &Item) {
        // A changed link names its create as well, which is not what is sent.
        if let Some(token) = item.text("change_id").or_else(|| item.text("create_token")) {
            self.log.note_token(token);
        }
    }
}

#[async_trait]
impl Table for Observed {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.table.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        // The first write is the link; its event would name the change again.
        if let Some(Action::Put(item)) = writes.first().map(|write| &write.action) {
            self.note(item);
        }
        self.table.write(writes).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        for item in items {
            self.note(item);
        }
        self.table.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.table.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.table.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.table.add(key, attribute, n, ceiling).await
    }
}

/// A process's clock, with all that it showed around its jumps.
#[derive(Debug)]
pub(super) struct ProcessClock {
    clock: VirtualClock,
    around_jumps: Mutex<Vec<Timestamp>>,
}

impl ProcessClock {
    pub(super) fn jump(&self, by: SignedDuration) {
        let mut around = self.around_jumps.lock().unwrap();
        around.push(self.clock.now());
        self.clock.jump(by);
        around.push(self.clock.now());
    }

    pub(super) fn has_jumped(&self) -> bool {
        !self.around_jumps.lock().unwrap().is_empty()
    }

    /// A mark for [`Self::shown_since`].
    fn mark(&self) -> (usize, Timestamp) {
        (self.around_jumps.lock().unwrap().len(), self.clock.now())
    }

    fn shown_since(&self, (jumps, then): (usize, Timestamp)) -> Shown {
        let around = self.around_jumps.lock().unwrap();
        let all = || around[jumps..].iter().copied().chain([then, self.clock.now()]);
        Shown { from: all().min().unwrap(), to: all().max().unwrap() }
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Randomness from the seed.
#[derive(Debug)]
struct SeededCodes(Mutex<fastrand::Rng>);

impl CodeGenerator for SeededCodes {
    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.lock().unwrap().fill(&mut bytes);
        bytes
    }
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) number: usize,
    pub(super) clock: Arc<ProcessClock>,
    pub(super) service: Arc<Service>,
    resolver: Arc<Resolver>,
    follows: Option<AbortHandle>,
    pub(super) running: Mutex<Vec<AbortHandle>>,
}

impl Process {
    /// Starts one whose clock shows `now`.
    pub(super) fn start(
        number: usize,
        seed: u64,
        now: Timestamp,
        table: &Arc<FaultTable<Journal>>,
        log: &Arc<Log>,
        follows: bool,
    ) -> Self {
        let clock = Arc::new(ProcessClock { clock: VirtualClock::at(now), around_jumps: Mutex::default() });
        let settings =
            Settings { retention_days: RETENTION_DAYS, ..Settings::new(BaseUrl::parse("https://s.example").unwrap()) };
        let observed = Arc::new(Observed { table: table.clone(), log: log.clone() });
        let codes = Arc::new(SeededCodes(Mutex::new(fastrand::Rng::with_seed(seed))));
        let service = Service::new(observed, settings).with_clock(clock.clone()).with_codes(codes);
        let service = Arc::new(service);
        let resolver = Arc::new(Resolver::new(service.clone(), follows.then(|| table.clone() as _)));
        let follows = follows.then(|| tokio::spawn(resolver.clone().follow_changes()).abort_handle());
        Self { number, clock, service, resolver, follows, running: Mutex::default() }
    }

    pub(super) fn kill(&self) {
        self.follows.iter().for_each(AbortHandle::abort);
        self.running.lock().unwrap().drain(..).for_each(|task| task.abort());
    }

    pub(super) fn mark(&self) -> (usize, Timestamp) {
        self.clock.mark()
    }

    pub(super) fn shown_since(&self, mark: (usize, Timestamp)) -> Shown {
        self.clock.shown_since(mark)
    }

    /// Does what an operation asks for.
    pub(super) async fn answer(&self, op: &Op) -> Answer {
        let session = Session::new(self.service.clone(), Caller::direct(&format!("client-{}", op.client)));
        let mode = if op.dry { Mode::DryRun } else { Mode::Apply };
        let mut options = WriteOptions { idempotency_key: op.key.clone(), mode, if_match: None };
        let answer = match &*op.asked {
            Asked::Create(request) => {
                session.create(request, &options).await.map(|(link, created)| Answer::Created(link.into(), created))
            }
            Asked::Change { code, change, if_match } => {
                options.if_match = *if_match;
                let link = link(code);
                let changed = match change {
                    Change::Update(update) => session.update(&link, update, &options).await,
                    Change::Delete => session.delete(&link, &options).await,
                    Change::Restore => session.restore(&link, &options).await,
                };
                changed.map(|link| Answer::Link(link.into()))
            }
            Asked::Import(rows) => session.create_batch(rows, &options).await.map(Answer::Rows),
            Asked::Get(code) => session.get(&link(code)).await.map(|link| Answer::Link(link.into())),
            Asked::History(code) => session.history(&link(code), 100, None).await.map(|h| Answer::History(h.into())),
            Asked::List(tag) => {
                let filter = LinkFilter { tag: tag.clone(), ..LinkFilter::default() };
                session.list(&filter).await.map(|page| Answer::Links(page.links, page.next_cursor.is_none()))
            }
            Asked::Click { code, ahead } => {
                let visitor = if *ahead { Visitor::Ahead } else { Visitor::Agent("curl/8") };
                let click = Click { host: "s.example", code, visitor, deadline: None };
                Ok(Answer::Resolved(self.resolver.answer(&click).await.resolution))
            }
        };
        if matches!(&*op.asked, Asked::Create(_) | Asked::Change { .. } | Asked::Import(_)) {
            // As the API does before it answers a change.
            self.resolver.catch_up();
        }
        answer.unwrap_or_else(|problem| Answer::Refused(problem.into()))
    }
}

pub(super) fn link(code: &ShortCode) -> LinkRef {
    LinkRef { domain: Domain::default_domain(), code: code.clone() }
}
