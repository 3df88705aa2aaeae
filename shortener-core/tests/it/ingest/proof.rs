//! The proof: with everything that goes wrong on the way, the last pass leaves the truth, and a further one writes nothing.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use shortener_core::ingest::testing::clicks::{Plan, code};
use shortener_core::ingest::{IngestOptions, Reach, RollUp};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::pace::Patience;
use shortener_core::proof::number;
use shortener_core::service::{Caller, Session};
use shortener_core::table::Table;
use shortener_core::wire::{Patch, ProblemCode, UpdateLink};

use super::tables::{Behind, Chaos, CountsWrites};
use super::world::{FIRST, World, hour};

/// Brief, because the pauses are those of the machine.
fn brief() -> Patience {
    let (first, longest) = (Duration::from_millis(1), Duration::from_millis(2));
    Patience { first, longest, repetitions: 12, total: Duration::from_secs(5) }
}

/// One worker: counts what is there, fails now and then, and is perhaps stopped on the way.
async fn work(world: &World, seed: u64, stop_after: i64) -> bool {
    let table = Behind::new(&world.table, Chaos::new(seed, 15, stop_after));
    let shared: Arc<dyn Table> = table.clone();
    let roll_up = if seed.is_multiple_of(4) { RollUp::AtOnce } else { RollUp::Hourly };
    let options = IngestOptions { reach: Reach::Recent, roll_up, patience: brief(), ..IngestOptions::default() };
    let ingest = world.ingest(&shared, options);
    tokio::select! {
        report = ingest.run() => report.is_ok(),
        () = table.between.stopped.notified() => false,
    }
}

/// Links are edited, deleted and restored while their clicks are counted.
async fn edit(world: &World, plan: &Plan, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let session = Session::new(world.service(&world.table), Caller::direct("eve"));
    for number in 0..random.u32(..20) {
        let code = ShortCode::parse(&code(random.u32(..plan.links))).unwrap();
        let link = LinkRef { domain: Domain::default_domain(), code };
        let options = WriteOptions::default();
        let changed = match random.u32(..3) {
            0 => session.delete(&link, &options).await,
            1 => session.restore(&link, &options).await,
            _ => {
                let title = UpdateLink { title: Patch::Set(format!("t{number}")), ..UpdateLink::default() };
                session.update(&link, &title, &options).await
            }
        };
        // A deleted link takes no edit.
        assert!(changed.as_ref().err().is_none_or(|problem| problem.code == ProblemCode::StateConflict), "{changed:?}");
    }
}

async fn prove(plan: &Plan) {
    let seed = plan.seed;
    let (world, truth) = World::of(plan).await;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut passes, mut ended) = (0, 0);
    // Three workers at a time, every few hours or minutes, until the last late file is there.
    let mut minutes = 9 * 4 * 60;
    while minutes > 0 {
        let pause = if random.bool() { 4 * 60 } else { random.i64(5..40) }.min(minutes);
        world.clock.advance(SignedDuration::from_mins(pause));
        minutes -= pause;
        let seeds: [u64; 3] = std::array::from_fn(|_| random.u64(..));
        let stops: [i64; 3] = std::array::from_fn(|_| if random.bool() { random.i64(0..400) } else { i64::MAX });
        let [a, b, c] = std::array::from_fn(|at| work(&world, seeds[at], stops[at]));
        let done = tokio::join!(a, b, c, edit(&world, plan, random.u64(..)));
        passes += 3;
        ended += [done.0, done.1, done.2].into_iter().filter(|ended| *ended).count();
    }
    // A small one has few requests at which its workers may be dropped.
    let is_small = plan.requests < 1_000;
    assert!(is_small || (passes / 4..passes).contains(&ended), "{ended} of {passes} workers came to their end");
    let last = world.pass().await;
    assert_eq!((last.problems, last.hours_left), (vec![], 0));
    let differences = world.differences(plan, &truth).await;
    assert!(
        differences.is_empty(),
        "seed {seed}: {} differences: {:#?}",
        differences.len(),
        &differences[..5.min(differences.len())]
    );
    let counting = Behind::new(&world.table, CountsWrites::default());
    let shared: Arc<dyn Table> = counting.clone();
    let again = world.ingest(&shared, IngestOptions::default()).run().await.unwrap();
    assert_eq!((again.new_files, again.written, counting.between.0.load(Ordering::SeqCst)), (0, 0, 0));
}

/// Proves plans on two threads.
fn prove_all(plans: impl Iterator<Item = Plan> + Send) {
    let plans = Mutex::new(plans);
    let next = || plans.lock().unwrap().next();
    let on_a_thread = || {
        while let Some(plan) = next() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(prove(&plan));
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(on_a_thread))));
}

#[test]
fn whatever_happens_on_the_way_the_last_pass_leaves_the_truth() {
    prove_all((1..=3).map(|seed| Plan { hours: 8, ..Plan::new(seed, 7_000, hour(FIRST)) }));
}

/// `PROOF_COUNTS` says how many there are.
#[test]
fn so_it_does_in_many_small_histories() {
    let histories = number("PROOF_COUNTS").unwrap_or(40);
    prove_all((100..100 + histories).map(|seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        Plan {
            hours: random.u32(1..5),
            links: random.u32(1..5),
            files: random.u32(1..4),
            repeated_files: random.u32(..60),
            repeated_lines: random.u32(..30),
            late_files: random.u32(..80),
            ..Plan::new(seed, random.u64(10..200), hour(FIRST))
        }
    }));
}
