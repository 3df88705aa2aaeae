//! Every primitive under every fault: the outcome is typed and true, the time is kept, and little is sent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use shortener_core::table::dynamo::in_process::{Fault, InProcess};
use shortener_core::table::dynamo::{DynamoTable, Limits};
use shortener_core::table::{Item, Table, TableError, Write};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::calls::{Call, there};
use super::faults::WireFault;
use super::network::{Failing, Network, Seen};
use crate::dynamo::client;

/// Short, so that what never ends is seen to end.
const LIMITS: Limits = Limits {
    operation: Duration::from_millis(1_500),
    attempt: Duration::from_millis(400),
    connect: Duration::from_millis(300),
    attempts: 3,
    hedge: None,
};

/// For a machine that has other things to do.
const SLACK: Duration = Duration::from_millis(700);

/// Cases at the same time.
const AT_ONCE: usize = 24;

static BUILDING: Semaphore = Semaphore::const_new(1);

/// A table behind a network, with one item in it.
pub(super) struct Rig {
    pub(super) engine: InProcess,
    pub(super) network: Network,
    pub(super) table: DynamoTable,
}

impl Rig {
    pub(super) async fn with(limits: Limits) -> Self {
        let (engine, _) = InProcess::with_table("short").await.unwrap();
        let network = Network::before(&engine).await;
        let table = DynamoTable::from_client(&client(&network.url(), limits), "short").within(limits);
        Self { engine, network, table }
    }

    async fn with_an_item(limits: Limits) -> Self {
        // One at a time: it is work, where all else is waiting.
        let _slot = BUILDING.acquire().await.unwrap();
        let rig = Self::with(limits).await;
        rig.reset().await;
        rig
    }

    /// One item, and a connection to be broken.
    async fn reset(&self) {
        let direct = self.engine.table("short");
        for item in self.items() {
            direct.write(&[Write::delete(item.key)]).await.unwrap();
        }
        direct.write(&[Write::put(there())]).await.unwrap();
        while Call::StrongGet.make(&self.table).await.is_err() {}
    }

    fn items(&self) -> Vec<Item> {
        let mut items = self.engine.dump("short").unwrap();
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items
    }
}

/// One call under one fault.
#[derive(Debug, Clone, Copy)]
struct Case {
    call: Call,
    fault: WireFault,
    times: u64,
}

impl Case {
    /// Every call under every fault, once and without end, in lanes that share a rig.
    fn lanes() -> Vec<Vec<Self>> {
        let lane = |fault, calls: &[Call]| {
            let both = |call: &Call| [1, u64::MAX].map(|times| Self { call: *call, fault, times });
            calls.iter().flat_map(both).collect()
        };
        WireFault::ALL.into_iter().flat_map(|fault| Call::ALL.chunks(2).map(move |calls| lane(fault, calls))).collect()
    }

    /// Runs it, and says what is wrong.
    async fn run(self, rig: &Rig) -> (Seen, Vec<String>) {
        rig.reset().await;
        rig.network.fail(Failing { fault: self.fault, after: 0, times: self.times }).await;
        let begun = Instant::now();
        let ended = self.call.make(&rig.table).await;
        let (took, seen) = (begun.elapsed(), rig.network.seen());
        let mut findings = self.judge(rig, &ended, seen);
        let most = self.most_time() + SLACK;
        if took > most {
            findings.push(format!("it took {took:?}, more than {most:?}"));
        }
        rig.network.heal().await;
        findings.extend(self.recover(rig, &ended).await);
        let named = |what| format!("{self:?} ended with {ended:?} after {seen:?}: {what}");
        (seen, findings.into_iter().map(named).collect())
    }

    /// A load begins its last repetition before its time is over.
    fn most_time(self) -> Duration {
        if self.call.is_load() { LIMITS.operation * 2 } else { LIMITS.operation }
    }

