//! Two ways of doing it wrong, each of which must be seen to be wrong: adding instead of setting, and setting without a fence.

use std::sync::Arc;

use shortener_core::ingest::IngestOptions;
use shortener_core::ingest::testing::clicks::Plan;
use shortener_core::table::Table;

use super::tables::{Adds, Behind, Late};
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
