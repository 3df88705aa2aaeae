//! A table with links, logs that come in virtual time, and the truth.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shortener_core::clock::{Clock, TestClock};
use shortener_core::ingest::testing::clicks::{Plan, Truth, code};
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::ingest::{Ingest, IngestError, IngestOptions, IngestReport, LogSource};
use shortener_core::link::{BaseUrl, Domain, ShortCode};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::stats::tally::Counts;
use shortener_core::stats::{Class, Hour, Month, Period, Subject};
use shortener_core::table::keys::{self, Index, attribute};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::{Consistency, Item, Order, Query, SortRange, Table};

use super::super::fixture::coded;

/// The first hour of the logs.
pub(super) const FIRST: &str = "2026-11-24T18";

pub(super) struct World {
    pub(super) table: Arc<dyn Table>,
    pub(super) clock: Arc<TestClock>,
    pub(super) logs: Arc<MemoryLogs>,
}

pub(super) fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

impl World {
    /// A table in memory with these links, made long before; the clock stands at the first hour.
    pub(super) async fn with_links(codes: impl IntoIterator<Item = String>) -> Self {
        Self::on(Arc::new(MemoryTable::new()), codes).await
    }

    /// The same on a table of one's own.
    pub(super) async fn on(table: Arc<dyn Table>, codes: impl IntoIterator<Item = String>) -> Self {
        let begin: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let clock = Arc::new(TestClock::at(begin));
        let logs = Arc::new(MemoryLogs::new(clock.clone()));
        let world = Self { table, clock, logs };
        let session = Session::new(world.service(&world.table), Caller::direct("ana"));
        for code in codes {
            let request = coded(&code, "https://example.com/");
            session.create(&request, &WriteOptions::default()).await.unwrap();
        }
        world.clock.advance(hour(FIRST).start().duration_since(begin));
        world
    }

    /// The links of a plan, and its logs.
    pub(super) async fn of(plan: &Plan) -> (Self, Truth) {
        let world = Self::with_links((0..plan.links).map(code)).await;
        let truth = plan.write(&mut |log| world.logs.put(&log.name, log.arrives, log.bytes));
        (world, truth)
    }

    pub(super) fn service(&self, table: &Arc<dyn Table>) -> Arc<Service> {
        let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
        Arc::new(Service::new(table.clone(), settings).with_clock(self.clock.clone()))
    }

    pub(super) fn ingest(&self, table: &Arc<dyn Table>, options: IngestOptions) -> Ingest {
        let logs: Arc<dyn LogSource> = self.logs.clone();
        Ingest::new(self.service(table), logs, options)
    }

    /// One pass over all files that are there.
    pub(super) async fn pass(&self) -> IngestReport {
        self.pass_with(IngestOptions::default()).await.unwrap()
    }

    pub(super) async fn pass_with(&self, options: IngestOptions) -> Result<IngestReport, IngestError> {
        self.ingest(&self.table, options).run().await
    }

