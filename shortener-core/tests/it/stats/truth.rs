//! Whatever writers do to one another, and wherever they die: after one last pass everything that is stored is true.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use shortener_core::clock::TestClock;
use shortener_core::link::Domain;
use shortener_core::stats::{Hour, HourCount, Ledger, Month, People, Period, Recorded, Source, Subject, Tally};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{ChangeFeed, Consistency, Item, Key, Table, keys};
use tokio::task::{JoinSet, yield_now};

use super::unreliable::{Breakage, Random, UnreliableTable};
use super::{hour, on, seen_by, tally};

/// Two days, of two months.
const HOURS: [&str; 3] = ["2026-11-30T23", "2026-12-01T00", "2026-12-01T05"];

/// The generation that counts everything.
const LAST: u64 = 7;

fn subjects() -> [Subject; 3] {
    [on("a"), on("b"), Subject::Site(Domain::default_domain())]
}

fn sources() -> [Source; 2] {
    [Source::edge(), Source::boot(uuid::Uuid::nil())]
}

/// What a source counts in an hour under a generation: never less than before, and often the same.
fn counted(seed: u64, source: &Source, at: Hour, generation: u64) -> Vec<(Subject, Tally)> {
    let mut part = 0;
    let tallies = subjects().map(|subject| {
        part += 1;
        let mix = seed ^ (u64::from(at.of_day()) << 8) ^ (source.as_str().len() as u64) << 16 ^ part << 24;
        let random = Random::new(mix);
        let people = (1..=generation).map(|_| random.below(3) / 2 * (1 + random.below(4))).sum();
        (subject, seen_by(tally(people, generation / 3), 0..people))
    });
    tallies.into()
}

fn ledger(table: &Arc<dyn Table>) -> Ledger {
    Ledger::new(table.clone(), Arc::new(TestClock::at("2026-12-01T12:00:00Z".parse::<Timestamp>().unwrap())))
}

/// Counts all hours under a generation, some of them together.
async fn pass(ledger: &Ledger, seed: u64, source: &Source, generation: u64) -> Result<Recorded, String> {
    let tallies = HOURS.map(|at| (hour(at), counted(seed, source, hour(at), generation)));
    let mut recorded = Recorded::default();
    for together in tallies.chunks(2) {
        let counts: Vec<_> = together
            .iter()
            .map(|(hour, tallies)| HourCount { hour: *hour, generation, people: People::Counted, tallies })
            .collect();
        recorded += ledger.record_all(source, &counts).await.map_err(|error| error.to_string())?;
    }
    Ok(recorded)
}

