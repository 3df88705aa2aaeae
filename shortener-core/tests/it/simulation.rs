//! Simulation: many short histories in virtual time, on a table that fails in every way it may, each held against the
//! promises of a link's life. A seed is a history: it replays exactly.
//!
//! `PROOF_HISTORIES` says how many are run, `PROOF_SEED` runs one and prints all of it.

use std::sync::Arc;

mod actors;
mod history;
mod journal;
mod process;
mod promises;
mod swarm;
mod tale;
mod timeline;
mod world;

use promises::{Broken, Judge};
use shortener_core::proof::number;
use tale::tell;
use world::World;

/// Histories of the short form.
const SHORT: u64 = 20_000;

/// Tests among which they are shared, so that they run beside each other.
const SHARES: u64 = 4;

/// Seeds that have found something once.
const REGRESSIONS: &[u64] = &[21_775, 24_392, 41_586, 96_452, 124_205, 142_811, 385_070, 676_564, 792_337];

fn run(seed: u64) -> Arc<World> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(World::run(seed))
}

fn judge(world: &World) -> Result<(), Broken> {
    let applied = world.table.inner().applied();
    Judge::new(world, &world.log.notes(), &applied).check()
}

/// Runs a history and holds it against the promises.
fn prove(seed: u64) {
    let world = run(seed);
    if let Err(broken) = judge(&world) {
        let story = tell(&world, broken.code.as_deref());
        panic!("seed {seed}: {broken}\n{story}\nreplay it with PROOF_SEED={seed}");
    }
}

/// Proves every [`SHARES`]th history, beginning with `share`.
fn prove_share(share: u64) {
    if number("PROOF_SEED").is_some() {
        return;
    }
    let histories = number("PROOF_HISTORIES").unwrap_or(SHORT);
    let first = number("PROOF_FIRST").unwrap_or(0);
    (first + share..first + histories).step_by(usize::try_from(SHARES).unwrap()).for_each(prove);
}

#[test]
fn the_first_share_of_histories_keeps_every_promise() {
    prove_share(0);
}

#[test]
fn the_second_share_of_histories_keeps_every_promise() {
    prove_share(1);
}

#[test]
fn the_third_share_of_histories_keeps_every_promise() {
    prove_share(2);
}

#[test]
fn the_fourth_share_of_histories_keeps_every_promise() {
    prove_share(3);
}

#[test]
fn what_once_went_wrong_goes_right() {
    REGRESSIONS.iter().copied().for_each(prove);
}

#[test]
#[expect(clippy::print_stderr, reason = "who replays a seed wants to see it")]
fn one_seed_is_told() {
    let Some(seed) = number("PROOF_SEED") else { return };
    let world = run(seed);
    eprintln!("{:#?}\n{}", world.swarm, tell(&world, None));
    prove(seed);
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..60 {
        let (one, other) = (run(seed), run(seed));
        assert!(one.log.notes().calls == other.log.notes().calls, "seed {seed}: other calls");
        assert!(one.log.notes().ops == other.log.notes().ops, "seed {seed}: another history");
        assert!(one.table.inner().applied() == other.table.inner().applied(), "seed {seed}: other changes");
    }
}
