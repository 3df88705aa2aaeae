//! What a pass does, and what it leaves alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use shortener_core::ingest::testing::clicks::Plan;
use shortener_core::ingest::testing::{LEGACY_FIELDS, Written, write_header, write_line};
use shortener_core::ingest::{IngestOptions, Lease, LogLine, Reach, Recount};
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::stats::{Source, Sources};
use shortener_core::table::{Table, Write};
use shortener_core::wire::CreateLink;
use tokio::time::Instant;

use super::super::fixture::coded;
use super::mutants::log_of;
use super::tables::{Behind, CountsWrites};
use super::world::{FIRST, World, clicks, hour, subject};

/// A log of the first hour with these requests: identifier, path, status.
pub(super) fn log(requests: &[(&str, &str, u16)]) -> Vec<u8> {
    log_with(&requests.iter().map(|(id, path, status)| line(id, path, *status)).collect::<Vec<_>>())
}

/// A log with these lines.
pub(super) fn log_with(lines: &[LogLine<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    write_header(&mut out, Written::W3c, &LEGACY_FIELDS);
    for line in lines {
        write_line(&mut out, Written::W3c, &LEGACY_FIELDS, line);
    }
    out
}

pub(super) fn line<'a>(id: &'a str, path: &'a str, status: u16) -> LogLine<'a> {
    LogLine {
        second: hour(FIRST).start().as_second() + 60,
        request_id: id.as_bytes(),
        host: b"s.example",
        method: b"GET",
        path: path.as_bytes(),
        status,
        result: b"Hit",
        user_agent: b"Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:127.0)%20Gecko/20100101%20Firefox/127.0",
        address: b"203.0.113.77",
        ..LogLine::default()
    }
}

/// The name of a file of the first hour.
pub(super) fn name(id: &str) -> String {
    format!("E2EXAMPLE.2026-11-24-18.{id}.gz")
}

pub(super) async fn world() -> World {
    let world = World::with_links(["a".to_owned(), "b".to_owned()]).await;
    world.advance_hours(1);
    world
}

impl World {
    pub(super) fn put(&self, id: &str, requests: &[(&str, &str, u16)]) {
        self.logs.put(&name(id), self.now(), log(requests));
    }

    pub(super) async fn people(&self, code: &str) -> u64 {
        clicks(self.item(subject(code), hour(FIRST)).await.as_ref())[0]
    }
}

#[tokio::test]
async fn a_pass_counts_what_is_new_and_says_how_far_it_is() {
    let world = world().await;
    world.put(
        "1",
        &[("r1", "/a", 302), ("r2", "/a", 302), ("r3", "/nothing", 404), ("r4", "/b", 410), ("r5", "/", 200)],
    );
    world.put("2", &[("r1", "/a", 302), ("r6", "/%62", 302), ("r7", "/gone", 302)]);
    let report = world.pass().await;
    assert_eq!((report.files, report.new_files, report.hours, report.hours_left), (2, 2, 1, 0));
    assert_eq!((report.lines, report.duplicates, report.orphans), (7, 1, 2));
    assert_eq!((world.people("a").await, world.people("b").await), (2, 1));
    let reached = Sources::new(world.table.clone()).of(&Source::edge()).await.unwrap().unwrap();
    assert_eq!((Some(reached.as_of), reached.complete_until), (report.as_of, report.complete_until));
    assert_eq!(report.as_of, Some(world.now()));
    assert_eq!(report.complete_until, Some("2026-11-23T17:00:00Z".parse().unwrap()));
    assert_eq!(world.item(subject("gone"), hour(FIRST)).await, None);
    world.put("3", &[("r8", "/a", 302)]);
    assert_eq!((world.pass().await.new_files, world.people("a").await), (1, 3));
    // Of files that someone names it is known how far they go, and not what comes after them.
    world.advance_hours(5);
    assert_eq!(world.pass().await.as_of, report.as_of);
    for id in ["1", "2", "3"] {
        world.logs.remove(&name(id));
    }
    world.logs.put("E2EXAMPLE.2026-11-24-17.old", world.now(), log_of(&[("r9", -1)]));
    assert_eq!(world.pass().await.as_of, report.as_of, "it never goes back");
}

#[tokio::test]
async fn clicks_on_an_earlier_link_with_the_code_are_orphans() {
    let world = World::with_links([]).await;
    let session = Session::new(world.service(&world.table), Caller::direct("ana"));
    let create = async |code| session.create(&coded(code, "https://example.com/"), &WriteOptions::default()).await;
    create("b").await.unwrap();
    world.advance_hours(2);
    create("a").await.unwrap();
    world.put("1", &[("r1", "/a", 302), ("r2", "/b", 302)]);
    let report = world.pass().await;
    assert_eq!((report.lines, report.orphans, world.people("a").await), (2, 1, 0));
    assert_eq!(world.people("b").await, 1, "of the hour in which it was made, all are its own");
}

#[tokio::test]
async fn a_visit_that_is_sent_from_http_to_https_is_one_click() {
    let world = world().await;
    let upgraded = |id, path| LogLine { result: b"Redirect", ..line(id, path, 301) };
    let nothing = line("r4", "/nothing", 404);
    let lines = [upgraded("r1", "/a"), line("r2", "/a", 302), upgraded("r3", "/nothing"), nothing];
    world.logs.put(&name("1"), world.now(), log_with(&lines));
    let report = world.pass().await;
    assert_eq!((report.lines, report.orphans, world.people("a").await), (4, 1, 1));
    let item = world.item(subject("a"), hour(FIRST)).await.unwrap();
    assert_eq!(item.attributes["edge"], serde_json::json!({"hit": 1}), "nobody asked for it twice");
}

#[tokio::test]
async fn clicks_before_a_link_begins_are_orphans() {
    let world = World::with_links([]).await;
    let session = Session::new(world.service(&world.table), Caller::direct("ana"));
    let create = async |code, hours| {
        let starts_at = Some((world.now() + SignedDuration::from_hours(hours)).to_string());
        let request = CreateLink { starts_at, ..coded(code, "https://example.com/") };
        session.create(&request, &WriteOptions::default()).await.unwrap();
    };
    create("a", 24).await;
    create("b", 0).await;
    world.advance_hours(1);
    // Its domain has a target for what is not found: the answer is a redirect to that.
    world.put("1", &[("r1", "/a", 302), ("r2", "/b", 302)]);
    let report = world.pass().await;
    assert_eq!((report.lines, report.orphans, world.people("a").await), (2, 1, 0));
    assert_eq!(world.people("b").await, 1, "of the hour in which it begins, all are its own");
}

#[tokio::test]
async fn a_dry_run_reports_and_writes_nothing() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302), ("r2", "/nothing", 404)]);
    let counting = Behind::new(&world.table, CountsWrites::default());
    let shared: Arc<dyn Table> = counting.clone();
    let lease = Some(Lease { owner: "dry".to_owned(), length: Duration::from_mins(1) });
    let options = IngestOptions { mode: Mode::DryRun, lease, ..IngestOptions::default() };
    let report = world.ingest(&shared, options).run().await.unwrap();
    assert_eq!((report.lines, report.orphans, report.hours, report.hours_left, report.written), (2, 1, 1, 0, 0));
    assert_eq!(counting.between.0.load(Ordering::SeqCst), 0);
    assert_eq!(world.pass().await.new_files, 1);
}