    fn judge(self, rig: &Rig, ended: &Result<(), TableError>, seen: Seen) -> Vec<String> {
        let mut findings = Vec::new();
        let (before, after, now) = (vec![there()], self.call.after(), rig.items());
        let is_done = now == after;
        let is_known_by_itself = self.is_own(ended, &now);
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                findings.push(format!("{what}; there is {now:?}"));
            }
        };
        let is_part = self.call.is_load() && now.iter().all(|item| after.contains(item));
        demand(is_done || now == before || is_part, "neither done nor not done");
        match ended {
            Ok(()) => demand(is_done, "acknowledged and not done"),
            Err(TableError::OutcomeUnknown(_)) => {
                demand(self.call.is_change(), "a read has no unknown outcome");
                // A connection that ends as its port closes may have taken a request with it.
                let may_be_lost = seen.doubtful > 0 || self.fault == WireFault::Refused;
                demand(may_be_lost, "nothing was left in doubt");
            }
            Err(TableError::ConditionFailed { .. }) => demand(is_known_by_itself, "a condition failed that holds"),
            Err(error) => {
                demand(is_expected(self.fault, error), "another error");
                demand(now == before || (self.call.is_load() && self.call.is_change()), "refused and done");
            }
        }
        self.count(seen, &mut demand);
        findings
    }

    fn count(self, seen: Seen, demand: &mut impl FnMut(bool, &str)) {
        // Loads repeat by their own patience: at most 20 times each of the items or batches.
        let most = if self.call.is_load() { 63 } else { 3 };
        demand(seen.requests <= most, "too many requests");
        if self.call.is_sent_once() && !self.fault.is_harmless() && self.fault.leaves_doubt() {
            // A connection that was closed before the request could be written to it is no sending.
            demand(seen.requests <= 1 + u64::from(seen.doubtful == 0), "sent again although it may have arrived");
        }
        if self.call == Call::Add {
            // With other credentials it may be sent again, because it was refused.
            let most = if self.fault == WireFault::Expired { 3 } else { 1 };
            demand(seen.requests <= most && seen.applied <= 1, "an addition was sent again");
        }
    }

    /// Whether a condition was failed by the very item that the call has put, or the item that it deleted is gone.
    fn is_own(self, ended: &Result<(), TableError>, now: &[Item]) -> bool {
        let Err(TableError::ConditionFailed { existing, .. }) = ended else { return false };
        self.fault.is_applied() && now == self.call.after() && existing.as_ref().is_none_or(|item| now.contains(item))
    }

    /// After the fault the call works, and nothing is held that costs.
    async fn recover(self, rig: &Rig, ended: &Result<(), TableError>) -> Vec<String> {
        let mut findings = Vec::new();
        let begun = Instant::now();
        // A connection of before may still have to be found out.
        while let Err(error) = rig.table.get(&there().key, shortener_core::table::Consistency::Strong).await {
            if begun.elapsed() > Duration::from_secs(5) {
                findings.push(format!("it does not recover: {error:?}"));
                break;
            }
        }
        if matches!(ended, Err(error) if error.is_retryable()) && rig.items() == [there()] {
            let again = self.call.make(&rig.table).await;
            if again.is_err() || rig.items() != self.call.after() {
                findings.push(format!("repeated, it ended with {again:?}"));
            }
        }
        findings
    }
}

/// What errors a fault may show itself as, where nothing is in doubt.
fn is_expected(fault: WireFault, error: &TableError) -> bool {
    use TableError::{AccessDenied, Conflict, Throttled, Unavailable};
    match fault {
        WireFault::Throttled => matches!(error, Throttled),
        WireFault::Cancelled => matches!(error, Throttled | Conflict),
        WireFault::Expired | WireFault::Skewed => matches!(error, AccessDenied(_)),
        _ => matches!(error, Unavailable(_)),
    }
}

