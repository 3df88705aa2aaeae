//! What a caller sees of statistics.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shortener_core::clock::TestClock;
use shortener_core::link::Domain;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Service, Session};
use shortener_core::stats::{
    Class, Dimension, HourCount, Ledger, People, Reached, Source, Sources, Split, Subject, Tally,
};
use shortener_core::table::dynamo::in_process::InProcess;
use shortener_core::table::{Action, Item, Table, Write, keys};
use shortener_core::wire::{
    Bots, Clicks, CreateLink, LinkClicks, LinkFilter, NamedClicks, SetDomain, Stats, StatsQuery, Step, TopQuery,
};

use super::{every_engine, hour, on, seen_by, tally};
use crate::fixture::{coded, link, service_on, violations};

/// A service whose links are forty days old: it is noon on 3 January 2027.
pub(super) struct World {
    pub(super) table: Arc<dyn Table>,
    pub(super) clock: Arc<TestClock>,
    pub(super) service: Arc<Service>,
    pub(super) session: Session,
    pub(super) ledger: Ledger,
}

impl World {
    pub(super) async fn on(table: Arc<dyn Table>) -> Self {
        let (service, clock) = service_on(table.clone());
        let session = Session::new(service.clone(), Caller::direct("ana"));
        for code in ["a", "b"] {
            let request = CreateLink {
                imported_clicks: Some(100).filter(|_| code == "b"),
                ..coded(code, "https://example.com/")
            };
            session.create(&request, &WriteOptions::default()).await.unwrap();
        }
        clock.advance(SignedDuration::from_hours(40 * 24));
        let ledger = Ledger::new(table.clone(), clock.clone());
        Self { table, clock, service, session, ledger }
    }

    pub(super) async fn in_memory() -> Self {
        Self::on(every_engine().await.remove(0).0).await
    }

    pub(super) async fn count(&self, at: &str, subject: &Subject, tally: Tally) {
        let generation = u64::try_from(hour(at).start().as_second()).unwrap();
        self.ledger.record(&Source::edge(), hour(at), generation, &[(subject.clone(), tally)]).await.unwrap();
    }

    pub(super) async fn stats(&self, code: &str, query: &StatsQuery) -> Stats {
        self.session.link_stats(&link(code), query).await.unwrap()
    }
}

pub(super) fn range(since: &str, until: &str) -> StatsQuery {
    StatsQuery { since: Some(since.to_owned()), until: Some(until.to_owned()), ..StatsQuery::default() }
}

pub(super) fn named(list: &[NamedClicks]) -> Vec<(&str, u64)> {
    list.iter().map(|named| (named.name.as_str(), named.clicks)).collect()
}

fn points(stats: &Stats) -> Vec<(String, u64)> {
    let shown = stats.series.iter().filter(|point| point.clicks.total > 0);
    shown.map(|point| (point.at.to_string(), point.clicks.total)).collect()
}