#[tokio::test]
async fn what_was_counted_is_counted_again_when_asked() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302), ("r2", "/a", 302)]);
    world.pass().await;
    // As an older version counted it, which knew other crawlers.
    let mut item = world.item(subject("a"), hour(FIRST)).await.unwrap();
    item.attributes.insert("clicks".to_owned(), serde_json::json!({"human": 1, "bot": 1}));
    world.table.write(&[Write::put(item)]).await.unwrap();
    assert_eq!((world.pass().await.hours, world.people("a").await), (0, 1));
    let again = || IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    let report = world.pass_with(again()).await.unwrap();
    assert_eq!((report.hours, report.new_files, world.people("a").await), (1, 0, 2));
    assert_eq!(world.pass_with(again()).await.unwrap().unchanged, 2, "the link and its domain");
    // Of a file with lines of two hours, both are.
    world.logs.put("E2EXAMPLE.2026-11-24-20.2", world.now(), log_of(&[("r3", 1), ("r4", 2)]));
    world.advance_hours(2);
    assert_eq!(world.pass().await.hours, 2);
    assert_eq!(world.pass_with(again()).await.unwrap().hours, 3);
}

#[tokio::test]
async fn files_of_another_distribution_are_left_alone_and_named() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302)]);
    world.logs.put("EOTHER.2026-11-24-18.x", world.now(), log(&[("r2", "/a", 302)]));
    let report = world.pass().await;
    assert_eq!((report.files, report.problems.len(), report.as_of, world.people("a").await), (0, 2, None, 0));
    let recent = IngestOptions { reach: Reach::Recent, ..IngestOptions::default() };
    assert_eq!(world.pass_with(recent).await.unwrap().as_of, None, "which files are meant is not known");
    let options = IngestOptions { distribution: Some("E2EXAMPLE".to_owned()), ..IngestOptions::default() };
    let report = world.pass_with(options).await.unwrap();
    let problem = "1 file of distribution EOTHER left alone: only those of E2EXAMPLE are counted";
    assert_eq!((report.files, &report.problems[..]), (1, &[problem.to_owned()][..]));
    assert_eq!(world.people("a").await, 1);
}