/// Connections that stay open although their client is gone.
async fn left_open(rig: Rig) -> Vec<String> {
    let Rig { network, table, .. } = rig;
    drop(table);
    for _ in 0..1_000 {
        if network.connections() == 0 {
            return Vec::new();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    vec![format!("{} connections are left open", network.connections())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are what a proof is for")]
async fn a_fault_on_the_wire_ends_in_time_with_an_outcome_that_is_true() {
    let (slots, mut running) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for lane in Case::lanes() {
        let slots = slots.clone();
        running.spawn(async move {
            let _slot = slots.acquire_owned().await.unwrap();
            let rig = Rig::with_an_item(LIMITS).await;
            let mut done = Vec::new();
            for case in lane {
                done.push(case.run(&rig).await);
            }
            done.push((Seen::default(), left_open(rig).await));
            done
        });
    }
    let (mut cases, mut requests, mut most, mut findings) = (0, 0, 0, Vec::new());
    while let Some(lane) = running.join_next().await {
        for (seen, found) in lane.unwrap() {
            cases += u64::from(seen.requests > 0);
            requests += seen.requests;
            most = most.max(seen.requests);
            findings.extend(found);
        }
    }
    let findings: BTreeSet<String> = findings.into_iter().collect();
    println!("wire: {cases} cases, {requests} requests, at most {most} of one call, {} findings", findings.len());
    assert!(findings.is_empty(), "{} findings: {findings:#?}", findings.len());
}

#[tokio::test]
async fn parts_that_are_never_processed_end_as_a_throttle() {
    for call in [Call::GetMany, Call::InsertByStatements] {
        let rig = Rig::with_an_item(LIMITS).await;
        rig.engine.inject_share(None, Fault::SomeUnprocessed { percent: 100 }, 100, 7);
        let begun = Instant::now();
        let ended = call.make(&rig.table).await;
        assert!(matches!(ended, Err(TableError::Throttled)), "{call:?}: {ended:?}");
        assert!(begun.elapsed() <= LIMITS.operation + SLACK, "{:?}", begun.elapsed());
        rig.engine.heal();
        call.make(&rig.table).await.unwrap();
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_ends_every_call_as_unavailable() {
    let table = DynamoTable::from_client(&client("http://nowhere.invalid:1", LIMITS), "short").within(LIMITS);
    for call in Call::ALL.into_iter().filter(|call| !call.is_load()) {
        let ended = call.make(&table).await;
        assert!(matches!(ended, Err(TableError::Unavailable(_))), "{call:?}: {ended:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_a_change_in_doubt_and_a_read_unavailable() {
    let rig = Rig::with_an_item(LIMITS).await;
    rig.network.fail(Failing { fault: WireFault::NoJson, after: 0, times: u64::MAX }).await;
    let added = Call::Add.make(&rig.table).await;
    assert!(matches!(added, Err(TableError::OutcomeUnknown(_))), "{added:?}");
    assert_eq!((rig.items(), rig.network.seen().requests), (Call::Add.after(), 1), "it was done, and sent once");
    let read = Call::StrongGet.make(&rig.table).await;
    assert!(matches!(read, Err(TableError::Unavailable(_))), "{read:?}");
}

#[tokio::test]
async fn an_attempt_in_doubt_is_not_forgotten_when_the_next_ones_are_refused() {
    for lost in [WireFault::ResetAfter, WireFault::FailedAfter, WireFault::NoJson, WireFault::SilentAfter] {
        for refused in [WireFault::Throttled, WireFault::Expired, WireFault::Cancelled] {
            for call in [Call::Put, Call::Delete, Call::Transaction] {
                let rig = Rig::with_an_item(LIMITS).await;
                rig.network.fail_in_turn(&[lost, refused]);
                let ended = call.make(&rig.table).await;
                assert!(
                    matches!(ended, Err(TableError::OutcomeUnknown(_))),
                    "{lost:?} {refused:?} {call:?}: {ended:?}"
                );
                assert_eq!(rig.items(), call.after());
            }
        }
    }
}
