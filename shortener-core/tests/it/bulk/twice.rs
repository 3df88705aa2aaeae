//! The same rows again.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use shortener_core::link::BaseUrl;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Service, Settings};
use shortener_core::table::dynamo::InsertBy;
use shortener_core::wire::{CreateLink, IfExists, LinkFilter, Patch, UpdateLink};

use super::{
    Engine, coded_row, codes, create, links, mixed, nth, owned, problem, rehearse, row, session, statuses, tagged,
};
use crate::fixture::{Fixture, link, service_on, to};

#[tokio::test]
async fn the_same_rows_sent_again_by_anyone_write_nothing() {
    for engine in Engine::all().await {
        let name = engine.name();
        let (service, clock) = service_on(engine.table());
        let rows = mixed(120);
        let planned = rehearse(&session(&service, "ana"), &rows).await;
        assert!(statuses(&planned).iter().all(|status| *status == 201), "{name}");
        assert_eq!(links(&engine.items().await), 0, "{name}: a dry run writes no link");
        let first = create(&session(&service, "ana"), &rows).await;
        assert_eq!(first, planned, "{name}");
        let items = engine.items().await;
        assert_eq!(links(&items), rows.len(), "{name}");
        clock.advance(SignedDuration::from_hours(24));
        // Another process of another person.
        let (service, later) = service_on(engine.table());
        later.advance(SignedDuration::from_hours(24));
        for again in [rehearse(&session(&service, "bob"), &rows).await, create(&session(&service, "bob"), &rows).await]
        {
            assert!(statuses(&again).iter().all(|status| *status == 200), "{name}");
            let links = |results: &[shortener_core::wire::BatchResult]| -> Vec<_> {
                results.iter().map(|result| result.link.clone()).collect()
            };
            assert_eq!(links(&again), links(&first), "{name}");
        }
        assert_eq!(engine.items().await, items, "{name}");
    }
}

#[tokio::test]
async fn a_service_for_dry_runs_stores_no_secret_and_uses_the_one_that_is_stored() {
    let rows = mixed(20);
    for engine in Engine::all().await {
        let name = engine.name();
        let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
        let dry = || Arc::new(Service::new(engine.table(), settings.clone()).for_dry_runs());
        let planned = rehearse(&session(&dry(), "ana"), &rows).await;
        assert!(statuses(&planned).iter().all(|status| *status == 201), "{name}");
        assert_eq!(engine.items().await, BTreeMap::new(), "{name}");
        let (service, _) = service_on(engine.table());
        service.prepare_changes().await.unwrap();
        let planned = rehearse(&session(&dry(), "ana"), &rows).await;
        assert_eq!(codes(&create(&session(&service, "ana"), &rows).await), codes(&planned), "{name}");
    }
}

#[tokio::test]
async fn rows_with_entries_are_read_before_anything_is_written() {
    for insert_by in [InsertBy::default(), InsertBy::Statements { in_flight: 4 }] {
        let engine = Engine::dynamo(insert_by).await;
        let (service, _) = service_on(engine.table());
        let rows: Vec<_> =
            (0..60).map(|at| tagged(&["t"], owned("team", row(&format!("https://example.com/{at}"))))).collect();
        create(&session(&service, "ana"), &rows).await;
        assert!(!engine.writes().unwrap().is_empty());
        assert_eq!(statuses(&create(&session(&service, "ana"), &rows).await), [200; 60]);
        assert_eq!(engine.writes().unwrap(), [], "{}", engine.name());
        rehearse(&session(&service, "ana"), &mixed(60)).await;
        assert_eq!(engine.writes().unwrap(), [], "{}: a dry run only reads", engine.name());
    }
}

#[tokio::test]
async fn an_edited_row_is_another_link_and_the_untouched_ones_are_found() {
    let fixture = Fixture::new();
    let mut rows = mixed(30);
    let first = create(&fixture.session, &rows).await;
    rows[1].title = Some("Edited".to_owned());
    rows[2] = to("https://example.com/replaced");
    rows[2].occurrence = Some(1);
    let second = create(&fixture.session, &rows).await;
    let expected: Vec<u16> = (0..30).map(|at| if at == 1 || at == 2 { 201 } else { 200 }).collect();
    assert_eq!(statuses(&second), expected);
    assert_ne!(codes(&first)[1], codes(&second)[1]);
}

#[tokio::test]
async fn later_edits_by_people_are_respected() {
    let fixture = Fixture::new();
    let rows = [coded_row("a", "https://example.com/1"), tagged(&["t"], row("https://example.com/2"))];
    let first = create(&fixture.session, &rows).await;
    for code in codes(&first) {
        let edit = UpdateLink { title: Patch::Set("Mine".to_owned()), tags: Some(vec![]), ..UpdateLink::default() };
        fixture.session.update(&link(code), &edit, &WriteOptions::default()).await.unwrap();
    }
    fixture.session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    let again = create(&fixture.session, &rows).await;
    assert_eq!(statuses(&again), [200, 200], "also of a link that is deleted by now");
    let titles = again.iter().map(|result| result.link.as_ref().unwrap().title.as_deref());
    assert_eq!(titles.collect::<Vec<_>>(), [Some("Mine"), Some("Mine")]);
    let tagged = LinkFilter { tag: Some("t".to_owned()), ..LinkFilter::default() };
    assert_eq!(fixture.session.list(&tagged).await.unwrap().links, [], "no entry came back");
}

#[tokio::test]
async fn rows_alike_are_told_apart_by_their_occurrence() {
    let fixture = Fixture::new();
    let rows: Vec<_> = (1..=5).map(|n| nth(n, to("https://example.com/"))).collect();
    let first = create(&fixture.session, &rows).await;
    assert_eq!(statuses(&first), [201; 5]);
    let distinct: std::collections::HashSet<_> = codes(&first).into_iter().collect();
    assert_eq!(distinct.len(), 5);
    let backwards: Vec<_> = rows.iter().rev().cloned().collect();
    let again = create(&fixture.session, &backwards).await;
    assert_eq!(statuses(&again), [200; 5]);
    assert!(codes(&again).iter().rev().eq(codes(&first).iter()));
}

#[tokio::test]
async fn of_two_rows_with_one_code_the_first_wins_and_the_other_is_judged_by_it() {
    for engine in Engine::all().await {
        let (service, _) = service_on(engine.table());
        let rows = [
            tagged(&["first"], coded_row("a", "https://example.com/1")),
            coded_row("a", "https://example.com/2"),
            tagged(&["first"], coded_row("a", "https://example.com/1")),
            CreateLink { if_exists: IfExists::Return, ..coded_row("a", "https://example.com/3") },
            CreateLink { if_exists: IfExists::NewCode, ..coded_row("a", "https://example.com/4") },
            row("https://example.com/5"),
            row("https://example.com/5"),
        ];
        let session = session(&service, "ana");
        for results in [rehearse(&session, &rows).await, create(&session, &rows).await] {
            assert_eq!(statuses(&results), [201, 409, 200, 200, 201, 201, 200], "{}", engine.name());
            assert_eq!(problem(&results[1]).link.as_deref(), results[0].link.as_ref(), "{}", engine.name());
            assert_eq!((&results[2].link, &results[3].link), (&results[0].link, &results[0].link));
            assert_eq!(results[5].link, results[6].link);
        }
        assert_eq!(links(&engine.items().await), 3, "{}", engine.name());
    }
}
