//! What a real server leaves that is killed.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shortener_core::link::{Domain, ShortCode};
use shortener_core::stats::{Period, Subject};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Consistency, Item, Order, Query, Table, Write, keys};
use tokio::runtime::{Builder, Runtime};

use super::{Client, cli, of, stored};
use crate::support::{Served, within};

/// A file as another process sees it.
struct File {
    table: SqliteTable,
    runtime: Runtime,
}

impl File {
    fn open(file: &Path) -> Self {
        let table = SqliteTable::open(file, SqliteOptions::default()).unwrap();
        Self { table, runtime: Builder::new_current_thread().build().unwrap() }
    }

    /// Clicks of a link by people, of all time, as far as they are rolled up.
    fn rolled_up(&self, code: &str) -> u64 {
        let subject = Subject::Link(Domain::default_domain(), ShortCode::parse(code).unwrap());
        let key = keys::period_stats(&subject, Period::Total);
        let total = self.runtime.block_on(self.table.get(&key, Consistency::Strong)).unwrap();
        let months = total.and_then(|item| item.attributes["months"].as_object().cloned()).unwrap_or_default();
        months.values().filter_map(|part| part[1]["human"].as_u64()).sum()
    }

    /// How far the runs of servers say they are.
    fn sources(&self) -> Vec<Item> {
        let (partition, range) = (keys::INGEST.to_owned(), keys::count_sources());
        let query = Query { index: None, partition, range, order: Order::Ascending, limit: 1000, start: None };
        self.runtime.block_on(self.table.query(&query)).unwrap().items
    }

    /// How many of them have not said that they stopped.
    fn unstopped(&self) -> usize {
        self.sources().iter().filter(|item| !item.attributes.contains_key("stopped_at")).count()
    }

    /// Makes it an hour ago that they said so.
    fn let_an_hour_pass(&self) {
        for mut item in self.sources() {
            for name in ["as_of", "reported_at"] {
                let at: Timestamp = item.text(name).unwrap().parse().unwrap();
                item.attributes.insert(name.to_owned(), (at - SignedDuration::from_hours(1)).to_string().into());
            }
            self.runtime.block_on(self.table.write(&[Write::put(item)])).unwrap();
        }
    }
}

#[test]
fn what_a_killed_server_has_stored_is_rolled_up_by_the_next_one_without_a_click() {
    let cli = cli();
    let path = cli.path("links.db");
    let served = Served::start(&cli, &[]);
    cli.run(&["create", "https://example.com/", "--code", "a"]).exits(0);
    let mut client = Client::of(&served);
    for _ in 0..5 {
        assert_eq!(client.click("a"), Some(302));
    }
    within(Duration::from_secs(10), || (of(&stored(&path, Some("a")), "clicks/human") == 5).then_some(()));
    // Dropping it is kill -9.
    drop(served);
    let file = File::open(&path);
    // A server rolls up after ten seconds: on a very busy machine this one may have.
    assert!([0, 5].contains(&file.rolled_up("a")) && file.unstopped() == 1);
    file.let_an_hour_pass();
    let _next = Served::start(&cli, &[]);
    within(Duration::from_secs(10), || (file.rolled_up("a") == 5 && file.unstopped() == 1).then_some(()));
}
