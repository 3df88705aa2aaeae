//! Files that were counted and are not there any more.

use std::sync::Arc;

use async_trait::async_trait;
use shortener_core::ingest::{IngestOptions, IngestReport, Reach, Recount};
use shortener_core::table::{Table, TableError, keys};

use super::mutants::log_of;
use super::passes::{name, world};
use super::tables::{Behind, Between, Request};
use super::world::{FIRST, World, clicks, hour, subject};

#[tokio::test]
async fn an_hour_of_which_files_are_missing_is_not_counted_again_unless_asked() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    world.pass().await;
    world.logs.remove(&name("1"));
    world.put("2", &[("r2", "/a", 302), ("r3", "/a", 302)]);
    let report = world.pass().await;
    let problem = "hour 2026-11-24T18 has new files, but is left as it is: 1 file that was counted before is not among \
                   those listed now: E2EXAMPLE.2026-11-24-18.* (only hashes of names are kept); name the whole folder, \
                   or count without their clicks by --without-missing";
    assert_eq!((report.hours, report.hours_left, &report.problems[..]), (0, 1, &[problem.to_owned()][..]));
    assert_eq!(world.people("a").await, 1);
    let options = IngestOptions { without_missing: true, ..IngestOptions::default() };
    let report = world.pass_with(options).await.unwrap();
    assert_eq!((report.hours, report.problems, world.people("a").await), (1, vec![], 2));
    assert_eq!(world.pass().await.new_files, 0);
    // It is forgotten, and stands in no later one's way.
    world.put("3", &[("r4", "/a", 302)]);
    let report = world.pass().await;
    assert_eq!((report.problems, report.hours_left, world.people("a").await), (vec![], 0, 3));
}

#[tokio::test]
async fn an_hour_without_new_files_is_not_said_to_have_some() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "1", &[("r1", 0), ("r2", 1)]);
    put(&world, 1, "2", &[("r3", 1)]);
    put(&world, 1, "3", &[("r4", 1)]);
    world.pass().await;
    world.logs.remove(&name_of(0, "1"));
    world.logs.remove(&name_of(1, "2"));
    let again = IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    let report = world.pass_with(again).await.unwrap();
    let told = "hour 2026-11-24T19 is left as it is: 2 files that were counted before are not among those listed now: \
                E2EXAMPLE.2026-11-24-18.*, E2EXAMPLE.2026-11-24-19.* (";
    assert!(report.problems.len() == 1 && report.problems[0].starts_with(told), "{:?}", report.problems);
}

/// A file named for an hour after the first, with lines so many hours after the first.
fn put(world: &World, named: u8, id: &str, lines: &[(&str, i64)]) {
    world.logs.put(&name_of(named, id), world.now(), log_of(lines));
}

fn name_of(named: u8, id: &str) -> String {
    format!("E2EXAMPLE.2026-11-24-{}.{id}.gz", 18 + named)
}

async fn people_by_hour(world: &World) -> [u64; 2] {
    let of = async |at| clicks(world.item(subject("a"), hour(at)).await.as_ref())[0];
    [of("2026-11-24T18").await, of("2026-11-24T19").await]
}

fn missing(report: &IngestReport) -> Vec<&str> {
    report.problems.iter().filter_map(|problem| problem.strip_prefix("hour ")?.get(..13)).collect()
}

