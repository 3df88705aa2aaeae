//! What a count says of how far it is: never more than the files can show that were counted.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::ingest::{Ingest, IngestOptions, IngestReport, LogSource, Reach};
use shortener_core::stats::{Hour, Source, Sources};
use shortener_core::table::{Table, Write, keys};
use tokio::time::Instant;

use super::mutants::log_of;
use super::passes::name;
use super::tables::{Behind, Late};
use super::world::{World, clicks, hour, subject};

/// `as_of` and `complete_until`.
type Claim = (Option<Timestamp>, Option<Timestamp>);

/// A file named for so many hours after the first, with one line of that hour.
fn put(world: &World, hours: i64, id: &str) -> String {
    let hour = Hour::parse(super::world::FIRST).unwrap().plus(hours).to_string().replace('T', "-");
    let name = format!("E2EXAMPLE.{hour}.{id}");
    world.logs.put(&name, world.now(), log_of(&[(id, hours)]));
    name
}

fn claim(report: &IngestReport) -> Claim {
    (report.as_of, report.complete_until)
}

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn stored(world: &World) -> Claim {
    let reached = Sources::new(world.table.clone()).of(&Source::edge()).await.unwrap();
    (reached.map(|reached| reached.as_of), reached.and_then(|reached| reached.complete_until))
}

fn recent() -> IngestOptions {
    IngestOptions { reach: Reach::Recent, ..IngestOptions::default() }
}

/// A table in which the files of three hours were counted by hand.
async fn counted() -> (World, Vec<String>, Claim) {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(4);
    let names = (0..3).map(|hour| put(&world, hour, &format!("r{hour}"))).collect();
    let claim = claim(&world.pass().await);
    assert_eq!(claim, (Some(moment("2026-11-24T21:00:00Z")), Some(moment("2026-11-23T19:00:00Z"))));
    (world, names, claim)
}

#[tokio::test]
async fn naming_nothing_new_makes_nothing_final() {
    let (world, names, claim_before) = counted().await;
    world.advance_hours(24 * 5);
    // The folder again, one of its files, none, and files that are none of ours.
    assert_eq!(claim(&world.pass().await), claim_before);
    for name in &names[1..] {
        world.logs.remove(name);
    }
    assert_eq!(claim(&world.pass().await), claim_before);
    world.logs.remove(&names[0]);
    assert_eq!(claim(&world.pass().await), claim_before);
    world.logs.put("EOTHER.2026-11-29-18.x", world.now(), log_of(&[("x", 24 * 5)]));
    let ours = IngestOptions { distribution: Some("E2EXAMPLE".to_owned()), ..IngestOptions::default() };
    assert_eq!(claim(&world.pass_with(ours).await.unwrap()), claim_before);
    assert_eq!(stored(&world).await, claim_before);
}

#[tokio::test]
async fn a_file_of_the_hour_under_way_shows_no_more_when_that_is_over() {
    let (world, _, before) = counted().await;
    world.clock.advance(SignedDuration::from_mins(20));
    put(&world, 4, "under way");
    let during = claim(&world.pass().await);
    assert_eq!(during, (Some(moment("2026-11-24T22:20:00Z")), Some(moment("2026-11-23T20:00:00Z"))));
    assert!(during > before);
    world.advance_hours(3);
    assert_eq!(claim(&world.pass().await), during, "what came after it is not known");
}

#[tokio::test]
async fn where_nothing_was_ever_counted_nothing_is_final() {
    let world = World::with_links([]).await;
    assert_eq!((claim(&world.pass().await), stored(&world).await), ((None, None), (None, None)));
    // To a schedule, which sees all there is, silence is knowledge.
    let silent = world.pass_with(recent()).await.unwrap();
    assert_eq!(claim(&silent), (Some(world.now()), Some(moment("2026-11-23T16:00:00Z"))));
    world.advance_hours(30);
    let silent = world.pass_with(recent()).await.unwrap();
    assert_eq!(claim(&silent), (Some(world.now()), Some(moment("2026-11-24T22:00:00Z"))));
    // Nor does it go back when someone names an old file after it.
    put(&world, -3, "old");
    assert_eq!((claim(&world.pass().await), stored(&world).await), (claim(&silent), claim(&silent)));
}

