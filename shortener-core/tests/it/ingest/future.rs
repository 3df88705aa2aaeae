//! Lines of a time that has not come: a clock is wrong, that of the edge or ours.

use jiff::Timestamp;
use shortener_core::ingest::{IngestOptions, IngestReport, Recount};
use shortener_core::link::Domain;
use shortener_core::stats::{Hour, Month, Period, Subject};
use shortener_core::table::{Consistency, keys};

use super::mutants::log_of;
use super::passes::{name, world};
use super::world::{FIRST, World, clicks, hour, subject};

fn rejected(report: &IngestReport) -> Vec<(&str, u64)> {
    report.rejected_lines.iter().map(|(reason, lines)| (reason.as_str(), *lines)).collect()
}

async fn people_at(world: &World, at: Hour) -> u64 {
    clicks(world.item(subject("a"), at).await.as_ref())[0]
}

#[tokio::test]
async fn a_line_of_the_future_is_rejected_and_nothing_shows_it() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    let before = world.pass().await;
    let (christmas, first) = (hour("2026-12-25T18"), hour(FIRST));
    world.logs.put("E2EXAMPLE.2026-12-25-18.x", world.now(), log_of(&[("r2", first.until(christmas))]));
    let report = world.pass().await;
    assert_eq!((rejected(&report), report.lines), (vec![("future", 1)], 0));
    assert_eq!((report.as_of, report.complete_until), (before.as_of, before.complete_until));
    assert_eq!((report.hours, report.hours_left, &report.problems), (0, 0, &vec![]));
    for subject in [subject("a"), Subject::Site(Domain::default_domain())] {
        let december = keys::period_stats(&subject, Period::Month(Month::of(christmas.date())));
        assert_eq!(world.table.get(&december, Consistency::Strong).await.unwrap(), None);
        assert_eq!(world.item(subject, christmas).await, None);
    }
    let salt = world.table.get(&keys::salt(christmas.date()), Consistency::Strong).await.unwrap();
    assert_eq!((salt, report.written), (None, 0), "nothing is made for a day that may never come");
    // Its hour has come: it was our clock that was wrong.
    world.advance_hours(first.until(christmas));
    let report = world.pass().await;
    assert_eq!((report.new_files, rejected(&report), people_at(&world, christmas).await), (1, vec![], 1));
    assert_eq!(world.pass().await.new_files, 0);
}

#[tokio::test]
async fn the_next_hour_is_no_future_and_the_one_after_is() {
    // It is 19:00.
    let world = world().await;
    world.logs.put("E2EXAMPLE.2026-11-24-20.ahead", world.now(), log_of(&[("r1", 1), ("r2", 2), ("r3", 3)]));
    // Of a file named for the future its lines decide.
    world.logs.put("E2EXAMPLE.2026-11-24-21.x", world.now(), log_of(&[("r4", 2), ("r5", 3)]));
    let report = world.pass().await;
    assert_eq!((report.hours_left, rejected(&report)), (0, vec![("future", 2)]));
    let people = async || {
        let hours = (1..4).map(|hours| people_at(&world, hour(FIRST).plus(hours)));
        let [a, b, c] = futures_util::future::join_all(hours).await[..] else { panic!() };
        [a, b, c]
    };
    assert_eq!(people().await, [1, 2, 0]);
    let again = IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    assert_eq!(rejected(&world.pass_with(again).await.unwrap()), [("future", 2)]);
    assert_eq!(people().await, [1, 2, 0]);
    world.advance_hours(1);
    let report = world.pass().await;
    assert_eq!((rejected(&report), report.hours_left, people().await), (vec![], 0, [1, 2, 2]));
    assert_eq!(world.pass().await.new_files, 0);
}

#[tokio::test]
async fn a_clock_that_is_behind_neither_loses_lines_nor_undoes_a_count() {
    let world = world().await;
    world.advance_hours(3);
    world.logs.put(&name("1"), Timestamp::UNIX_EPOCH, log_of(&[("r1", 0)]));
    world.pass().await;
    let manifest = async || {
        let key = keys::ingest_hour(hour(FIRST));
        world.table.get(&key, Consistency::Strong).await.unwrap().unwrap()
    };
    let before = manifest().await;
    world.advance_hours(-48);
    world.logs.put(&name("2"), world.now(), log_of(&[("r2", 0)]));
    let again = IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    assert_eq!(rejected(&world.pass_with(again).await.unwrap()), [("future", 2)]);
    assert_eq!((manifest().await, people_at(&world, hour(FIRST)).await), (before, 1));
    world.advance_hours(48);
    let report = world.pass().await;
    assert_eq!((report.new_files, people_at(&world, hour(FIRST)).await), (1, 2));
}

#[tokio::test]
async fn a_file_of_which_some_lines_are_counted_is_missed_when_it_is_gone() {
    let world = world().await;
    world.logs.put("E2EXAMPLE.2026-11-24-20.ahead", world.now(), log_of(&[("r1", 1), ("r2", 3)]));
    world.logs.put("E2EXAMPLE.2026-11-24-20.two", world.now(), log_of(&[("r3", 1), ("r4", 2), ("r5", 3)]));
    assert_eq!(rejected(&world.pass().await), [("future", 2)]);
    world.logs.remove("E2EXAMPLE.2026-11-24-20.ahead");
    world.logs.put("E2EXAMPLE.2026-11-24-19.more", world.now(), log_of(&[("r6", 1)]));
    let report = world.pass().await;
    assert_eq!((report.problems.len(), people_at(&world, hour(FIRST).plus(1)).await), (1, 2), "{report:?}");
}
