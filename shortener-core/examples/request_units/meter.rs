//! A table in the engine, a service on it, and what is told of each operation.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shortener_core::clock::TestClock;
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::LinkRef;
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::Table;
use shortener_core::table::dynamo::InsertBy;
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::wire::CreateLink;

use crate::Outcome;

/// The host of the links.
pub(crate) const HOST: &str = "s.example";

/// A service on a table of its own.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) engine: InProcess,
    pub(crate) table: Arc<dyn Table>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) service: Arc<Service>,
    pub(crate) session: Session,
}

impl World {
    /// A new table, at noon of a day in the middle of a month.
    pub(crate) async fn new() -> Outcome<Self> {
        let (engine, table) = InProcess::with_table("short").await?;
        engine.stop_recording();
        engine.start_metering();
        let clock = Arc::new(TestClock::at("2026-11-15T12:00:00Z".parse::<Timestamp>()?));
        let settings = Settings::new(BaseUrl::parse(&format!("https://{HOST}"))?);
        let table: Arc<dyn Table> = Arc::new(table);
        let service = Arc::new(Service::new(table.clone(), settings).with_clock(clock.clone()));
        Ok(Self { session: Session::new(service.clone(), caller()), engine, table, clock, service })
    }

    /// Another caller of the same table, whose bulk inserts go another way.
    pub(crate) fn inserting_by(&self, insert_by: InsertBy) -> Session {
        let table = self.engine.table("short").inserting_by(insert_by);
        let service = Service::new(Arc::new(table), self.service.settings().clone()).with_clock(self.clock.clone());
        Session::new(Arc::new(service), caller())
    }

    pub(crate) fn advance_minutes(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    /// Does something to so many things, and tells what it took.
    pub(crate) async fn tell<T, E: Into<Box<dyn std::error::Error>>>(
        &self,
        what: &str,
        things: usize,
        work: impl Future<Output = Result<T, E>>,
    ) -> Outcome<T> {
        self.engine.take_consumed();
        let done = work.await.map_err(Into::into)?;
        tell(&self.engine, what, things);
        Ok(done)
    }
}

/// The name is as long as that of a role of AWS, as it is where commands go to the table.
fn caller() -> Caller {
    Caller::direct("arn:aws:sts::123456789012:assumed-role/importer/session")
}

/// Tells what was taken since the last time.
#[expect(clippy::print_stdout, reason = "the figures are what this is run for")]
pub(crate) fn tell(engine: &InProcess, what: &str, things: usize) {
    let taken = engine.take_consumed();
    let line = json!({
        "what": what,
        "things": things,
        "calls": taken.calls,
        "read_units": taken.read_units,
        "write_units": taken.write_units,
        "untold": taken.untold,
    });
    println!("{line}");
}

/// A link to somewhere usual: the address of a page, about 80 bytes.
pub(crate) fn request(number: usize) -> CreateLink {
    let target = format!("https://www.example.com/campaigns/2026/autumn/newsletter/article-{number:07}.html");
    CreateLink { target, ..CreateLink::default() }
}

pub(crate) fn link(code: &str) -> Outcome<LinkRef> {
    Ok(LinkRef { domain: Domain::default_domain(), code: ShortCode::parse(code)? })
}