#[tokio::test]
async fn a_late_file_does_not_move_what_is_final() {
    let (world, names, before) = counted().await;
    for name in &names {
        world.logs.remove(name);
    }
    let late = put(&world, -10, "late");
    assert_eq!(claim(&world.pass().await), before);
    world.logs.remove(&late);
    put(&world, 3, "next");
    assert_eq!(
        claim(&world.pass().await),
        (Some(moment("2026-11-24T22:00:00Z")), Some(moment("2026-11-23T20:00:00Z")))
    );
}

#[tokio::test]
async fn a_schedule_that_does_not_know_which_files_are_meant_makes_nothing_final() {
    let (world, _, before) = counted().await;
    world.advance_hours(24 * 5);
    put(&world, 24 * 5, "new");
    world.logs.put("EOTHER.2026-11-29-18.x", world.now(), log_of(&[("x", 24 * 5)]));
    assert_eq!(claim(&world.pass_with(recent()).await.unwrap()), before);
}

#[tokio::test]
async fn an_hour_that_is_left_is_not_final_until_it_is_counted_whatever_else_is_named() {
    let (world, names, before) = counted().await;
    world.advance_hours(24 * 5);
    world.logs.remove(&names[1]);
    let left = put(&world, 1, "left");
    let next = put(&world, 24 * 5, "later");
    let held = (before.0, Some(moment("2026-11-23T19:00:00Z")));
    let report = world.pass().await;
    assert_eq!((report.hours_left, claim(&report)), (1, held), "what was delivered is not all counted");
    // Of other files nothing is learned about that hour.
    world.logs.remove(&left);
    world.logs.remove(&next);
    world.advance_hours(24);
    put(&world, 24 * 6, "much later");
    let report = world.pass().await;
    assert_eq!(claim(&report), (Some(moment("2026-11-30T19:00:00Z")), Some(moment("2026-11-24T18:00:00Z"))));
    put(&world, 1, "left");
    let report = world.pass_with(IngestOptions { without_missing: true, ..IngestOptions::default() }).await.unwrap();
    assert_eq!(claim(&report), (Some(moment("2026-11-30T19:00:00Z")), Some(moment("2026-11-29T17:00:00Z"))));
}

#[tokio::test]
async fn an_hour_whose_files_never_come_is_given_up_only_where_someone_says_so() {
    let (world, names, _) = counted().await;
    world.logs.remove(&names[1]);
    let left = put(&world, 1, "left");
    assert_eq!(world.pass().await.hours_left, 1);
    world.logs.remove(&left);
    world.advance_hours(24 * 5);
    let given_up = || IngestOptions { without_missing: true, ..IngestOptions::default() };
    let held = Some(moment("2026-11-24T18:00:00Z"));
    put(&world, 24 * 5, "later");
    assert_eq!(world.pass().await.complete_until, held);
    // Files of hours after it say nothing of it, and those around it do.
    world.logs.remove(&names[0]);
    assert_eq!(world.pass_with(given_up()).await.unwrap().complete_until, held);
    put(&world, 0, "before");
    let report = world.pass_with(given_up()).await.unwrap();
    assert_eq!(report.complete_until, Some(moment("2026-11-28T17:00:00Z")));
}

#[tokio::test]
async fn the_first_count_of_all_may_leave_an_hour_that_no_later_one_calls_final() {
    let (world, names, _) = counted().await;
    world.table.write(&[Write::delete(keys::count_source("edge"))]).await.unwrap();
    world.advance_hours(24 * 5);
    world.logs.remove(&names[1]);
    let left = put(&world, 1, "left");
    put(&world, 3, "counted");
    assert_eq!(world.pass().await.hours_left, 1);
    world.logs.remove(&left);
    put(&world, 24 * 5, "later");
    world.pass().await;
    assert!(stored(&world).await.1 <= Some(moment("2026-11-24T19:00:00Z")), "{:?}", stored(&world).await);
}

