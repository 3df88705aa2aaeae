//! How many requests the edge had by its own word, beside the lines that were counted.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use shortener_core::ingest::{IngestOptions, Reach, RequestMeter, SourceError};
use shortener_core::operations::Mode;
use shortener_core::stats::Hour;
use shortener_core::table::{Consistency, Table, keys};

use super::mutants::log_of;
use super::passes::world;
use super::tables::{Behind, CountsWrites};
use super::world::{FIRST, hour};

/// Says of every hour that there were so many requests.
#[derive(Debug)]
struct Always(u64);

#[async_trait]
impl RequestMeter for Always {
    async fn requests(&self, _: &str, hours: RangeInclusive<Hour>) -> Result<BTreeMap<Hour, u64>, SourceError> {
        Ok(BTreeMap::from([(*hours.start(), self.0)]))
    }
}

#[tokio::test]
async fn how_many_requests_the_edge_had_is_remembered_with_the_lines() {
    let world = world().await;
    let figures = async || {
        let item = world.table.get(&keys::ingest_figures(hour(FIRST)), Consistency::Strong).await.unwrap();
        item.map(|item| (item.number("lines").unwrap(), item.number("requests").unwrap()))
    };
    world.put("1", &[("r1", "/a", 302)]);
    world.pass().await;
    assert_eq!(figures().await, None);
    world.put("2", &[("r2", "/a", 302)]);
    let metered = world.ingest(&world.table, IngestOptions::default()).comparing_with(Arc::new(Always(5)));
    metered.run().await.unwrap();
    assert_eq!(figures().await, Some((2, 5)));
    // Whoever counts without asking the edge forgets no answer.
    world.put("3", &[("r3", "/a", 302)]);
    world.pass().await;
    assert_eq!(figures().await, Some((3, 5)));
}

/// Knows that each hour had so many requests, and counts how often it is asked.
#[derive(Debug)]
struct Metric(AtomicU64, AtomicU64);

#[async_trait]
impl RequestMeter for Metric {
    async fn requests(&self, _: &str, hours: RangeInclusive<Hour>) -> Result<BTreeMap<Hour, u64>, SourceError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let all = (0..=hours.start().until(*hours.end())).map(|at| hours.start().plus(at));
        Ok(all.map(|hour| (hour, self.0.load(Ordering::SeqCst))).collect())
    }
}

#[tokio::test]
async fn how_many_requests_an_hour_had_is_asked_until_it_is_final_and_written_where_it_changed() {
    let world = world().await;
    let metric = Arc::new(Metric(AtomicU64::new(1), AtomicU64::new(0)));
    let counting = Behind::new(&world.table, CountsWrites::default());
    let shared: Arc<dyn Table> = counting.clone();
    let pass = async || {
        let options = IngestOptions { reach: Reach::Recent, ..IngestOptions::default() };
        let metered = world.ingest(&shared, options).comparing_with(metric.clone());
        let (asked, written) = (metric.1.load(Ordering::SeqCst), counting.between.0.load(Ordering::SeqCst));
        let report = metered.run().await.unwrap();
        let writes = counting.between.0.load(Ordering::SeqCst) - written;
        (metric.1.load(Ordering::SeqCst) - asked, writes, report.written)
    };
    let figures = async || {
        let item = world.table.get(&keys::ingest_figures(hour(FIRST)), Consistency::Strong).await.unwrap().unwrap();
        (item.number("lines"), item.number("requests"))
    };
    assert_eq!(pass().await.0, 0, "nothing is counted yet of which it would be of use");
    world.put("1", &[("r1", "/a", 302), ("r2", "/a", 302), ("r3", "/a", 302)]);
    world.logs.put("E2EXAMPLE.2026-11-24-17.x", world.now(), log_of(&[("r4", -1)]));
    // The metric is some minutes late.
    assert_eq!((pass().await.0, figures().await), (1, (Some(3), Some(1))));
    assert_eq!(pass().await, (1, 0, 0), "nothing has changed");
    metric.0.store(4, Ordering::SeqCst);
    assert_eq!((pass().await, figures().await), ((1, 2, 2), (Some(3), Some(4))));
    assert_eq!(pass().await, (1, 0, 0));
    // A count by hand, which asks nobody, forgets no answer.
    world.put("2", &[("r5", "/a", 302)]);
    world.pass().await;
    assert_eq!(figures().await, (Some(4), Some(4)));
    world.advance_hours(25);
    metric.0.store(5, Ordering::SeqCst);
    assert_eq!((pass().await, figures().await), ((1, 2, 2), (Some(4), Some(5))), "one figure, and how far it is");
    world.advance_hours(2);
    metric.0.store(6, Ordering::SeqCst);
    assert_eq!((pass().await.0, figures().await), (0, (Some(4), Some(5))), "it is final");
}

#[tokio::test]
async fn an_hour_that_was_counted_before_there_was_a_metric_of_it_gets_its_figures_later() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    world.pass().await;
    let metric = Arc::new(Metric(AtomicU64::new(2), AtomicU64::new(0)));
    let dry = IngestOptions { mode: Mode::DryRun, ..IngestOptions::default() };
    let item = async || world.table.get(&keys::ingest_figures(hour(FIRST)), Consistency::Strong).await.unwrap();
    world.ingest(&world.table, dry).comparing_with(metric.clone()).run().await.unwrap();
    assert_eq!(item().await, None);
    world.ingest(&world.table, IngestOptions::default()).comparing_with(metric).run().await.unwrap();
    let item = item().await.unwrap();
    assert_eq!((item.number("lines"), item.number("requests")), (Some(1), Some(2)));
}
