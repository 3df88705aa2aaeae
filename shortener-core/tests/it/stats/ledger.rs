//! Storing and rolling up, on every engine.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use shortener_core::clock::TestClock;
use shortener_core::link::Domain;
use shortener_core::stats::ledger::{HourCount, Ledger, People, Recorded, days_of};
use shortener_core::stats::{Month, Period, Source, Subject, Tally};
use shortener_core::table::keys::{self, Index, attribute};
use shortener_core::table::{Consistency, Item, Order, Query, SortRange, Table, Write};

use super::{every_engine, hour, on, seen_by, tally};

struct Story {
    table: Arc<dyn Table>,
    clock: Arc<TestClock>,
    ledger: Ledger,
}

impl Story {
    fn on(table: &Arc<dyn Table>) -> Self {
        let clock = Arc::new(TestClock::at("2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap()));
        Self { table: table.clone(), ledger: Ledger::new(table.clone(), clock.clone()), clock }
    }

    async fn record(&self, source: &Source, at: &str, generation: u64, tallies: &[(Subject, Tally)]) -> Recorded {
        self.ledger.record(source, hour(at), generation, tallies).await.unwrap()
    }

    async fn item(&self, subject: &Subject, period: Period) -> Item {
        self.table.get(&keys::period_stats(subject, period), Consistency::Strong).await.unwrap().unwrap()
    }

    async fn ranking(&self, period: Period, subject: &Subject) -> Vec<i64> {
        let Subject::Link(domain, code) = subject else { unreachable!() };
        let partition = keys::top_partition(domain, period, keys::shard(domain, code));
        let query = Query {
            index: Some(Index::Top),
            partition,
            range: SortRange::all(),
            order: Order::Descending,
            limit: 10,
            start: None,
        };
        let page = self.table.query(&query).await.unwrap();
        page.items.iter().filter_map(|item| item.number(attribute::TOP_CLICKS)).collect()
    }
}

fn wrote(written: u64) -> Recorded {
    Recorded { written, ..Recorded::default() }
}

fn unchanged(unchanged: u64) -> Recorded {
    Recorded { unchanged, ..Recorded::default() }
}

fn day(text: &str) -> Period {
    Period::Day(text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_become_days_months_totals_and_rankings_on_every_engine() {
    for (table, _alive) in every_engine().await {
        let story = Story::on(&table);
        let (edge, boot) = (Source::edge(), Source::boot(uuid::Uuid::nil()));
        let site = Subject::Site(Domain::default_domain());
        let tallies = [(on("a"), tally(3, 1)), (site.clone(), tally(3, 1))];
        assert_eq!(story.record(&edge, "2026-11-24T10", 1, &tallies).await, wrote(8));
        assert_eq!(story.record(&edge, "2026-11-24T10", 2, &tallies).await, unchanged(2));
        story.record(&boot, "2026-11-24T10", 1, &[(on("a"), tally(2, 0))]).await;
        story.record(&edge, "2026-11-23T23", 1, &[(on("a"), tally(1, 1))]).await;
        story.record(&edge, "2026-10-31T23", 1, &[(on("a"), tally(4, 0))]).await;

        let stored = story.item(&on("a"), day("2026-11-24")).await;
        assert_eq!(stored.attributes["clicks"], serde_json::json!({"human": 5, "bot": 1}));
        assert_eq!(stored.attributes["hours"], serde_json::json!({"10": {"human": 5, "bot": 1}}));
        let countries = serde_json::json!({"DE": [5, 0], "(unknown)": [0, 1]});
        assert_eq!(stored.attributes["names"]["country"]["names"], countries);
        let month = story.item(&on("a"), Period::Month(Month::parse("2026-11").unwrap())).await;
        let days =
            serde_json::json!({"2026-11-23": [1, {"human": 1, "bot": 1}], "2026-11-24": [2, {"human": 5, "bot": 1}]});
        assert_eq!(month.attributes["days"], days);
        let total = story.item(&on("a"), Period::Total).await;
        let months = serde_json::json!({"2026-10": [1, {"human": 4}], "2026-11": [3, {"human": 6, "bot": 2}]});
        assert_eq!(total.attributes["months"], months);
        assert_eq!(story.ranking(Period::Total, &on("a")).await, [10]);
        assert_eq!(story.ranking(day("2026-11-24"), &on("a")).await, [5]);
        assert!(!story.item(&site, Period::Total).await.attributes.contains_key(attribute::TOP_PK));

        // Counted again with fewer, and by one who comes too late.
        assert_eq!(story.record(&edge, "2026-11-24T10", 4, &[(on("a"), tally(0, 0))]).await, wrote(4));
        let late = story.record(&edge, "2026-11-24T10", 3, &[(on("a"), tally(9, 9))]).await;
        assert_eq!(late, Recorded { superseded: 1, ..Recorded::default() });
        assert_eq!(story.ranking(Period::Total, &on("a")).await, [7]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_hours_are_collected_is_closed_and_stays_as_it_is() {
    for (table, _alive) in every_engine().await {
        let story = Story::on(&table);
        let (edge, boot) = (Source::edge(), Source::boot(uuid::Uuid::nil()));
        story.record(&edge, "2026-11-24T10", 1, &[(on("a"), tally(3, 1))]).await;
        story.record(&boot, "2026-11-24T10", 1, &[(on("a"), tally(2, 0))]).await;
        let before = story.item(&on("a"), day("2026-11-24")).await;
        story.clock.advance(SignedDuration::from_hours(36 * 24));
        let gone = keys::hour_stats(&on("a"), hour("2026-11-24T10"), edge.as_str());
        story.table.write(&[Write::delete(gone)]).await.unwrap();
        // Late clicks of another hour: the hour is stored, the day stays.
        let late = story.record(&edge, "2026-11-24T11", 1, &[(on("a"), tally(1, 0))]).await;
        assert_eq!(late, Recorded { written: 1, closed: 1, ..Recorded::default() });
        assert_eq!(story.item(&on("a"), day("2026-11-24")).await, before);
        assert_eq!(story.ranking(Period::Total, &on("a")).await, [5]);
    }
}

#[tokio::test]
async fn people_are_kept_when_the_salt_is_gone_and_days_are_rolled_up_once() {
    let (table, _alive) = every_engine().await.remove(0);
    let story = Story::on(&table);
    let hours: Vec<_> = ["2026-11-24T10", "2026-11-24T11"].map(hour).into();
    let counted = [(on("a"), seen_by(tally(3, 0), 0..3))];
    let more = [(on("a"), tally(4, 0))];
    let counts = |generation, people, tallies| {
        hours.iter().map(|hour| HourCount { hour: *hour, generation, people, tallies }).collect::<Vec<_>>()
    };
    let first = counts(1, People::Counted, &counted);
    assert_eq!(story.ledger.record_hours(&Source::edge(), &first).await.unwrap(), wrote(2));
    assert_eq!(story.ledger.roll_up(&days_of(&first)).await.unwrap(), wrote(3));
    let sketch = story.item(&on("a"), day("2026-11-24")).await.attributes["visitors"].clone();
    let again = counts(2, People::AsStored, &more);
    assert_eq!(story.ledger.record_all(&Source::edge(), &again).await.unwrap(), wrote(5));
    assert_eq!(story.ledger.record_all(&Source::edge(), &again).await.unwrap(), unchanged(2));
    let stored = story.item(&on("a"), day("2026-11-24")).await;
    assert_eq!((&stored.attributes["visitors"], &stored.attributes["clicks"]["human"]), (&sketch, &8.into()));
}