#[tokio::test]
async fn a_missing_file_is_missed_by_the_hours_of_its_lines_and_not_by_that_of_its_name() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "early", &[("r1", 1)]);
    put(&world, 1, "late", &[("r2", 0)]);
    put(&world, 1, "punctual", &[("r3", 1)]);
    assert_eq!(world.pass().await.hours_left, 0);
    assert_eq!(people_by_hour(&world).await, [1, 2]);

    // Its lines are of the next hour: this one can be counted again, and does not forget that it was there.
    world.logs.remove(&name_of(0, "early"));
    put(&world, 0, "more", &[("r4", 0)]);
    let report = world.pass().await;
    assert_eq!((missing(&report), report.hours_left), (vec![], 0));
    assert_eq!(people_by_hour(&world).await, [2, 2]);
    put(&world, 1, "more", &[("r5", 1)]);
    let report = world.pass().await;
    assert_eq!((missing(&report), report.hours_left), (vec!["2026-11-24T19"], 1));
    assert_eq!(people_by_hour(&world).await, [2, 2]);

    // Its line is of the hour before.
    world.logs.remove(&name_of(1, "late"));
    put(&world, 0, "yet more", &[("r6", 0)]);
    assert_eq!(missing(&world.pass().await), ["2026-11-24T18", "2026-11-24T19"]);
    assert_eq!(people_by_hour(&world).await, [2, 2]);
    world.advance_hours(40);
    let recent = IngestOptions { reach: Reach::Recent, ..IngestOptions::default() };
    let report = world.pass_with(recent).await.unwrap();
    assert_eq!(report.complete_until, Some(hour("2026-11-24T17").start()), "not beyond what is left");
    world.pass_with(IngestOptions { without_missing: true, ..IngestOptions::default() }).await.unwrap();
    assert_eq!((people_by_hour(&world).await, world.pass().await.hours_left), ([2, 2], 0));
}

#[tokio::test]
async fn a_file_that_is_counted_in_two_hours_keeps_neither_open() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "1", &[("r1", 0), ("r2", 1)]);
    world.pass().await;
    put(&world, 0, "2", &[("r3", 0)]);
    let report = world.pass().await;
    assert_eq!((report.new_files, report.hours, report.hours_left), (1, 1, 0));
    assert_eq!((people_by_hour(&world).await, world.pass().await.new_files), ([2, 1], 0));
}

#[tokio::test]
async fn what_is_counted_in_full_is_remembered_although_a_file_beside_it_is_not() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 1, "gone", &[("r1", 1)]);
    world.pass().await;
    world.logs.remove(&name_of(1, "gone"));
    put(&world, 0, "own", &[("r2", 0)]);
    put(&world, 0, "both", &[("r3", 0), ("r4", 1)]);
    let report = world.pass().await;
    assert_eq!((report.new_files, report.hours, missing(&report)), (2, 1, vec!["2026-11-24T19"]));
    assert_eq!(world.pass().await.new_files, 1);
    assert_eq!(people_by_hour(&world).await, [2, 1]);
}

#[tokio::test]
async fn a_file_that_is_replaced_leaves_no_line_in_the_hour_beside_its_own() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "own", &[("r1", 0)]);
    put(&world, 1, "replaced", &[("r2", 0), ("r3", 1)]);
    world.pass().await;
    assert_eq!(people_by_hour(&world).await, [2, 1]);
    put(&world, 1, "replaced", &[("r3", 1), ("r4", 1)]);
    let report = world.pass().await;
    assert_eq!((report.new_files, report.hours, report.hours_left), (1, 2, 0));
    assert_eq!((people_by_hour(&world).await, world.pass().await.new_files), ([1, 2], 0));
}

/// Fails whenever the count of the first hour is begun.
#[derive(Debug)]
struct NotTheFirst;

#[async_trait]
impl Between for NotTheFirst {
    async fn before(&self, what: Request<'_>) -> Result<(), TableError> {
        match what {
            Request::Add(key) if *key == keys::ingest_hour(hour(FIRST)) => Err(TableError::BadItem("odd".to_owned())),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_replaced_file_stays_a_new_one_until_the_hours_of_what_it_was_are_counted_as_well() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "own", &[("r1", 0)]);
    put(&world, 1, "replaced", &[("r2", 0), ("r3", 1)]);
    world.pass().await;
    put(&world, 1, "replaced", &[("r3", 1), ("r4", 1)]);
    let table: Arc<dyn Table> = Behind::new(&world.table, NotTheFirst);
    let report = world.ingest(&table, IngestOptions::default()).run().await.unwrap();
    assert_eq!((report.hours, report.hours_left, people_by_hour(&world).await), (1, 1, [2, 2]));
    assert_eq!((world.pass().await.hours_left, people_by_hour(&world).await), (0, [1, 2]));
}