pub(super) fn people(human: u64) -> Clicks {
    Clicks { human, total: human, ..Clicks::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_read_the_same_on_every_engine() {
    for (table, _alive) in every_engine().await {
        let world = World::on(table).await;
        world.count("2026-12-31T23", &on("a"), seen_by(tally(4, 1), 0..3)).await;
        world.count("2027-01-01T00", &on("a"), seen_by(tally(2, 0), 0..2)).await;
        world.count("2027-01-01T09", &on("a"), seen_by(tally(3, 2), 1..4)).await;
        // Not rolled up yet.
        let now = hour("2027-01-03T12");
        world
            .ledger
            .record_hours(
                &Source::edge(),
                &[HourCount { hour: now, generation: 1, people: People::Counted, tallies: &[(on("a"), tally(10, 0))] }],
            )
            .await
            .unwrap();
        let stats =
            world.stats("a", &StatsQuery { since: Some("2027-01-01".to_owned()), ..StatsQuery::default() }).await;
        assert_eq!(
            (stats.from.to_string().as_str(), stats.to.to_string().as_str()),
            ("2027-01-01T00:00:00Z", "2027-01-03T13:00:00Z")
        );
        assert_eq!(stats.clicks, Clicks { human: 15, bot: 2, total: 17, ..Clicks::default() });
        assert_eq!(stats.previous, Some(Clicks { human: 4, bot: 1, total: 5, ..Clicks::default() }));
        assert_eq!(stats.all_time, LinkClicks { human: 19, total: 22 });
        assert_eq!((stats.by, stats.series.len()), (Step::Day, 3));
        let expected = [("2027-01-01T00:00:00Z".to_owned(), 7), ("2027-01-03T00:00:00Z".to_owned(), 10)];
        assert_eq!(points(&stats), expected);
        assert_eq!(named(&stats.countries), [("DE", 15)]);
        assert_eq!(named(&stats.browsers), [("(other)", 15)], "every click has a browser, be it that it is not known");
        assert_eq!((named(&stats.utm_sources), stats.orphans), (vec![], None));
        assert_eq!(stats.edge.map(|edge| edge.hit), Some(17));
        assert_eq!(stats.visitors, None, "nothing has ever said that it counts");
        let bots = StatsQuery { bots: Some(Bots::Only), ..range("2027-01-01", "2027-01-01") };
        assert_eq!(named(&world.stats("a", &bots).await.countries), [("(unknown)", 2)]);
        let both = |limit| StatsQuery { bots: Some(Bots::Include), limit, ..range("2027-01-01", "2027-01-01") };
        assert_eq!(named(&world.stats("a", &both(Some(1))).await.countries), [("DE", 5), ("(other)", 2)]);
        assert_eq!(named(&world.stats("a", &both(None)).await.countries), [("DE", 5), ("(unknown)", 2)]);
        let before = world.stats("a", &range("2026-09-01", "2026-09-02")).await;
        assert_eq!((before.clicks, before.coverage), (people(0), None), "a range of which nothing can be known");
    }
}

#[tokio::test]
async fn the_parts_of_a_day_that_is_in_the_range_in_part_are_its_hours() {
    let world = World::in_memory().await;
    Sources::new(world.table.clone())
        .report(&Source::edge(), &Reached { as_of: Timestamp::UNIX_EPOCH, complete_until: None, stopped_at: None })
        .await
        .unwrap();
    world.count("2026-12-10T05", &on("a"), seen_by(tally(2, 0), 0..2)).await;
    world.count("2026-12-10T06", &on("a"), seen_by(tally(3, 0), 1..4)).await;
    let morning = range("2026-12-10T06:00:00Z", "2026-12-10T12:00:00Z");
    let stats = world.stats("a", &morning).await;
    assert_eq!((stats.clicks, named(&stats.countries)), (people(3), vec![("DE", 3)]));
    assert_eq!(stats.visitors.map(|visitors| visitors.estimate), Some(3));
    let whole = world.stats("a", &range("2026-12-10", "2026-12-10")).await;
    assert_eq!(whole.visitors.map(|visitors| visitors.estimate), Some(4), "each of a day once");
    let days = StatsQuery { by: Some(Step::Day), ..range("2026-12-09", "2026-12-11") };
    assert_eq!(world.stats("a", &days).await.series.len(), 3);

    // The hour is collected: its clicks are known from the day, its names are not.
    let gone = keys::hour_stats(&on("a"), hour("2026-12-10T06"), "edge");
    world.table.write(&[Write::delete(gone)]).await.unwrap();
    let stats = world.stats("a", &morning).await;
    assert_eq!((stats.clicks, named(&stats.countries)), (people(3), vec![("(other)", 3)]));
    assert_eq!(stats.visitors, None);
    assert_eq!(named(&world.stats("a", &range("2026-12-10", "2026-12-10")).await.countries), [("DE", 5)]);
}

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    let world = World::in_memory().await;
    // 18:00Z begins at 23:30 in India, 19:00Z at 00:30 of the next day.
    world.count("2026-12-10T18", &on("a"), tally(1, 0)).await;
    world.count("2026-12-10T19", &on("a"), tally(2, 0)).await;
    let india = |query| StatsQuery { tz: Some("Asia/Kolkata".to_owned()), by: Some(Step::Day), ..query };
    let stats = world.stats("a", &india(range("2026-12-10", "2026-12-11"))).await;
    assert_eq!(
        (stats.from.to_string().as_str(), stats.to.to_string().as_str()),
        ("2026-12-09T19:00:00Z", "2026-12-11T19:00:00Z")
    );
    assert_eq!(points(&stats), [("2026-12-09T18:30:00Z".to_owned(), 1), ("2026-12-10T18:30:00Z".to_owned(), 2)]);
    assert_eq!(world.stats("a", &india(range("2026-12-11", "2026-12-11"))).await.clicks, people(2));
}

#[tokio::test]
async fn a_day_of_a_clock_change_has_23_or_25_hours_and_no_step_is_missing() {
    let world = World::in_memory().await;
    // The links are there since the autumn; the clocks go forward in March.
    world.clock.advance(SignedDuration::from_hours(100 * 24));
    for at in ["2027-03-27T22", "2027-03-27T23", "2027-03-28T21", "2027-03-28T22"] {
        world.count(at, &on("a"), tally(1, 0)).await;
    }
    let berlin = |by, query| StatsQuery { tz: Some("Europe/Berlin".to_owned()), by: Some(by), ..query };
    let stats = world.stats("a", &berlin(Step::Day, range("2027-03-27", "2027-03-29"))).await;
    let expected = [("2027-03-26T23:00:00Z", 1), ("2027-03-27T23:00:00Z", 2), ("2027-03-28T22:00:00Z", 1)];
    assert_eq!(points(&stats), expected.map(|(at, clicks)| (at.to_owned(), clicks)));
    let day = world.stats("a", &berlin(Step::Hour, range("2027-03-28", "2027-03-28"))).await;
    assert_eq!((day.series.len(), day.clicks), (23, people(2)));
    let half_a_year = world.stats("a", &berlin(Step::Day, range("2026-10-01", "2027-03-31"))).await;
    assert_eq!(half_a_year.series.len(), 182);
}

#[tokio::test]
async fn a_reissued_link_has_nothing_of_the_one_before() {
    let world = World::in_memory().await;
    for at in ["2026-11-28T10", "2026-12-01T10", "2027-01-03T10", "2027-01-03T12"] {
        world.count(at, &on("a"), tally(5, 0)).await;
    }
    let options = WriteOptions::default();
    world.session.delete(&link("a"), &options).await.unwrap();
    let again = CreateLink { reissue: true, ..coded("a", "https://example.com/new") };
    world.session.create(&again, &options).await.unwrap();
    world.clock.advance(SignedDuration::from_hours(1));
    world.count("2027-01-03T13", &on("a"), tally(1, 0)).await;
    // Of the hour in which it was made, all counts are its own.
    for days_later in [0, 60] {
        world.clock.advance(SignedDuration::from_hours(24 * days_later));
        let stats =
            world.stats("a", &StatsQuery { since: Some("2026-12-01".to_owned()), ..StatsQuery::default() }).await;
        assert_eq!((stats.clicks, stats.previous), (people(6), None), "{days_later}");
        assert_eq!(stats.all_time, LinkClicks { human: 6, total: 6 }, "{days_later}");
        assert_eq!(named(&stats.countries), [("DE", 6)], "{days_later}");
        let clicks = world.session.get(&link("a")).await.unwrap().clicks;
        assert_eq!(clicks, Some(LinkClicks { human: 6, total: 6 }), "{days_later}");
        for (period, expected) in
            [("all", Some(6)), ("2027-01", Some(6)), ("2027-01-03", Some(6)), ("2026-12", None), ("2026-12-01", None)]
        {
            let query = TopQuery { period: Some(period.to_owned()), ..TopQuery::default() };
            let top = world.session.top(&query).await.unwrap();
            assert_eq!(top.links.first().map(|link| link.clicks), expected, "{period}");
        }
    }
    let quiet = world.stats("a", &range("2d", "now")).await;
    assert_eq!((quiet.clicks, quiet.previous), (people(0), Some(people(0))), "its first day was long before");
    world.count("2027-03-01T10", &on("a"), tally(2, 0)).await;
    for period in ["2027-03", "2027-03-01"] {
        let query = TopQuery { period: Some(period.to_owned()), ..TopQuery::default() };
        assert_eq!(world.session.top(&query).await.unwrap().links[0].clicks, 2, "{period}");
    }
}

#[tokio::test]
async fn a_site_is_all_its_domains_together() {
    let world = World::in_memory().await;
    let go = Domain::parse("go.example").unwrap();
    world.session.set_domain(&go, &SetDomain::default(), &WriteOptions::default()).await.unwrap();
    let orphans = |orphans| Tally { orphans, ..seen_by(tally(1, 0), 0..2) };
    for domain in [Domain::default_domain(), go.clone()] {
        world.count("2027-01-02T10", &Subject::Site(domain.clone()), orphans(3)).await;
        world.count("2026-12-20T10", &Subject::Site(domain), orphans(1)).await;
    }
    Sources::new(world.table.clone())
        .report(&Source::edge(), &Reached { as_of: Timestamp::UNIX_EPOCH, complete_until: None, stopped_at: None })
        .await
        .unwrap();
    let all = world.session.site_stats(&StatsQuery::default()).await.unwrap();
    assert_eq!((all.code, all.domain, all.clicks, all.orphans), (None, None, people(4), Some(8)));
    assert_eq!(all.visitors.map(|visitors| visitors.estimate), Some(4), "two on each day, on both domains");
    let later = world.session.site_stats(&range("2027-01-01", "now")).await.unwrap();
    assert_eq!((later.clicks, later.previous), (people(2), Some(people(0))));
    let query = StatsQuery { domain: Some("go.example".to_owned()), ..StatsQuery::default() };
    let one = world.session.site_stats(&query).await.unwrap();
    assert_eq!((one.domain, one.clicks, one.all_time), (Some(go), people(2), LinkClicks { human: 2, total: 2 }));
}

#[tokio::test]
async fn what_is_known_of_the_logs_is_the_coverage() {
    let world = World::in_memory().await;
    let set = |at: &str, lines: u64, requests: u64| {
        let body = json!({"generation": 1, "lines": lines, "requests": requests});
        Write::put(Item::encode(keys::ingest_figures(hour(at)), &body).unwrap())
    };
    let hours = [set("2027-01-03T10", 90, 100), set("2027-01-02T10", 100, 100), set("2026-11-29T11", 0, 1_000)];
    world.table.write(&hours).await.unwrap();
    let stats = world.stats("a", &StatsQuery { since: Some("7d".to_owned()), ..StatsQuery::default() }).await;
    let coverage = stats.coverage.unwrap();
    assert_eq!((coverage.lines, coverage.requests), (190, 200));
    assert!((coverage.ratio - 0.95).abs() < 1e-9);
    assert_eq!(world.stats("a", &range("2026-12-10", "2026-12-11")).await.coverage, None);
    let next_hour = range("2027-01-02T09:00:00Z", "2027-01-02T10:00:00Z");
    assert_eq!(world.stats("a", &next_hour).await.coverage, None, "the end is no part of it");
    let long = world.stats("a", &range("60d", "now")).await.coverage.unwrap();
    assert_eq!(long.requests, 200, "not looked for in hours that are collected");
}

#[tokio::test]
async fn links_are_shown_with_their_clicks() {
    let world = World::in_memory().await;
    world.count("2026-12-10T18", &on("a"), tally(1, 2)).await;
    world.count("2026-12-10T18", &on("b"), tally(3, 0)).await;
    let clicks = |human, total| Some(LinkClicks { human, total });
    let shown = world.session.get(&link("b")).await.unwrap();
    assert_eq!((shown.clicks, shown.clicks_used), (clicks(103, 103), None));
    let list = |clicks| LinkFilter { clicks, limit: Some(1), ..LinkFilter::default() };
    let page = world.session.list(&list(true)).await.unwrap();
    let rest = LinkFilter { cursor: page.next_cursor, ..list(true) };
    let without = LinkFilter { clicks: false, ..rest.clone() };
    assert_eq!(world.session.list(&without).await.unwrap().links[0].clicks, None, "a cursor fits both ways");
    let rest = world.session.list(&rest).await.unwrap();
    let mut seen: Vec<_> =
        page.links.into_iter().chain(rest.links).map(|link| (link.code.to_string(), link.clicks)).collect();
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen, [("a".to_owned(), clicks(1, 3)), ("b".to_owned(), clicks(103, 103))]);
    assert_eq!(world.session.list(&list(false)).await.unwrap().links[0].clicks, None);
}

