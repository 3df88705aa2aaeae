//! Files in several places, and what fails for good or for one link alone.

use std::io::Read;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::ingest::{
    Ingest, IngestError, IngestOptions, IngestReport, LogFile, LogSource, Reach, SourceError,
};
use shortener_core::stats::Hour;
use shortener_core::table::{Table, TableError, keys};
use tokio::time::Instant;

use super::mutants::log_of;
use super::passes::{log, name, world};
use super::tables::{Behind, Between, Request};
use super::world::{FIRST, clicks, hour, subject};

/// The logs of two places.
#[derive(Debug)]
struct Places([Arc<MemoryLogs>; 2]);

#[async_trait]
impl LogSource for Places {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        let mut files = Vec::new();
        for (place, logs) in self.0.iter().enumerate() {
            let listed = logs.list(hours.clone()).await?.into_iter();
            files.extend(listed.map(|file| LogFile { location: format!("{place}{}", file.location), ..file }));
        }
        Ok(files)
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        let (place, location) = file.location.split_at(1);
        let file = LogFile { location: location.to_owned(), ..file.clone() };
        self.0[usize::from(place == "1")].open(&file).await
    }
}

#[tokio::test]
async fn files_of_one_name_in_two_places_are_two_unless_they_are_the_same() {
    let world = world().await;
    let places = [world.logs.clone(), Arc::new(MemoryLogs::new(world.clock.clone()))];
    for (place, own) in places.iter().zip(["r1", "r2"]) {
        place.put(&name("same"), world.now(), log(&[("r3", "/a", 302)]));
        place.put(&name("other"), world.now(), log(&[(own, "/a", 302)]));
    }
    let source: Arc<dyn LogSource> = Arc::new(Places(places));
    let pass = || Ingest::new(world.service(&world.table), source.clone(), IngestOptions::default());
    let report = pass().run().await.unwrap();
    assert_eq!((report.files, report.lines, report.duplicates, report.hours_left), (3, 3, 0, 0));
    assert_eq!(world.people("a").await, 3);
    assert_eq!(pass().run().await.unwrap().new_files, 0);
}

/// Does not list, for good or for now, and counts how often it is asked.
#[derive(Debug)]
struct Failing {
    for_good: bool,
    asked: AtomicU64,
}

impl Failing {
    fn error(&self) -> SourceError {
        let place = "logs".to_owned();
        if self.for_good {
            SourceError::Refused { place, reason: "no permission".to_owned() }
        } else {
            SourceError::Unavailable { place, source: "no connection".into() }
        }
    }
}

#[async_trait]
impl LogSource for Failing {
    async fn list(&self, _: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Err(self.error())
    }

