//! The proof: with everything that goes wrong on the way, the last pass leaves the truth, and a further one writes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use shortener_core::ingest::testing::clicks::Plan;
use shortener_core::ingest::{IngestOptions, Reach};
use shortener_core::pace::Patience;
use shortener_core::table::Table;
use std::time::Duration;

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
    let options = IngestOptions { reach: Reach::Recent, patience: brief(), ..IngestOptions::default() };
    let ingest = world.ingest(&shared, options);
    tokio::select! {
        report = ingest.run() => report.is_ok(),
        () = table.between.stopped.notified() => false,
    }
}

async fn prove(seed: u64) {
    let plan = Plan { hours: 8, ..Plan::new(seed, 7_000, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut passes, mut ended) = (0, 0);
    // Three workers at a time, every four hours, until the last late file is there.
    for _ in 0..9 {
        world.advance_hours(4);
        let seeds: [u64; 3] = std::array::from_fn(|_| random.u64(..));
        let stops: [i64; 3] = std::array::from_fn(|_| if random.bool() { random.i64(0..400) } else { i64::MAX });
        let [a, b, c] = std::array::from_fn(|at| work(&world, seeds[at], stops[at]));
        let done = tokio::join!(a, b, c);
        passes += 3;
        ended += [done.0, done.1, done.2].into_iter().filter(|ended| *ended).count();
    }
    assert!((passes / 4..passes).contains(&ended), "{ended} of {passes} workers came to their end");
    let last = world.pass().await;
    assert_eq!((last.problems, last.hours_left), (vec![], 0));
    let differences = world.differences(&plan, &truth).await;
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

#[test]
fn whatever_happens_on_the_way_the_last_pass_leaves_the_truth() {
    let on_a_thread = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(prove(seed));
    };
    std::thread::scope(|scope| (1..=3).for_each(|seed| drop(scope.spawn(move || on_a_thread(seed)))));
}
