//! Clients that repeat what they are told to, over a wire that fails by chance: in the end everything is done once.

use std::time::Duration;

use shortener_core::operations::Operations;
use shortener_core::proof::number;
use shortener_core::service::Session;
use shortener_core::wire::{Link, LinkState, Patch, Problem, UpdateLink};
use tokio::task::JoinSet;

use super::service::{LIMITS, World};
use crate::fixture::{coded, keyed, link};

/// Changes of a link that one client makes.
const CHANGES: u64 = 6;

/// Repetitions of a change until it must be done: of ten requests three fail.
const PATIENCE: u32 = 60;

/// One request of a client.
#[derive(Debug, Clone, Copy)]
enum Step {
    Create,
    Edit(u64),
    Delete,
}

impl Step {
    async fn make(self, session: &Session, code: &str) -> Result<Link, Problem> {
        let options = keyed(&format!("{code} {self:?}"));
        match self {
            Self::Create => session.create(&coded(code, "https://example.com/"), &options).await.map(|(link, _)| link),
            Self::Edit(number) => {
                let title = Patch::Set(format!("title {number}"));
                session.update(&link(code), &UpdateLink { title, ..UpdateLink::default() }, &options).await
            }
            Self::Delete => session.delete(&link(code), &options).await,
        }
    }
}

/// Makes a change until it is acknowledged, under one key; counts the repetitions.
async fn until_done(step: Step, world: &World, code: &str, repetitions: &mut u64) -> Result<Link, String> {
    for _ in 0..PATIENCE {
        match step.make(&world.session, code).await {
            Ok(done) => return Ok(done),
            Err(problem) if problem.retryable => *repetitions += 1,
            Err(problem) => return Err(format!("{code} {step:?}: {problem:?}")),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("{code} {step:?} is never done"))
}

/// A create, some edits and a delete; says what is wrong with what is there then.
async fn live(world: &World, code: &str, repetitions: &mut u64) -> Result<(), String> {
    let edits = (1..=CHANGES).map(Step::Edit);
    for (step, version) in [Step::Create].into_iter().chain(edits).chain([Step::Delete]).zip(1..) {
        let done = until_done(step, world, code, repetitions).await?;
        if done.version != version {
            return Err(format!("{code} {step:?} is version {}", done.version));
        }
    }
    let (found, history) = (world.healthy.get(&link(code)).await, world.healthy.history(&link(code), 50, None).await);
    let (found, events) = (found.map_err(|lost| lost.to_string())?, history.map_err(|lost| lost.to_string())?.events);
    let is_right = found.version == CHANGES + 2 && found.state == LinkState::Deleted;
    if is_right && u64::try_from(events.len()).unwrap() == found.version {
        return Ok(());
    }
    Err(format!("{code}: {found:?}, {} events", events.len()))
}

/// One world of some clients; the figures are failed requests and repetitions.
async fn run(seed: u64) -> (u64, u64, Vec<String>) {
    let world = World::with(LIMITS).await;
    world.rig.network.fail_by_chance(30, seed);
    let (mut repetitions, mut findings) = (0, Vec::new());
    for number in 0..2 {
        let lived = live(&world, &format!("c{number}"), &mut repetitions).await;
        findings.extend(lived.err().map(|finding| format!("seed {seed}: {finding}")));
    }
    (world.rig.network.seen().failed, repetitions, findings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "the figures are what a proof is for")]
async fn whatever_the_wire_does_by_chance_each_change_is_made_once() {
    let (first, runs) = (number("PROOF_WIRE_SEED").unwrap_or(1), number("PROOF_WIRE_RUNS").unwrap_or(12));
    let (mut running, mut seeds) = (JoinSet::new(), first..first + runs);
    for seed in seeds.by_ref().take(24) {
        running.spawn(run(seed));
    }
    let (mut failed, mut repetitions, mut findings) = (0, 0, Vec::new());
    while let Some(done) = running.join_next().await {
        let (requests, again, found) = done.unwrap();
        failed += requests;
        repetitions += again;
        findings.extend(found);
        if let Some(seed) = seeds.next() {
            running.spawn(run(seed));
        }
    }
    let changes = runs * 2 * (CHANGES + 2);
    println!(
        "wire by chance: {changes} changes, {failed} failed requests, {repetitions} repetitions, {} findings",
        findings.len()
    );
    assert!(findings.is_empty(), "{findings:#?}");
}
