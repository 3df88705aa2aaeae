//! What the simulation found: answers that said more than was known, and an end that came with its retention already over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::service::{Caller, Session};
use shortener_core::table::fault::{Call, Fate, Fault, FaultTable, Faults, Primitive};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Table, keys};
use shortener_core::wire::{CreateLink, LinkState, Patch, ProblemCode, UpdateLink};

use super::fixture::{Fixture, Reads, ScriptedTable, coded, keyed, link, service_on};

/// The fates of the next transactions; everything else goes well.
#[derive(Debug, Default)]
struct Transactions(Mutex<VecDeque<Fate>>);

impl Faults for Transactions {
    fn fate(&self, call: &Call) -> Fate {
        let next = || self.0.lock().unwrap().pop_front();
        (call.primitive == Primitive::Transaction).then(next).flatten().unwrap_or_default()
    }
}

fn failing(fault: Fault) -> Fate {
    Fate { fault: Some(fault), ..Fate::default() }
}

fn titled(title: &str) -> UpdateLink {
    UpdateLink { title: Patch::Set(title.to_owned()), ..UpdateLink::default() }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_after_a_lost_reply_does_not_say_that_nothing_was_done() {
    let faults = Arc::new(Transactions::default());
    let table = Arc::new(FaultTable::new(Arc::new(MemoryTable::new()), faults.clone()));
    let session = Session::new(service_on(table).0, Caller::direct("ana"));
    session.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    *faults.0.lock().unwrap() = [failing(Fault::FailAfter), failing(Fault::Throttle)].into();
    let problem = session.update(&link("a"), &titled("t"), &WriteOptions::default()).await.unwrap_err();
    assert_eq!(session.get(&link("a")).await.unwrap().title.as_deref(), Some("t"));
    assert_eq!(problem.code, ProblemCode::OutcomeUnknown, "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_after_a_lost_reply_does_not_say_that_nothing_was_done() {
    let memory = Arc::new(MemoryTable::new());
    let table = ScriptedTable::over(&memory);
    let session = Session::new(service_on(table.clone()).0, Caller::direct("ana"));
    session.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    let (sick, other) = (table.clone(), Session::new(service_on(memory).0, Caller::direct("bob")));
    table.lose_reply(async move {
        let update = UpdateLink { disabled: Some(true), ..UpdateLink::default() };
        other.update(&link("a"), &update, &WriteOptions::default()).await.unwrap();
        sick.read_as(Reads::Stale(None));
    });
    let problem = session.update(&link("a"), &titled("t"), &WriteOptions::default()).await.unwrap_err();
    table.read_as(Reads::Right);
    assert_eq!(session.get(&link("a")).await.unwrap().title.as_deref(), Some("t"));
    assert_eq!(problem.code, ProblemCode::OutcomeUnknown, "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_change_shows_the_link_as_the_first_request_stored_it() {
    let faults = Arc::new(Transactions::default());
    let table = Arc::new(FaultTable::new(Arc::new(MemoryTable::new()), faults.clone()));
    let (service, clock) = service_on(table);
    let session = Session::new(service, Caller::direct("ana"));
    session.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    // What the first request sent arrives while the second one is on its way.
    let slow = Fate { before: Duration::from_secs(9), ..Fate::default() };
    let late = failing(Fault::Late(Duration::from_secs(5)));
    *faults.0.lock().unwrap() = [late, failing(Fault::Throttle), slow].into();
    session.update(&link("a"), &titled("t"), &keyed("k")).await.unwrap_err();
    clock.advance(SignedDuration::from_secs(1));
    let told = session.update(&link("a"), &titled("t"), &keyed("k")).await.unwrap();
    let stored = session.get(&link("a")).await.unwrap();
    assert_eq!((told.version, told.updated_at), (stored.version, stored.updated_at));
}

#[tokio::test]
async fn a_link_that_is_ended_long_ago_by_a_change_is_retired_from_that_change_on() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    let ended = UpdateLink { expires_at: Patch::Set("2020-01-01T00:00:00Z".to_owned()), ..UpdateLink::default() };
    fixture.session.update(&link("a"), &ended, &WriteOptions::default()).await.unwrap();
    fixture.advance(399 * 86_400);
    assert_eq!(fixture.session.get(&link("a")).await.unwrap().state, LinkState::Expired);
    let refused = fixture.refused(coded("a", "https://example.com/other")).await;
    assert_eq!(refused.code, ProblemCode::CodeRetired);
    fixture.advance(2 * 86_400);
    fixture.create(coded("a", "https://example.com/other")).await;
}

#[tokio::test]
async fn a_delete_that_is_repeated_does_not_delete_the_link_that_took_the_code_over() {
    let fixture = Fixture::new();
    fixture.create(coded("a", "https://example.com/")).await;
    fixture.session.delete(&link("a"), &keyed("k")).await.unwrap();
    fixture.create(CreateLink { reissue: true, ..coded("a", "https://example.com/other") }).await;
    let told = fixture.session.delete(&link("a"), &keyed("k")).await.unwrap();
    assert_eq!((told.state, told.target.as_str()), (LinkState::Active, "https://example.com/other"));
    fixture.session.delete(&link("a"), &keyed("another")).await.unwrap();
    assert_eq!(fixture.session.get(&link("a")).await.unwrap().state, LinkState::Deleted);
}

/// Between the read of the link and that of its events its code is handed on: the answer is of the link that was read.
#[tokio::test(start_paused = true)]
async fn a_history_does_not_mix_with_that_of_the_link_that_takes_the_code_over() {
    #[derive(Debug)]
    struct SlowQueries;
    impl Faults for SlowQueries {
        fn fate(&self, call: &Call) -> Fate {
            let before = if call.primitive == Primitive::Query { Duration::from_secs(5) } else { Duration::ZERO };
            Fate { before, ..Fate::default() }
        }
    }
    let memory = Arc::new(MemoryTable::new());
    let ana = Session::new(service_on(memory.clone()).0, Caller::direct("ana"));
    ana.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    ana.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    let slow =
        Session::new(service_on(Arc::new(FaultTable::new(memory, Arc::new(SlowQueries)))).0, Caller::direct("bob"));
    let reading = tokio::spawn(async move { slow.history(&link("a"), 100, None).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let next = CreateLink { reissue: true, ..coded("a", "https://example.com/other") };
    ana.create(&next, &WriteOptions::default()).await.unwrap();
    ana.update(&link("a"), &titled("t"), &WriteOptions::default()).await.unwrap();
    let told = reading.await.unwrap().unwrap();
    assert_eq!(told.events.iter().map(|event| event.version).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn what_a_late_replica_still_has_of_a_link_that_is_over_is_no_404() {
    let memory = Arc::new(MemoryTable::new());
    let table = ScriptedTable::over(&memory);
    let (service, clock) = service_on(table.clone());
    let session = Session::new(service.clone(), Caller::direct("ana"));
    session.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    let key = keys::link(&link("a").domain, &link("a").code);
    let over = memory.get(&key, Consistency::Strong).await.unwrap();
    clock.advance(SignedDuration::from_hours(24 * 401));
    session.create(&coded("a", "https://example.com/other"), &WriteOptions::default()).await.unwrap();
    table.read_as(Reads::Stale(over));
    let resolver = Resolver::new(service, None);
    assert_eq!(resolver.resolve("s.example", &link("a").code).await, Resolution::Unavailable);
}
