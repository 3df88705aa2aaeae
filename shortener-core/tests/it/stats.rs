//! Statistics: stored, rolled up, read.

use std::sync::Arc;

use shortener_core::link::{Domain, ShortCode};
use shortener_core::stats::{Class, Dimension, Hour, Split, Subject, Tally};
use shortener_core::table::Table;
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};

mod counter;
mod killed;
mod ledger;
mod reading;
mod salts;
mod showing;
mod truth;
mod unreliable;

pub(crate) fn hour(text: &str) -> Hour {
    Hour::parse(text).unwrap()
}

pub(crate) fn on(code: &str) -> Subject {
    Subject::Link(Domain::default_domain(), ShortCode::parse(code).unwrap())
}

/// So many clicks of people from Germany and of bots from nowhere.
pub(crate) fn tally(people: u64, bots: u64) -> Tally {
    let mut tally = Tally::default();
    for (class, clicks, country) in [(Class::Human, people, "DE"), (Class::Bot, bots, "(unknown)")] {
        *tally.clicks.of_mut(class) += clicks;
        tally.breakdown_mut(Dimension::Country).add(country, Split::of(class, clicks));
    }
    tally.edge.hit = people + bots;
    tally
}

/// The same with these visitors.
pub(crate) fn seen_by(mut tally: Tally, visitors: std::ops::Range<u64>) -> Tally {
    visitors.for_each(|visitor| tally.visitors.add(visitor.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    tally
}

/// One table of each engine, with what keeps it alive.
pub(crate) async fn every_engine() -> Vec<(Arc<dyn Table>, Box<dyn std::any::Any>)> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
    let (engine, dynamo) = InProcess::with_table("links").await.unwrap();
    vec![
        (Arc::new(MemoryTable::new()), Box::new(())),
        (Arc::new(sqlite), Box::new(folder)),
        (Arc::new(dynamo), Box::new(engine)),
    ]
}
