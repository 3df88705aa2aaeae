//! A schedule stores hours in each run, and rolls them up once an hour.

use jiff::SignedDuration;
use shortener_core::ingest::{IngestOptions, IngestReport, Reach, RollUp};
use shortener_core::operations::Operations;
use shortener_core::service::{Caller, Session};
use shortener_core::wire::{StatsQuery, TopQuery};

use super::world::{FIRST, World, hour};

fn hourly() -> IngestOptions {
    IngestOptions { reach: Reach::Recent, roll_up: RollUp::Hourly, ..IngestOptions::default() }
}

/// Links and an edge, at the beginning of the first hour.
async fn world() -> World {
    World::with_links(["a".to_owned(), "b".to_owned()]).await
}

impl World {
    fn advance_minutes(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    async fn hourly_pass(&self) -> IngestReport {
        self.pass_with(hourly()).await.unwrap()
    }

    /// Clicks on `a`: as statistics have them, as the ranking has them, and the minute of the first hour up to which the
    /// ranking says that it has them.
    async fn shown(&self) -> (u64, u64, i64) {
        let session = Session::new(self.service(&self.table), Caller::direct("ana"));
        let stats = session.site_stats(&StatsQuery::default()).await.unwrap();
        let top = session.top(&TopQuery::default()).await.unwrap();
        let ranked = top.links.iter().find(|link| link.code.as_str() == "a").map_or(0, |link| link.clicks);
        let until = top.as_of.unwrap().duration_since(hour(FIRST).start());
        (stats.clicks.human, ranked, until.as_mins())
    }
}

#[tokio::test]
async fn an_hour_is_in_statistics_at_once_and_in_rankings_when_it_is_over_and_then_once_an_hour() {
    let world = world().await;
    for (minutes, id, expected) in [
        (5, Some("r1"), (1, 0, 0)),
        (5, Some("r2"), (2, 0, 0)),
        (49, None, (2, 0, 0)),
        (1, None, (2, 2, 60)),
        (5, Some("r3"), (3, 2, 0)),
        (50, Some("r4"), (4, 2, 0)),
        (5, None, (4, 4, 120)),
        // Nothing waits, so its last count is rolled up at once.
        (60, Some("r5"), (5, 5, 180)),
    ] {
        world.advance_minutes(minutes);
        if let Some(id) = id {
            world.put(id, &[(id, "/a", 302)]);
        }
        let report = world.hourly_pass().await;
        assert_eq!((report.problems, report.hours_left, report.as_of), (vec![], 0, Some(world.now())));
        assert_eq!(world.shown().await, expected, "at {}", world.now());
    }
    let report = world.hourly_pass().await;
    assert_eq!((report.hours, report.written), (0, 0), "nothing waits any more");
}

#[tokio::test]
async fn hours_that_wait_are_rolled_up_after_a_pause_or_by_hand() {
    for by_hand in [false, true] {
        let world = world().await;
        world.advance_minutes(5);
        world.put("1", &[("r1", "/a", 302)]);
        world.hourly_pass().await;
        // Longer than a schedule looks back, and than statistics read hours instead of days.
        world.advance_hours(if by_hand { 0 } else { 24 * 5 });
        let report = if by_hand { world.pass().await } else { world.hourly_pass().await };
        assert_eq!((report.new_files, report.hours, report.problems), (0, 1, vec![]));
        let (counted, ranked, _) = world.shown().await;
        assert_eq!((counted, ranked), (1, 1), "by hand: {by_hand}");
    }
}

#[tokio::test]
async fn whoever_counts_other_files_by_hand_leaves_an_hour_waiting() {
    let world = world().await;
    world.advance_minutes(5);
    world.put("1", &[("r1", "/a", 302)]);
    world.hourly_pass().await;
    let of_the_schedule = super::passes::name("1");
    world.logs.remove(&of_the_schedule);
    world.put("2", &[]);
    let report = world.pass().await;
    assert_eq!(report.problems.len(), 1, "the new file is of an hour whose other file is not named: {report:?}");
    world.logs.remove(&super::passes::name("2"));
    world.logs.put("E2EXAMPLE.2026-11-24-17.x", world.now(), super::passes::log(&[]));
    world.logs.put("E2EXAMPLE.2026-11-24-19.x", world.now(), super::mutants::log_of(&[]));
    let report = world.pass().await;
    assert!(!report.problems.iter().any(|problem| problem.contains("2026-11-24T18")), "{report:?}");
    assert_eq!(world.shown().await, (1, 0, 0));
}
