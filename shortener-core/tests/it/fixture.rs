//! A service over a table in memory, at a moment that the test sets.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shortener_core::clock::TestClock;
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::Table;
use shortener_core::table::memory::MemoryTable;
use shortener_core::wire::{CreateLink, Link, Problem, ProblemCode};

/// The moment at which tests begin.
pub(crate) const START: &str = "2026-11-24T12:00:00Z";

pub(crate) struct Fixture {
    pub(crate) table: Arc<MemoryTable>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) service: Arc<Service>,
    pub(crate) session: Session,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let table = Arc::new(MemoryTable::new());
        let shared: Arc<dyn Table> = table.clone();
        let (service, clock) = service_on(shared);
        Self { session: Session::new(service.clone(), Caller::direct("ana")), table, clock, service }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn create(&self, request: CreateLink) -> Link {
        self.session.create(&request, &WriteOptions::default()).await.unwrap().0
    }

    pub(crate) async fn refused(&self, request: CreateLink) -> Problem {
        self.session.create(&request, &WriteOptions::default()).await.unwrap_err()
    }
}

/// A service with a clock of its own over any table.
pub(crate) fn service_on(table: Arc<dyn Table>) -> (Arc<Service>, Arc<TestClock>) {
    let clock = Arc::new(TestClock::at(START.parse::<Timestamp>().unwrap()));
    let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
    (Arc::new(Service::new(table, settings).with_clock(clock.clone())), clock)
}

pub(crate) fn to(target: &str) -> CreateLink {
    CreateLink { target: target.to_owned(), ..CreateLink::default() }
}

pub(crate) fn coded(code: &str, target: &str) -> CreateLink {
    CreateLink { code: Some(code.to_owned()), ..to(target) }
}

pub(crate) fn link(code: &str) -> LinkRef {
    LinkRef { domain: Domain::default_domain(), code: ShortCode::parse(code).unwrap() }
}

pub(crate) fn keyed(key: &str) -> WriteOptions {
    WriteOptions { idempotency_key: Some(key.to_owned()), ..WriteOptions::default() }
}

pub(crate) fn violations(problem: &Problem) -> Vec<(&str, &str)> {
    assert_eq!(problem.code, ProblemCode::Invalid, "{problem:?}");
    problem.errors.iter().map(|e| (e.pointer.as_str(), e.code.as_str())).collect()
}