#[tokio::test]
async fn a_clock_that_is_days_ahead_or_behind_makes_nothing_final_by_hand() {
    for days in [9, -9] {
        let (world, _, before) = counted().await;
        world.clock.advance(SignedDuration::from_hours(24 * days));
        assert_eq!(claim(&world.pass().await), before, "{days}");
        world.logs.put(&name("more"), Timestamp::UNIX_EPOCH, log_of(&[("more", 0)]));
        assert_eq!(claim(&world.pass().await), before, "{days}");
        assert_eq!(stored(&world).await, before);
    }
}

#[tokio::test]
async fn an_hour_that_another_count_has_taken_over_and_counted_is_not_left() {
    let (world, _, _) = counted().await;
    put(&world, 0, "late");
    let late = Behind::new(&world.table, Late::new(true));
    let shared: Arc<dyn Table> = late.clone();
    let slow = world.ingest(&shared, IngestOptions::default());
    let slow = tokio::spawn(async move { slow.run().await });
    late.between.arrived.notified().await;
    world.advance_hours(60);
    put(&world, 60, "later");
    let other = world.pass().await;
    assert_eq!(other.hours_left, 0);
    late.between.go.notify_one();
    let report = slow.await.unwrap().unwrap();
    assert_eq!((report.hours_left, claim(&report)), (0, claim(&other)));
}

#[tokio::test]
async fn a_slow_count_by_hand_does_not_take_back_what_the_schedule_says_meanwhile() {
    let (world, _, _) = counted().await;
    put(&world, 3, "late");
    let late = Behind::new(&world.table, Late::new(true));
    let shared: Arc<dyn Table> = late.clone();
    let by_hand = world.ingest(&shared, IngestOptions::default());
    let slow = tokio::spawn(async move { by_hand.run().await });
    late.between.arrived.notified().await;
    world.advance_hours(20);
    let scheduled = claim(&world.pass_with(recent()).await.unwrap());
    late.between.go.notify_one();
    slow.await.unwrap().unwrap();
    assert_eq!(stored(&world).await, scheduled);
}

#[tokio::test]
async fn an_hour_is_not_final_while_a_new_file_of_the_next_one_may_have_lines_of_it() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(3);
    put(&world, 0, "r1");
    world.pass().await;
    world.logs.put("E2EXAMPLE.2026-11-24-19.x", world.now(), log_of(&[("r2", 0), ("r3", 1)]));
    world.advance_hours(60);
    let over = IngestOptions { deadline: Some(Instant::now()), ..recent() };
    let report = world.pass_with(over).await.unwrap();
    assert_eq!((report.hours_left, report.complete_until), (1, Some(moment("2026-11-24T18:00:00Z"))));
    let report = world.pass_with(recent()).await.unwrap();
    assert_eq!((world.people("a").await, report.complete_until), (2, Some(moment("2026-11-26T07:00:00Z"))));
}

#[tokio::test]
async fn a_count_by_hand_in_a_pause_of_the_schedule_hides_nothing_from_it() {
    let world = World::with_links(["a".to_owned()]).await;
    world.advance_hours(1);
    let before = world.pass_with(recent()).await.unwrap();
    world.advance_hours(24);
    put(&world, 24, "in the pause");
    world.advance_hours(24 * 4);
    // Someone names the newest file alone.
    let by_hand = Arc::new(MemoryLogs::new(world.clock.clone()));
    let newest = "E2EXAMPLE.2026-11-29-18.newest";
    for logs in [&by_hand, &world.logs] {
        logs.put(newest, world.now(), log_of(&[("newest", 24 * 5)]));
    }
    let source: Arc<dyn LogSource> = by_hand;
    let hand = Ingest::new(world.service(&world.table), source, IngestOptions::default()).run().await.unwrap();
    assert_eq!((hand.hours, hand.complete_until), (1, before.complete_until));
    let report = world.pass_with(recent()).await.unwrap();
    assert_eq!((report.new_files, report.complete_until), (1, Some(moment("2026-11-28T17:00:00Z"))));
    let item = world.item(subject("a"), hour("2026-11-25T18")).await;
    assert_eq!(clicks(item.as_ref())[0], 1);
}