#[tokio::test]
async fn a_limited_link_is_shown_with_what_is_used_of_its_limit() {
    let world = World::in_memory().await;
    let key = keys::link(&Domain::default_domain(), &link("a").code);
    let set = serde_json::Map::from_iter([("max_clicks".to_owned(), 5.into())]);
    world.table.write(&[Write { action: Action::Update { key, set, remove: vec![] }, condition: None }]).await.unwrap();
    let shown = world.session.get(&link("a")).await.unwrap();
    assert_eq!((shown.max_clicks, shown.clicks_used), (Some(5), Some(0)));
    let quota = keys::quota(&Domain::default_domain(), &shown.code, shown.created_at);
    world.table.add(&quota, "used", 3, 5).await.unwrap();
    assert_eq!(world.session.get(&link("a")).await.unwrap().clicks_used, Some(3));
}

#[tokio::test]
async fn ranges_that_mean_nothing_are_refused_with_a_reason() {
    let world = World::in_memory().await;
    let by_hour = |query| StatsQuery { by: Some(Step::Hour), ..query };
    let zone = |tz: &str| StatsQuery { tz: Some(tz.to_owned()), ..StatsQuery::default() };
    for (query, pointer, code) in [
        (range("2027-01-02", "2027-01-01"), "/since", "range_empty"),
        (range("2028-01-01", "now"), "/since", "range_empty"),
        (range("0d", "now"), "/since", "range_empty"),
        (range("soon", "now"), "/since", "when_invalid"),
        (range("-3d", "now"), "/since", "when_invalid"),
        (range("99999y", "now"), "/since", "when_invalid"),
        (range("3d", "never"), "/until", "when_invalid"),
        (range("2025-01-01", "now"), "/since", "range_too_long"),
        (by_hour(range("36d", "now")), "/since", "range_too_long"),
        (zone("Mars/Olympus"), "/tz", "tz_unknown"),
        (zone("../../etc/passwd"), "/tz", "tz_unknown"),
        (StatsQuery { limit: Some(0), ..StatsQuery::default() }, "/limit", "limit_invalid"),
        (StatsQuery { limit: Some(101), ..StatsQuery::default() }, "/limit", "limit_invalid"),
    ] {
        let problem = world.session.link_stats(&link("a"), &query).await.unwrap_err();
        assert_eq!(violations(&problem), [(pointer, code)], "{query:?}");
    }
    for (query, steps) in [
        (range("400d", "now"), 400),
        (range("7d", "now"), 7),
        (range("1w", "now"), 7),
        (StatsQuery::default(), 30),
        (by_hour(range("35d", "now")), 35 * 24),
        (by_hour(range("2d", "now")), 48),
        (range("48h", "now"), 48),
        (range("49h", "now"), 3),
        (range("30m", "now"), 1),
        (range("2027-01-02", "2028-01-01"), 37),
        (range("1h", "now"), 1),
        (StatsQuery { by: Some(Step::Day), ..range("3h", "now") }, 1),
    ] {
        let stats = world.stats("a", &query).await;
        assert_eq!(stats.series.len(), steps, "{query:?}");
    }
    for period in ["", "2027", "2027-13", "2027-01-32", "week"] {
        let query = TopQuery { period: Some(period.to_owned()), ..TopQuery::default() };
        assert_eq!(violations(&world.session.top(&query).await.unwrap_err()), [("/period", "period_invalid")]);
    }
}