/// A pass that is repeated until nothing fails.
async fn persistent_pass(ledger: &Ledger, seed: u64, source: &Source, generation: u64) -> Result<Recorded, String> {
    let mut outcome = Err(String::new());
    for _ in 0..200 {
        outcome = pass(ledger, seed, source, generation).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// All items without what depends on how they came to be.
async fn stored(table: &MemoryTable) -> BTreeMap<Key, Value> {
    let keys = table.changes_since(0).unwrap().keys.unwrap();
    let items = table.get_many(&keys).await.unwrap();
    items.into_iter().flatten().map(|item| (item.key.clone(), bare(item))).collect()
}

fn bare(mut item: Item) -> Value {
    for name in ["generation", "updated_at", "purge_at", "seen"] {
        item.attributes.remove(name);
    }
    for parts in ["days", "months"] {
        for part in
            item.attributes.get_mut(parts).and_then(Value::as_object_mut).into_iter().flat_map(|map| map.values_mut())
        {
            part[0] = 0.into();
        }
    }
    item.attributes.into()
}

/// What is stored if everything is counted once, by one after the other.
async fn truth(seed: u64) -> BTreeMap<Key, Value> {
    let table = Arc::new(MemoryTable::new());
    let shared: Arc<dyn Table> = table.clone();
    for source in sources() {
        pass(&ledger(&shared), seed, &source, LAST).await.unwrap();
    }
    stored(&table).await
}

/// The people of a link by adding up what was counted, without a ledger.
fn people(seed: u64, subject: usize, of: impl Fn(&str) -> bool) -> u64 {
    let hours = || HOURS.into_iter().filter(|at| of(at));
    let counts = sources().into_iter().flat_map(|source| hours().map(move |at| counted(seed, &source, hour(at), LAST)));
    counts.map(|tallies| tallies[subject].1.clicks.human).sum()
}

async fn compare(table: &MemoryTable, seed: u64) -> Result<(), String> {
    let (found, expected) = (stored(table).await, truth(seed).await);
    for (key, value) in &expected {
        if found.get(key) != Some(value) {
            return Err(format!("{key:?}: {:?} and not {value}", found.get(key)));
        }
    }
    if found.len() != expected.len() {
        return Err("more items than there should be".to_owned());
    }
    for (number, subject) in subjects().iter().enumerate() {
        let december = Period::Month(Month::parse("2026-12").unwrap());
        for (period, expected) in [
            (Period::Total, people(seed, number, |_| true)),
            (december, people(seed, number, |at| at.starts_with("2026-12"))),
        ] {
            let item = table.get(&keys::period_stats(subject, period), Consistency::Strong).await.unwrap().unwrap();
            let parts = ["days", "months"].iter().find_map(|name| item.attributes.get(*name)).unwrap();
            let sum: u64 = parts.as_object().unwrap().values().map(|part| part[1]["human"].as_u64().unwrap_or(0)).sum();
            if sum != expected {
                return Err(format!("{subject:?} {period:?}: {sum} and not {expected}"));
            }
        }
    }
    Ok(())
}

/// Writers of both sources and of all generations at once, of whom some die, while the last passes run.
async fn chaos(seed: u64, breakage: Breakage) -> Result<(), String> {
    let random = Arc::new(Random::new(seed));
    let table = UnreliableTable::new(&random, breakage);
    let shared: Arc<dyn Table> = table.clone();
    let mut writers = JoinSet::new();
    let mut handles = Vec::new();
    for source in sources() {
        for writer in 0..2 {
            let (ledger, source) = (ledger(&shared), source.clone());
            handles.push(writers.spawn(async move {
                for generation in (1 + writer..LAST).step_by(2) {
                    persistent_pass(&ledger, seed, &source, generation).await.unwrap();
                }
            }));
        }
    }
    for handle in &handles {
        for _ in 0..random.below(60) {
            yield_now().await;
        }
        if random.below(3) == 0 {
            handle.abort();
        }
    }
    let [edge, boot] = sources();
    let last = ledger(&shared);
    let (edge, boot) =
        tokio::join!(persistent_pass(&last, seed, &edge, LAST), persistent_pass(&last, seed, &boot, LAST));
    edge?;
    boot?;
    // Those who are late have a while to do harm.
    let late = 1 + usize::try_from(random.below(4)).unwrap();
    handles.iter().skip(late).for_each(tokio::task::AbortHandle::abort);
    while let Some(ended) = writers.join_next().await {
        assert!(ended.is_ok() || ended.is_err_and(|error| error.is_cancelled()));
    }
    compare(&table.inner, seed).await?;
    again(&table, &last, seed).await
}

/// A further pass writes nothing, also when it has to be repeated because reads fail.
async fn again(table: &UnreliableTable, ledger: &Ledger, seed: u64) -> Result<(), String> {
    table.take_writes();
    for is_sick in [false, true] {
        if is_sick {
            table.sicken();
        } else {
            table.heal();
        }
        for source in sources() {
            let recorded = persistent_pass(ledger, seed, &source, LAST).await?;
            if (recorded.written, table.take_writes()) != (0, 0) {
                return Err(format!("a further pass writes: {recorded:?}"));
            }
        }
    }
    Ok(())
}

fn run(seed: u64, breakage: Breakage) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(chaos(seed, breakage))
}

#[test]
fn after_one_last_pass_everything_is_true_and_a_further_one_writes_nothing() {
    for seed in 0..80 {
        assert_eq!(run(seed, Breakage::None), Ok(()), "seed {seed}");
    }
}

#[test]
fn without_a_fence_or_with_sums_it_is_wrong() {
    for breakage in [Breakage::NoFence, Breakage::AddsHours, Breakage::NoOptimismOfDays, Breakage::NoOptimismOfMonths] {
        // Pauses are random: how many schedules it takes differs.
        assert!((0..1_000).any(|seed| run(seed, breakage).is_err()), "{breakage:?} is never noticed");
    }
}
