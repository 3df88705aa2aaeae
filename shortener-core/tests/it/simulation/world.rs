//! One history: a table that fails, processes on it, and clients that send them requests, all in virtual time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::fault::{FaultTable, Seeded};
use shortener_core::table::{Write, is_purgeable};
use shortener_core::wire::{CreateLink, Patch, SetDomain};

use super::super::fixture::START;
use super::history::{Answer, Asked, Log, OP, Op, OpId};
use super::journal::{Journal, Time};
use super::process::{Fates, Process};
use super::swarm::Swarm;

/// After this time whoever asked is told nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How often the collector looks.
const COLLECT_EVERY: Duration = Duration::from_hours(2);

#[derive(Debug)]
pub(super) struct World {
    pub(super) swarm: Swarm,
    pub(super) time: Arc<Time>,
    pub(super) log: Arc<Log>,
    pub(super) table: Arc<FaultTable<Journal>>,
    fates: Arc<Fates>,
    /// The processes at work; others were killed.
    slots: Mutex<Vec<Arc<Process>>>,
    pub(super) started: Mutex<Vec<Arc<Process>>>,
    rng: Mutex<Rng>,
    /// Codes that clients know of.
    pub(super) known: Mutex<Vec<ShortCode>>,
    /// Files that were imported, in whole or in part.
    pub(super) imports: Mutex<Vec<Vec<CreateLink>>>,
    markers: AtomicUsize,
    quiet: AtomicBool,
}

impl World {
    /// Runs the history of a seed. Needs a runtime of its own whose time is paused.
    pub(super) async fn run(seed: u64) -> Arc<Self> {
        let world = Arc::new(Self::new(seed));
        world.prepare().await;
        world.fates.begin();
        let clients: Vec<_> = (0..world.swarm.clients)
            .map(|client| {
                let rng = world.fork();
                tokio::spawn(world.clone().client(client, rng))
            })
            .collect();
        let collector = world.swarm.collects.map(|lag| tokio::spawn(world.clone().collect(lag)));
        for client in clients {
            client.await.unwrap();
        }
        collector.iter().for_each(tokio::task::JoinHandle::abort);
        world.fates.heal();
        // What was sent and not yet applied, is by then.
        tokio::time::sleep(PATIENCE).await;
        world.quiet.store(true, Ordering::Relaxed);
        world.clone().settle().await;
        world
    }

    fn new(seed: u64) -> Self {
        let swarm = Swarm::draw(seed);
        let mut rng = Rng::with_seed(!seed);
        let (time, log) = (Arc::new(Time::starting_now()), Arc::new(Log::default()));
        let journal = Arc::new(Journal::new(time.clone()));
        let fates =
            Arc::new(Fates::new(Seeded::new(rng.u64(..), swarm.odds), swarm.outage.clone(), time.clone(), log.clone()));
        let table = Arc::new(FaultTable::new(journal, fates.clone()));
        let code = |at| ShortCode::parse(&format!("c{at}")).unwrap();
        Self {
            known: Mutex::new((0..swarm.codes).map(code).collect()),
            rng: Mutex::new(rng),
            slots: Mutex::default(),
            started: Mutex::default(),
            imports: Mutex::default(),
            markers: AtomicUsize::new(0),
            quiet: AtomicBool::new(false),
            swarm,
            time,
            log,
            table,
            fates,
        }
    }

    async fn prepare(self: &Arc<Self>) {
        let first = self.start_process();
        if self.swarm.prepared {
            first.service.prepare_changes().await.unwrap();
        }
        if let Some(edge) = self.swarm.edge {
            let session = Session::new(first.service.clone(), Caller::direct("operator"));
            let change = SetDomain { edge: Patch::Set(edge), ..SetDomain::default() };
            session.set_domain(&Domain::default_domain(), &change, &WriteOptions::default()).await.unwrap();
        }
        let more = (1..self.swarm.processes).map(|_| self.start_process());
        let slots = std::iter::once(first).chain(more).collect();
        *self.slots.lock().unwrap() = slots;
    }