#[tokio::test]
async fn lists_sum_up_to_the_clicks_they_break_down() {
    let world = World::in_memory().await;
    let mut many = tally(0, 0);
    for name in 0..500_u64 {
        *many.clicks.of_mut(Class::Human) += 2;
        many.breakdown_mut(Dimension::Referrer).add(&format!("r{name}.example"), Split::of(Class::Human, 2));
        many.breakdown_mut(Dimension::UtmSource).add(&format!("s{name}"), Split::of(Class::Human, 1));
    }
    world.count("2026-12-10T18", &on("a"), many.clone()).await;
    world.count("2026-12-10T19", &on("a"), many).await;
    let stats = world.stats("a", &StatsQuery { limit: Some(100), ..StatsQuery::default() }).await;
    let sum = |list: &[NamedClicks]| list.iter().map(|named| named.clicks).sum::<u64>();
    assert_eq!((stats.clicks.human, sum(&stats.referrers), sum(&stats.utm_sources)), (2_000, 2_000, 1_000));
    assert_eq!((stats.referrers.len(), stats.utm_sources.len()), (101, 61));
    let bots = world.stats("a", &StatsQuery { bots: Some(Bots::Only), ..StatsQuery::default() }).await;
    assert_eq!((named(&bots.referrers), named(&bots.utm_sources)), (vec![], vec![]));
}

