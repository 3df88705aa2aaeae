//! Two ways of doing it wrong, each of which must be seen to be wrong: adding instead of setting, and setting without a fence.

use std::sync::Arc;

use shortener_core::ingest::testing::clicks::Plan;
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::ingest::{IngestOptions, LogLine};
use shortener_core::table::Table;

use super::passes::{line, name};
use super::tables::{Adds, AfterAdd, Behind, Late};
use super::world::{FIRST, World, hour};

#[tokio::test]
async fn adding_instead_of_setting_is_seen_to_be_wrong() {
    let plan = Plan { hours: 3, ..Plan::new(5, 1_000, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    let adding: Arc<dyn Table> = Behind::new(&world.table, Adds);
    for _ in 0..10 {
        world.advance_hours(3);
        world.ingest(&adding, IngestOptions::default()).run().await.unwrap();
    }
    let differences = world.differences(&plan, &truth).await;
    assert!(differences.len() > 20, "{differences:?}");
}

/// One count lists the files and is then held up, while more files come and another one counts them all.
async fn overtaken(is_fenced: bool) -> Vec<String> {
    let plan = Plan { hours: 1, late_files: 50, ..Plan::new(6, 600, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    world.advance_hours(2);
    let late = Behind::new(&world.table, Late::new(is_fenced));
    let shared: Arc<dyn Table> = late.clone();
    let ingest = world.ingest(&shared, IngestOptions::default());
    let slow = tokio::spawn(async move { ingest.run().await });
    late.between.arrived.notified().await;
    world.advance_hours(25);
    let report = world.pass().await;
    assert_eq!((report.problems, report.hours_left), (vec![], 0));
    assert_eq!(world.differences(&plan, &truth).await, Vec::<String>::new());
    late.between.go.notify_one();
    slow.await.unwrap().unwrap();
    // There is nothing new, so nobody counts the hour again.
    assert_eq!(world.pass().await.new_files, 0);
    world.differences(&plan, &truth).await
}

#[tokio::test]
async fn a_count_that_comes_too_late_changes_nothing() {
    assert_eq!(overtaken(true).await, Vec::<String>::new());
}

#[tokio::test]
async fn setting_without_a_fence_is_seen_to_be_wrong() {
    let differences = overtaken(false).await;
    assert!(differences.len() > 5, "{differences:?}");
}

/// The log of two hours, as an edge that is late with one of them writes it.
pub(super) fn log_of(requests: &[(&str, i64)]) -> Vec<u8> {
    let mut out = Vec::new();
    write_header(&mut out, Written::W3c, &LEGACY_FIELDS);
    for (id, hours) in requests {
        let usual = line(id, "/a", 302);
        let late = LogLine { second: usual.second + 3600 * hours, ..usual };
        write_line(&mut out, Written::W3c, &LEGACY_FIELDS, &late);
    }
    out
}

/// One count takes the hour's generation and is held up; another one takes a later one, lists the files, and is held up. A
/// file of the next hour comes that has a line of this one. The first must not count it here, for the second will not.
#[tokio::test]
async fn a_count_that_is_overtaken_before_it_lists_leaves_the_hour_to_the_other() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    world.logs.put(&name("b"), world.now(), log_of(&[("r1", 0)]));
    world.logs.put("E2EXAMPLE.2026-11-24-19.y", world.now(), log_of(&[("r2", 1)]));
    let first = Behind::new(&world.table, AfterAdd::default());
    let second = Behind::new(&world.table, Late::new(true));
    let tables: [Arc<dyn Table>; 2] = [first.clone(), second.clone()];
    let [one, other] = tables.map(|table| world.ingest(&table, IngestOptions::default()));
    let one = tokio::spawn(async move { one.run().await });
    first.between.arrived.notified().await;
    let other = tokio::spawn(async move { other.run().await });
    second.between.arrived.notified().await;
    world.logs.put("E2EXAMPLE.2026-11-24-19.x", world.now(), log_of(&[("r3", 0), ("r4", 1)]));
    first.between.go.notify_one();
    one.await.unwrap().unwrap();
    second.between.go.notify_one();
    other.await.unwrap().unwrap();
    assert_eq!(world.pass().await.hours_left, 0);
    assert_eq!(world.people("a").await, 2);
}
