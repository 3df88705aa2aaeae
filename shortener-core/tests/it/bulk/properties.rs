//! A batch does what its creates do one after the other.

use std::sync::Arc;

use proptest::prelude::*;
use shortener_core::clock::TestClock;
use shortener_core::link::{BaseUrl, CodeGenerator};
use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::wire::{BatchResult, CreateLink, Created, IfExists};

use super::{Engine, Items, create, rehearse};
use crate::fixture::{START, link};

/// The same bytes again and again, so that two tables have the same secret.
#[derive(Debug)]
struct Constant;

impl CodeGenerator for Constant {
    fn entropy(&self) -> [u8; 32] {
        [7; 32]
    }
}

async fn session_on(engine: &Engine) -> Session {
    let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
    let clock = Arc::new(TestClock::at(START.parse().unwrap()));
    let service = Service::new(engine.table(), settings).with_codes(Arc::new(Constant)).with_clock(clock);
    service.prepare_changes().await.unwrap();
    Session::new(Arc::new(service), Caller::direct("ana"))
}

async fn one_by_one(session: &Session, rows: &[CreateLink], mode: Mode) -> Vec<BatchResult> {
    let options = WriteOptions { mode, ..WriteOptions::default() };
    let mut results = Vec::new();
    for row in rows {
        results.push(match session.create(row, &options).await {
            Ok((link, created)) => {
                let status = if created == Created::Existing { 200 } else { 201 };
                BatchResult { status, link: Some(link), problem: None }
            }
            Err(problem) => BatchResult { status: problem.status, link: None, problem: Some(problem) },
        });
    }
    results
}

fn some(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), proptest::sample::select(values).prop_map(|value| Some(value.to_owned()))]
}

fn rows() -> impl Strategy<Value = Vec<CreateLink>> {
    let targets = &["https://example.com/", "https://example.com/a", "https://e.example/?q#f", "ftp://example.com/"];
    let what = (
        proptest::sample::select(&targets[..]),
        some(&["a", "b", "taken", "deleted", "api", "c d"]),
        proptest::collection::vec(proptest::sample::select(&["t", "u", "T"][..]), 0..3),
        some(&["team", "no team"]),
        some(&["2020-01-01", "2026-11-24", "2027-01-01"]),
        some(&["30d", "2026-11-01", "2020-01-01", "never"]),
    );
    let how = (
        1..3_u32,
        proptest::sample::select(&[IfExists::Fail, IfExists::Return, IfExists::NewCode][..]),
        any::<bool>(),
        proptest::option::of(any::<u16>()),
    );
    let row = (what, how).prop_map(|((target, code, tags, owner, created_at, expires_at), how)| {
        let (occurrence, if_exists, disabled, clicks) = how;
        CreateLink {
            target: target.to_owned(),
            code,
            tags: tags.into_iter().map(str::to_owned).collect(),
            owner,
            created_at,
            expires_at,
            occurrence: Some(occurrence),
            if_exists,
            disabled,
            imported_clicks: clicks.map(u64::from),
            ..CreateLink::default()
        }
    });
    proptest::collection::vec(row, 1..24)
}

/// Everything but tag names, which a single create records even if its code turns out to be taken, and events, whose
/// names are drawn.
fn comparable(mut items: Items) -> Items {
    items.retain(|(pk, sk), _| pk != "TAGS" && !sk.starts_with("EVENT#"));
    items
}

async fn compare(rows: &[CreateLink]) {
    let engines = [Engine::memory(), Engine::memory()];
    let sessions = [session_on(&engines[0]).await, session_on(&engines[1]).await];
    for session in &sessions {
        for code in ["taken", "deleted"] {
            let there =
                CreateLink { tags: vec!["t".to_owned()], ..crate::fixture::coded(code, "https://example.com/") };
            session.create(&there, &WriteOptions::default()).await.unwrap();
        }
        session.delete(&link("deleted"), &WriteOptions::default()).await.unwrap();
    }
    let [batches, singles] = &sessions;
    for time in 0..2 {
        let planned = rehearse(batches, rows).await;
        let made = create(batches, rows).await;
        assert_eq!(planned, made, "a dry run tells what will be");
        assert_eq!(made, one_by_one(singles, rows, Mode::Apply).await, "time {time}");
        let after = one_by_one(singles, rows, Mode::DryRun).await;
        assert_eq!(after, rehearse(batches, rows).await, "time {time}");
        let [batches, singles] = &engines;
        assert_eq!(comparable(batches.items().await), comparable(singles.items().await), "time {time}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_batch_makes_what_its_rows_make_one_by_one(rows in rows()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(compare(&rows));
    }
}