#[tokio::test]
async fn while_the_distribution_is_not_known_no_hour_becomes_final() {
    let world = world().await;
    let recent = || IngestOptions { reach: Reach::Recent, ..IngestOptions::default() };
    world.put("1", &[("r1", "/a", 302)]);
    let before = world.pass_with(recent()).await.unwrap();
    world.logs.put("EOTHER.2026-11-24-19.x", world.now(), log_of(&[("r2", 1)]));
    world.put("2", &[("r3", "/a", 302)]);
    for _ in 0..30 {
        world.advance_hours(1);
        let report = world.pass_with(recent()).await.unwrap();
        assert_eq!((report.as_of, report.complete_until), (before.as_of, before.complete_until));
        let what_to_set = "name one, by --distribution or by SHORT_DISTRIBUTION_ID of the function";
        assert!(report.problems.iter().all(|problem| problem.ends_with(what_to_set)), "{:?}", report.problems);
    }
    world.logs.remove("EOTHER.2026-11-24-19.x");
    let report = world.pass_with(recent()).await.unwrap();
    assert_eq!((world.people("a").await, report.as_of), (2, Some(world.now())));
    assert_eq!(report.complete_until, Some(hour("2026-11-24T23").start()));
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_counted_in_parts() {
    let plan = Plan { hours: 2, late_files: 0, ..Plan::new(9, 3_000, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    world.advance_hours(4);
    let options = IngestOptions { memory_bytes: 25_000, ..IngestOptions::default() };
    let report = world.pass_with(options).await.unwrap();
    assert_eq!(world.differences(&plan, &truth).await, Vec::<String>::new());
    assert_eq!((report.lines, report.duplicates), (truth.lines, truth.duplicates));
    assert!(world.logs.opened() > 50, "{}", world.logs.opened());
}

#[tokio::test]
async fn a_run_stops_at_its_deadline_and_the_next_one_goes_on() {
    let plan = Plan { hours: 3, late_files: 0, ..Plan::new(9, 300, hour(FIRST)) };
    let (world, truth) = World::of(&plan).await;
    world.advance_hours(5);
    let options = IngestOptions { deadline: Some(Instant::now()), ..IngestOptions::default() };
    let report = world.pass_with(options).await.unwrap();
    assert_eq!((report.hours, report.hours_left, report.as_of), (0, 3, None));
    assert_eq!(world.pass().await.hours_left, 0);
    assert_eq!(world.differences(&plan, &truth).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pause_of_the_schedule_is_made_up_for() {
    let world = world().await;
    let recent = || IngestOptions { reach: Reach::Recent, ..IngestOptions::default() };
    world.pass_with(recent()).await.unwrap();
    world.put("1", &[("r1", "/a", 302)]);
    world.advance_hours(24 * 5);
    let report = world.pass_with(recent()).await.unwrap();
    assert_eq!((report.new_files, world.people("a").await), (1, 1));
    // An edge whose clock is ahead names its file for the hour after this one.
    world.logs.put("E2EXAMPLE.2026-11-29-20.ahead", world.now(), log_of(&[("r2", 24 * 5 + 1)]));
    assert_eq!(world.pass_with(recent()).await.unwrap().new_files, 1);
}

#[tokio::test]
async fn a_file_is_opened_once_unless_it_has_many_lines_of_other_hours() {
    let world = world().await;
    let ids: Vec<_> = (0..3_000).map(|id| format!("r{id}")).collect();
    for (many, opened) in [(10, 1), (3_000, 2)] {
        let lines: Vec<_> = ids[..many].iter().map(|id| (id.as_str(), 1)).collect();
        let before = world.logs.opened();
        world.logs.put(&name("0"), world.now(), log_of(&lines));
        world.pass_with(IngestOptions { without_missing: true, ..IngestOptions::default() }).await.unwrap();
        let next = clicks(world.item(subject("a"), hour("2026-11-24T19")).await.as_ref())[0];
        assert_eq!((next, world.logs.opened() - before), (many as u64, opened));
    }
}