#[tokio::test]
async fn statistics_cost_the_days_asked_and_a_ranking_the_shards() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let world = World::on(Arc::new(table)).await;
    let mut costs = Vec::new();
    for links in [1, 40] {
        for number in 0..links {
            let request = coded(&format!("c{number}"), "https://example.com/");
            let _ = world.session.create(&request, &WriteOptions::default()).await;
            world.count("2027-01-02T10", &on(&format!("c{number}")), tally(number + 1, 0)).await;
        }
        for day in 1..=links.min(30) {
            world.count(&format!("2026-12-{day:02}T10"), &on("a"), tally(day, 0)).await;
        }
        for (days, limit) in [("1d", 5), ("30d", 10)] {
            engine.forget_operations();
            let query = StatsQuery { since: Some(days.to_owned()), ..StatsQuery::default() };
            world.session.link_stats(&link("a"), &query).await.unwrap();
            world.session.site_stats(&query).await.unwrap();
            let stats = engine.operations().len();
            engine.forget_operations();
            world.session.top(&TopQuery { limit: Some(limit), ..TopQuery::default() }).await.unwrap();
            costs.push((stats, engine.operations().len()));
        }
    }
    // Link, long-term items, days, recent hours, sources and coverage; the hours of a first day that is in it in part.
    // 16 shards, the sources and the links.
    assert!(costs.iter().all(|(stats, top)| *stats <= 13 && *top <= 18), "{costs:?}");
    let top = world.session.top(&TopQuery { limit: Some(3), ..TopQuery::default() }).await.unwrap();
    let shown: Vec<_> = top.links.iter().map(|link| (link.code.as_str(), link.clicks)).collect();
    assert_eq!(shown, [("a", 465), ("c39", 40), ("c38", 39)]);
}
