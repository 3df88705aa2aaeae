//! The service over a table whose wire fails: each request of an operation in turn, and all from one on.

use std::sync::Arc;
use std::time::Duration;

use shortener_core::link::ShortCode;
use shortener_core::operations::Operations;
use shortener_core::redirect::{Click, Resolution, Resolver, Visitor};
use shortener_core::service::{Caller, Session};
use shortener_core::table::Table;
use shortener_core::table::dynamo::Limits;
use shortener_core::wire::{Link, LinkState, Problem, ProblemCode, UpdateLink};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::faults::WireFault;
use super::network::Failing;
use super::table::Rig;
use crate::fixture::{coded, keyed, link, service_on};

/// As functions use it, with less patience.
pub(super) const LIMITS: Limits = Limits {
    operation: Duration::from_secs(1),
    attempt: Duration::from_millis(350),
    connect: Duration::from_millis(250),
    attempts: 3,
    hedge: None,
};

/// How long a click takes at most, on a machine that has other things to do.
const A_CLICK: Duration = Duration::from_millis(1_400);

/// Requests of an operation that are tried one by one; none makes more.
const MOST: u64 = 6;

/// An operation of the service, with the link that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
    Delete,
}

impl Operation {
    async fn make(self, session: &Session, key: &str) -> Result<Link, Problem> {
        let options = keyed(key);
        match self {
            Self::Create => session.create(&coded("new", "https://example.com/"), &options).await.map(|(link, _)| link),
            Self::Update => {
                let target = Some("https://example.com/other".to_owned());
                session.update(&link("a"), &UpdateLink { target, ..UpdateLink::default() }, &options).await
            }
            Self::Delete => session.delete(&link("a"), &options).await,
        }
    }

    /// How often it has had its effect, as a healthy reader sees it.
    async fn effects(self, healthy: &Session) -> u64 {
        if self == Self::Create {
            return u64::from(healthy.get(&link("new")).await.is_ok());
        }
        let found = healthy.get(&link("a")).await.unwrap();
        let events = healthy.history(&link("a"), 50, None).await.unwrap().events.len();
        assert_eq!(u64::try_from(events).unwrap(), found.version, "an event for each version");
        let is_done = found.target.as_str().ends_with("/other") || found.state == LinkState::Deleted;
        assert_eq!(is_done, found.version > 1);
        found.version - 1
    }
}

/// A link, and the service over a wire and beside it.
pub(super) struct World {
    pub(super) rig: Rig,
    pub(super) session: Session,
    pub(super) healthy: Session,
    resolver: Resolver,
}

static BUILDING: Semaphore = Semaphore::const_new(1);

impl World {
    pub(super) async fn with(limits: Limits) -> Self {
        let _slot = BUILDING.acquire().await.unwrap();
        let rig = Rig::with(limits).await;
        let (direct, wired): (Arc<dyn Table>, Arc<dyn Table>) =
            (Arc::new(rig.engine.table("short")), Arc::new(rig.table.clone()));
        let healthy = Session::new(service_on(direct).0, Caller::direct("ana"));
        healthy.create(&coded("a", "https://example.com/"), &keyed("first")).await.unwrap();
        let service = service_on(wired).0;
        let resolver = Resolver::new(service.clone(), None);
        Self { rig, session: Session::new(service, Caller::direct("ana")), healthy, resolver }
    }

    async fn click(&self, code: &str) -> Resolution {
        let (code, visitor) = (ShortCode::parse(code).unwrap(), Visitor::Agent(""));
        self.resolver.answer(&Click { host: "s.example", code: &code, visitor, deadline: None }).await.resolution
    }
}

/// Runs an operation whose requests fail, and says what is wrong.
async fn changed(operation: Operation, failing: Failing) -> (u64, Vec<String>) {
    let world = World::with(LIMITS).await;
    world.rig.network.fail(failing).await;
    let begun = Instant::now();
    let ended = operation.make(&world.session, "once").await;
    let took = begun.elapsed();
    let failed = world.rig.network.seen().failed;
    world.rig.network.heal().await;
    let effects = operation.effects(&world.healthy).await;
    let mut findings = Vec::new();
    match &ended {
        Ok(_) if effects == 1 => {}
        Ok(_) => findings.push(format!("acknowledged, and {effects} effects")),
        Err(problem) => findings.extend(refused(problem, failing.fault, effects)),
    }
    // Its writes are sent up to four times, and there are some reads before.
    if took > LIMITS.operation * 8 {
        findings.push(format!("it took {took:?}"));
    }
    if let Err(problem) = &ended
        && problem.retryable
    {
        let again = operation.make(&world.session, "once").await;
        let effects = operation.effects(&world.healthy).await;
        if again.is_err() || effects != 1 {
            findings.push(format!("repeated, it ended with {again:?} and {effects} effects"));
        }
    }
    let named = |what| format!("{operation:?} {failing:?} ended with {ended:?}: {what}");
    (failed, findings.into_iter().map(named).collect())
}