    fn start_process(&self) -> Arc<Process> {
        let (seed, skew_ms) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.u64(..), rng.i64(-self.swarm.skew_ms..=self.swarm.skew_ms))
        };
        let mut started = self.started.lock().unwrap();
        let now = self.now() + SignedDuration::from_millis(skew_ms);
        let process = Process::start(started.len(), seed, now, &self.table, &self.log, self.swarm.follows);
        started.push(Arc::new(process));
        started[started.len() - 1].clone()
    }

    pub(super) fn fork(&self) -> Rng {
        self.rng.lock().unwrap().fork()
    }

    /// The moment it really is.
    pub(super) fn now(&self) -> Timestamp {
        START.parse::<Timestamp>().unwrap() + self.time.elapsed()
    }

    /// A number that nothing else in the history has.
    pub(super) fn marker(&self) -> usize {
        self.markers.fetch_add(1, Ordering::Relaxed)
    }

    /// The store's collector: it removes items some time after their end, or never.
    async fn collect(self: Arc<Self>, lag: Duration) {
        loop {
            tokio::time::sleep(COLLECT_EVERY).await;
            let now = self.now() - lag;
            for (key, item) in self.table.inner().items() {
                if is_purgeable(&item, now) {
                    self.table.change_unasked(&[Write::delete(key)]).await.unwrap();
                }
            }
        }
    }

    /// A process for an operation; now and then it is killed first, or its clock jumps.
    fn process(&self, rng: &mut Rng) -> Arc<Process> {
        let slot = rng.usize(..self.swarm.processes);
        let (kills, jumps) = if self.is_quiet() { (0, 0) } else { (self.swarm.kills, self.swarm.jumps) };
        let process = self.slots.lock().unwrap()[slot].clone();
        if rng.u32(..1000) < jumps {
            process.clock.jump(SignedDuration::from_millis(rng.i64(-40_000..40_000)));
        }
        if rng.u32(..1000) >= kills {
            return process;
        }
        process.kill();
        let process = self.start_process();
        self.slots.lock().unwrap()[slot] = process.clone();
        process
    }

    fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }

    /// Sends one request once, and notes it.
    pub(super) async fn attempt(&self, rng: &mut Rng, draft: Draft) -> (OpId, Answer) {
        let process = self.process(rng);
        let (id, op, mark) = self.begin(draft, &process);
        let worker = process.clone();
        let work = async move { tokio::time::timeout(PATIENCE, worker.answer(&op)).await };
        let task = tokio::spawn(OP.scope(id, work));
        process.running.lock().unwrap().push(task.abort_handle());
        let answer = match task.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_too_late)) => Answer::Lost,
            Err(ended) => {
                assert!(ended.is_cancelled(), "{ended}");
                Answer::Lost
            }
        };
        let mut notes = self.log.notes();
        let op = &mut notes.ops[id];
        op.answer = answer.clone();
        op.ended = self.time.tick();
        op.done = self.time.elapsed();
        op.clock = process.shown_since(mark);
        (id, answer)
    }

    fn begin(&self, draft: Draft, process: &Process) -> (OpId, Op, (usize, Timestamp)) {
        let mark = process.mark();
        let mut notes = self.log.notes();
        let id = notes.ops.len();
        // The same request under the same key is the same operation, also if nobody meant that.
        let twin = |op: &&Op| {
            draft.key.is_some() && (&op.key, op.client) == (&draft.key, draft.client) && op.asks_as(&draft.asked)
        };
        let first = notes.ops.iter().find(twin).map(|op| op.first).or(draft.first);
        let op = Op {
            first: first.unwrap_or(id),
            asked: draft.asked,
            key: draft.key,
            dry: draft.dry,
            client: draft.client,
            process: process.number,
            invoked: self.time.tick(),
            began: self.time.elapsed(),
            ended: u64::MAX,
            done: Duration::MAX,
            clock: process.shown_since(mark),
            answer: Answer::Lost,
            calls: 0,
            troubles: 0,
            stale: false,
            quiet: self.is_quiet(),
        };
        notes.ops.push(op.clone());
        (id, op, mark)
    }
}

/// A request that is about to be sent.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) asked: Arc<Asked>,
    pub(super) first: Option<OpId>,
    pub(super) key: Option<String>,
    pub(super) dry: bool,
    pub(super) client: usize,
}