    async fn open(&self, _: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        Err(self.error())
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_good_or_beyond_the_deadline_is_asked_once() {
    let world = world().await;
    for (for_good, deadline, is_once) in [(true, None, true), (false, Some(Instant::now()), true), (false, None, false)]
    {
        let failing = Arc::new(Failing { for_good, asked: AtomicU64::new(0) });
        let options = IngestOptions { deadline, ..IngestOptions::default() };
        let failed = Ingest::new(world.service(&world.table), failing.clone(), options).run().await;
        assert!(matches!(failed, Err(IngestError::Source(_))));
        assert_eq!(failing.asked.load(Ordering::SeqCst) == 1, is_once, "{failing:?}");
    }
}

/// Takes no statistics of one link.
#[derive(Debug)]
struct TakesNone(&'static str);

#[async_trait]
impl Between for TakesNone {
    async fn before(&self, what: Request<'_>) -> Result<(), TableError> {
        let refused = keys::hour_stats(&subject(self.0), hour(FIRST), "edge");
        match what {
            Request::Write(writes) if writes.iter().any(|write| *write.key() == refused) => {
                Err(TableError::BadItem("too odd".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_stored_is_named_and_keeps_no_other_from_it() {
    let world = world().await;
    world.put("1", &[("r1", "/a", 302), ("r2", "/b", 302)]);
    let table: Arc<dyn Table> = Behind::new(&world.table, TakesNone("a"));
    let report = world.ingest(&table, IngestOptions::default()).run().await.unwrap();
    assert_eq!((world.people("a").await, world.people("b").await), (0, 1));
    assert!(report.problems[0].starts_with("hour 2026-11-24T18: link a: "), "{:?}", report.problems);
}

/// Opens a file of hours that are large after twenty minutes, and others after a second.
#[derive(Debug)]
struct Slow(Arc<MemoryLogs>);

#[async_trait]
impl LogSource for Slow {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        self.0.list(hours).await
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        tokio::time::sleep(Duration::from_secs(if file.name.contains("large") { 1_200 } else { 1 })).await;
        self.0.open(file).await
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_that_takes_longer_than_a_run_may_is_named_and_holds_up_no_other() {
    let world = world().await;
    world.advance_hours(5);
    let people = async |hours| clicks(world.item(subject("a"), hour(FIRST).plus(hours)).await.as_ref())[0];
    let put = |hours: i64, id: &str| {
        let named = hour(FIRST).plus(hours).to_string().replace('T', "-");
        world.logs.put(&format!("E2EXAMPLE.{named}.{id}"), world.now(), log_of(&[(id, hours)]));
    };
    let run = async |seconds| {
        let source: Arc<dyn LogSource> = Arc::new(Slow(world.logs.clone()));
        let deadline = Some(Instant::now() + Duration::from_secs(seconds));
        let options = IngestOptions { deadline, reach: Reach::Recent, ..IngestOptions::default() };
        Ingest::new(world.service(&world.table), source, options).run().await.unwrap()
    };
    put(0, "large");
    put(2, "r2");
    put(4, "r4");
    let named = "hour 2026-11-24T18 takes longer than a run may: later ones try it last";
    let is_named = |report: &IngestReport| report.problems.len() == 1 && report.problems[0].starts_with(named);
    let report = run(880).await;
    assert!(is_named(&report) && report.hours_left == 3, "{report:?}");
    // The others are counted first from now on, and those that come later as well.
    let report = run(880).await;
    assert!(is_named(&report) && (report.hours, report.hours_left) == (2, 1), "{report:?}");
    put(2, "r2 again");
    let report = run(880).await;
    assert!(is_named(&report) && (report.hours, report.hours_left) == (1, 1), "{report:?}");
    assert_eq!([people(0).await, people(2).await, people(4).await], [0, 2, 1]);
    world.advance_hours(40);
    assert_eq!(run(880).await.complete_until, Some(hour(FIRST).plus(-1).start()), "it is waited for");
    // With enough time it is counted, and is one like any other then.
    let report = run(2_000).await;
    assert_eq!((report.problems, report.hours_left, people(0).await), (vec![], 0, 1));
    let report = run(880).await;
    assert_eq!((report.new_files, report.written), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_hour_that_only_came_at_the_end_of_a_run_is_no_problem_and_comes_first_in_the_next() {
    let world = world().await;
    world.advance_hours(3);
    for hours in [0, 2] {
        let named = hour(FIRST).plus(hours).to_string().replace('T', "-");
        // Eight minutes each.
        for id in 0..480 {
            world.logs.put(
                &format!("E2EXAMPLE.{named}.{id}"),
                world.now(),
                log_of(&[(&format!("{hours} {id}"), hours)]),
            );
        }
    }
    let run = async |seconds| {
        let source: Arc<dyn LogSource> = Arc::new(Slow(world.logs.clone()));
        let deadline = Some(Instant::now() + Duration::from_secs(seconds));
        let options = IngestOptions { deadline, reach: Reach::Recent, ..IngestOptions::default() };
        Ingest::new(world.service(&world.table), source, options).run().await.unwrap()
    };
    let report = run(200).await;
    assert_eq!((report.hours, report.hours_left, report.problems), (1, 1, vec![]));
    let report = run(200).await;
    assert_eq!((report.hours, report.hours_left, report.problems), (1, 0, vec![]));
}