fn refused(problem: &Problem, fault: WireFault, effects: u64) -> Option<String> {
    let about_credentials = matches!(fault, WireFault::Expired | WireFault::Skewed);
    match problem.code {
        ProblemCode::OutcomeUnknown if fault.leaves_doubt() || fault == WireFault::Refused => None,
        ProblemCode::OutcomeUnknown => Some("nothing was left in doubt".to_owned()),
        ProblemCode::Unavailable if effects == 0 => None,
        ProblemCode::Forbidden if about_credentials && effects == 0 => None,
        _ => Some(format!("a false answer, with {effects} effects")),
    }
}

/// Every fault at one of the first requests, and without end.
fn failings() -> impl Iterator<Item = Failing> {
    let soft = WireFault::ALL.into_iter().filter(|fault| !fault.is_harmless());
    soft.flat_map(|fault| {
        let once = (0..MOST).map(move |after| Failing { fault, after, times: 1 });
        let forever = [0, 3].map(|after| Failing { fault, after, times: u64::MAX });
        once.chain(forever).filter(move |failing| fault != WireFault::Refused || failing.after == 0)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are what a proof is for")]
async fn a_change_over_a_wire_that_fails_is_done_once_or_not_and_says_which() {
    let (slots, mut running) = (Arc::new(Semaphore::new(24)), JoinSet::new());
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        for failing in failings() {
            let slots = slots.clone();
            running.spawn(async move {
                let _slot = slots.acquire_owned().await.unwrap();
                changed(operation, failing).await
            });
        }
    }
    let (mut runs, mut failed, mut findings) = (0, 0, Vec::new());
    while let Some(done) = running.join_next().await {
        let (requests, found) = done.unwrap();
        runs += 1;
        failed += requests;
        findings.extend(found);
    }
    println!("changes over the wire: {runs} runs, {failed} requests failed, {} findings", findings.len());
    assert!(findings.is_empty(), "{} findings: {findings:#?}", findings.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are what a proof is for")]
async fn a_click_over_a_wire_that_fails_is_answered_within_a_second_and_never_with_404() {
    let mut running = JoinSet::new();
    for fault in WireFault::ALL {
        for (times, is_warm) in [(1, false), (u64::MAX, false), (u64::MAX, true)] {
            running.spawn(clicked(Failing { fault, after: 0, times }, is_warm));
        }
    }
    let (mut runs, mut most, mut slowest, mut findings) = (0, 0, Duration::ZERO, Vec::new());
    while let Some(done) = running.join_next().await {
        let (requests, took, found) = done.unwrap();
        runs += 1;
        most = most.max(requests);
        slowest = slowest.max(took);
        findings.extend(found);
    }
    println!("clicks over the wire: {runs} runs, at most {most} requests and {slowest:?}, {} findings", findings.len());
    assert!(findings.is_empty(), "{} findings: {findings:#?}", findings.len());
}

/// A click as a function answers it.
async fn clicked(failing: Failing, is_warm: bool) -> (u64, Duration, Vec<String>) {
    let world = World::with(Limits::REDIRECT).await;
    if is_warm {
        while !matches!(world.click("a").await, Resolution::Redirect(_)) {}
    }
    world.rig.network.fail(failing).await;
    let begun = Instant::now();
    let answer = world.click("a").await;
    let (took, requests) = (begun.elapsed(), world.rig.network.seen().requests);
    let mut findings = Vec::new();
    let is_right = match answer {
        Resolution::Redirect(_) => true,
        Resolution::Unavailable => !is_warm && !failing.fault.is_harmless(),
        Resolution::NotFound { .. } | Resolution::Gone { .. } => false,
    };
    if !is_right {
        findings.push(format!("{failing:?}, warm {is_warm}: {answer:?}"));
    }
    if took > A_CLICK {
        findings.push(format!("{failing:?}: it took {took:?}"));
    }
    // The domains, a strong and an eventual read: each at most sent twice, and once more beside.
    if requests > 9 {
        findings.push(format!("{failing:?}: {requests} requests"));
    }
    world.rig.network.heal().await;
    let begun = Instant::now();
    while !matches!(world.click("a").await, Resolution::Redirect(_)) {
        assert!(begun.elapsed() < Duration::from_secs(8), "{failing:?}: it does not recover");
    }
    (requests, took, findings)
}