    pub(super) fn advance_hours(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn item(&self, key: Subject, hour: Hour) -> Option<Item> {
        self.table.get(&keys::hour_stats(&key, hour, "edge"), Consistency::Strong).await.unwrap()
    }

    /// Where what is stored differs from the truth.
    pub(super) async fn differences(&self, plan: &Plan, truth: &Truth) -> Vec<String> {
        let mut differences = Vec::new();
        let hours: Vec<_> = (-1..=i64::from(plan.hours)).map(|hour| plan.first.plus(hour)).collect();
        for link in 0..plan.links {
            let of = |hour: &Hour| truth.clicks.get(&(link, *hour)).copied().unwrap_or_default();
            self.check(&subject(&code(link)), &hours, &of, &mut differences).await;
            for hour in &hours {
                let item = self.item(subject(&code(link)), *hour).await;
                let gone = item.and_then(|item| item.number("gone")).unwrap_or(0);
                let expected = truth.gone.get(&(link, *hour)).copied().unwrap_or(0);
                note(&mut differences, || format!("gone {link} {hour}"), &gone, &i64::try_from(expected).unwrap());
            }
        }
        let of = |hour: &Hour| {
            let mut sum = Counts::default();
            truth.clicks.iter().filter(|((_, other), _)| other == hour).for_each(|(_, counts)| sum.add(counts));
            sum
        };
        let site = Subject::Site(Domain::default_domain());
        self.check(&site, &hours, &of, &mut differences).await;
        for hour in &hours {
            let item = self.item(site.clone(), *hour).await;
            let orphans = item.and_then(|item| item.number("orphans")).unwrap_or(0);
            let expected = truth.orphans.get(hour).copied().unwrap_or(0);
            note(&mut differences, || format!("orphans {hour}"), &orphans, &i64::try_from(expected).unwrap());
        }
        differences
    }

    /// Compares hours, days, months, the total and the rankings of a subject.
    async fn check(
        &self,
        subject: &Subject,
        hours: &[Hour],
        truth: &(dyn Fn(&Hour) -> Counts + Sync),
        differences: &mut Vec<String>,
    ) {
        let mut periods: Vec<(Period, Counts)> = Vec::new();
        for hour in hours {
            let expected = truth(hour);
            let stored = clicks(self.item(subject.clone(), *hour).await.as_ref());
            note(differences, || format!("{subject:?} {hour}"), &stored, &by_class(&expected));
            for period in [Period::Day(hour.date()), Period::Month(Month::of(hour.date())), Period::Total] {
                match periods.iter_mut().find(|(other, _)| *other == period) {
                    Some((_, sum)) => sum.add(&expected),
                    None => periods.push((period, expected)),
                }
            }
        }
        for (period, expected) in periods {
            let item = self.table.get(&keys::period_stats(subject, period), Consistency::Strong).await.unwrap();
            let stored = match period {
                Period::Day(_) => clicks(item.as_ref()),
                Period::Month(_) => parts(item.as_ref(), "days"),
                Period::Total => parts(item.as_ref(), "months"),
            };
            note(differences, || format!("{subject:?} {period:?}"), &stored, &by_class(&expected));
            if let Subject::Link(domain, code) = subject {
                let ranked =
                    self.ranked(&keys::top_partition(domain, period, keys::shard(domain, code)), subject).await;
                let people = (expected.total() > 0).then_some(i64::try_from(expected.human).unwrap());
                note(
                    differences,
                    || format!("rank of {subject:?} {period:?}"),
                    &ranked.unwrap_or(0),
                    &people.unwrap_or(0),
                );
            }
        }
    }

    async fn ranked(&self, partition: &str, subject: &Subject) -> Option<i64> {
        let (index, range) = (Some(Index::Top), SortRange::all());
        let partition = partition.to_owned();
        let query = Query { index, partition, range, order: Order::Descending, limit: 1_000, start: None };
        let page = self.table.query(&query).await.unwrap();
        let Subject::Link(domain, code) = subject else { return None };
        let link = Some((domain.clone(), code.clone()));
        let item = page.items.into_iter().find(|item| keys::parse_stats_link(&item.key) == link)?;
        item.number(attribute::TOP_CLICKS)
    }
}

pub(super) fn subject(code: &str) -> Subject {
    Subject::Link(Domain::default_domain(), ShortCode::parse(code).unwrap())
}

fn note<T: PartialEq + std::fmt::Debug>(
    differences: &mut Vec<String>,
    what: impl Fn() -> String,
    stored: &T,
    expected: &T,
) {
    if stored != expected {
        differences.push(format!("{}: {stored:?}, not {expected:?}", what()));
    }
}

fn by_class(counts: &Counts) -> [u64; 5] {
    Class::ALL.map(|class| counts.of(class))
}

fn of_value(value: Option<&Value>) -> [u64; 5] {
    Class::ALL.map(|class| value.and_then(|value| value.get(class.as_str())).and_then(Value::as_u64).unwrap_or(0))
}

/// The clicks by class in an item.
pub(super) fn clicks(item: Option<&Item>) -> [u64; 5] {
    of_value(item.and_then(|item| item.attributes.get("clicks")))
}

fn parts(item: Option<&Item>, name: &str) -> [u64; 5] {
    let parts = item.and_then(|item| item.attributes.get(name)).and_then(|parts| parts.as_object());
    let mut sum = [0; 5];
    for part in parts.into_iter().flat_map(|parts| parts.values()) {
        of_value(part.get(1)).iter().zip(&mut sum).for_each(|(count, sum)| *sum += count);
    }
    sum
}
