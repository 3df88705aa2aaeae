//! What servers leave that are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use shortener_core::operations::Operations;
use shortener_core::redirect::Visitor;
use shortener_core::stats::{Period, Subject};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{
    Added, Consistency, Inserted, Item, Key, Order, Page, Query, SortRange, Table, TableError, Write, keys,
};
use shortener_core::wire::{LinkClicks, StatsQuery, TopQuery};

use super::counter::{PERSON, Server, clock, count, site, stored, today};
use super::reading::World;
use super::{every_engine, on};

const AGENT: Visitor<'_> = Visitor::Agent(PERSON);

/// Longer than it takes until another server looks for runs that were killed.
const A_WHILE: Duration = Duration::from_secs(90);

/// Waits until something is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), look).await.expect("it should be so by now");
}

async fn stored_of_days(table: &Arc<dyn Table>, subject: &Subject) -> u64 {
    count(&stored(table, subject, "2027-01-01T00", "2027-01-31T23").await, "clicks/human")
}

/// Runs of servers that have not said that they stopped, and days that are noted.
async fn left_over(table: &dyn Table) -> (usize, usize) {
    let (partition, range) = (keys::INGEST.to_owned(), SortRange::all());
    let query = Query { index: None, partition, range, order: Order::Ascending, limit: 1000, start: None };
    let items = table.query(&query).await.unwrap().items;
    let of = |range: SortRange| items.iter().filter(move |item| range.contains(&item.key.sk));
    let unstopped = of(keys::count_sources()).filter(|item| !item.attributes.contains_key("stopped_at"));
    (unstopped.count(), of(SortRange::prefix("PENDING#")).count())
}

async fn clicks_of(table: &dyn Table, subject: &Subject, period: Period) -> u64 {
    let item = table.get(&keys::period_stats(subject, period), Consistency::Strong).await.unwrap();
    let parts = |item: &Item| item.attributes["months"].as_object().cloned().unwrap_or_default();
    let months = item.as_ref().map(parts).unwrap_or_default();
    months.values().filter_map(|part| part[1]["human"].as_u64()).sum()
}

#[tokio::test]
async fn what_a_killed_server_has_stored_is_rolled_up_by_another() {
    for (table, _alive) in every_engine().await {
        let world = World::on(table).await;
        let killed = Server::start(&world.table, &world.clock).await;
        killed.click("a", AGENT);
        until(async || stored_of_days(&world.table, &on("a")).await == 1).await;
        killed.kill().await;
        let week = StatsQuery { since: Some("7d".to_owned()), ..StatsQuery::default() };
        let clicks = async |human| {
            let stats = world.stats("a", &week).await;
            let all = LinkClicks { human, total: human };
            assert_eq!((stats.clicks.human, stats.all_time), (human, all), "the last 7 days, and all time");
        };
        clicks(1).await;
        world.clock.advance(SignedDuration::from_hours(24));
        let next = Server::start(&world.table, &world.clock).await;
        until(async || left_over(&*world.table).await == (1, 0)).await;
        next.click("a", AGENT);
        next.stop().await;
        world.clock.advance(SignedDuration::from_hours(24 * 3));
        clicks(2).await;
        for (period, human) in [(None, 2), (Some("2027-01"), 2), (Some("2027-01-03"), 1), (Some("2027-01-04"), 1)] {
            let query = TopQuery { period: period.map(str::to_owned), ..TopQuery::default() };
            let top = world.session.top(&query).await.unwrap();
            let shown: Vec<_> = top.links.iter().map(|link| (link.code.as_str(), link.clicks)).collect();
            assert_eq!(shown, [("a", human)], "{period:?}");
        }
        for subject in [on("a"), site()] {
            assert_eq!(clicks_of(&*world.table, &subject, Period::Total).await, 2, "{subject:?}");
        }
    }
}

/// A table that answers nothing after so many writes.
#[derive(Debug)]
struct Stuck {
    inner: Arc<dyn Table>,
    writes_left: AtomicUsize,
}

impl Stuck {
    async fn write_once(&self) {
        let took = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if took.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Table for Stuck {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        self.inner.get(key, consistency).await
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        self.write_once().await;
        self.inner.write(writes).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        self.write_once().await;
        self.inner.insert_many(items).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        self.inner.get_many(keys).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.inner.query(query).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        self.write_once().await;
        self.inner.add(key, attribute, n, ceiling).await
    }
}

#[tokio::test(start_paused = true)]
async fn after_whichever_write_a_server_is_killed_all_hours_are_rolled_up_in_the_end() {
    let mut most = 0;
    for writes in 0.. {
        let (inner, clock): (Arc<dyn Table>, _) = (Arc::new(MemoryTable::new()), clock());
        let stuck = Arc::new(Stuck { inner: inner.clone(), writes_left: AtomicUsize::new(writes) });
        let table: Arc<dyn Table> = stuck.clone();
        let killed = Server::start(&table, &clock).await;
        for second in 0..25 {
            killed.click(["a", "b", "c"][second % 3], AGENT);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let was_stuck = stuck.writes_left.load(Ordering::SeqCst) == 0;
        killed.kill().await;
        clock.advance(SignedDuration::from_hours(1));
        let next = Server::start(&inner, &clock).await;
        tokio::time::sleep(A_WHILE).await;
        assert_eq!(left_over(&*inner).await, (1, 0), "{writes}");
        for subject in [on("a"), on("b"), on("c"), site()] {
            let hours = count(&today(&inner, &subject).await, "clicks/human");
            assert_eq!(clicks_of(&*inner, &subject, Period::Total).await, hours, "{subject:?} after {writes} writes");
            most = most.max(hours);
        }
        next.stop().await;
        if !was_stuck {
            assert!(writes > 50 && most > 20, "{writes} writes, {most} clicks");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_taken_for_lost_and_goes_on_loses_nothing() {
    let (table, clock): (Arc<dyn Table>, _) = (Arc::new(MemoryTable::new()), clock());
    let sleeper = Server::start(&table, &clock).await;
    sleeper.click("a", AGENT);
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    // Its machine sleeps for a while; before it ticks again, others look for runs that were killed.
    clock.advance(SignedDuration::from_mins(14));
    let early = Server::start(&table, &clock).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(left_over(&*table).await, (2, 1), "it may still run");
    early.stop().await;
    clock.advance(SignedDuration::from_mins(6));
    let other = Server::start(&table, &clock).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((clicks_of(&*table, &on("a"), Period::Total).await, left_over(&*table).await), (1, (1, 0)));
    // It counts on in the same hour, and is killed before it has rolled up anything.
    sleeper.click("a", AGENT);
    tokio::time::sleep(Duration::from_secs(2)).await;
    sleeper.kill().await;
    assert_eq!(count(&today(&table, &on("a")).await, "clicks/human"), 2);
    assert_eq!((clicks_of(&*table, &on("a"), Period::Total).await, left_over(&*table).await), (1, (2, 1)));
    clock.advance(SignedDuration::from_mins(20));
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((clicks_of(&*table, &on("a"), Period::Total).await, left_over(&*table).await), (2, (1, 0)));
    other.stop().await;
}
