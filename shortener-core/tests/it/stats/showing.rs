//! What an answer shows, and to whom.

use jiff::SignedDuration;
use shortener_core::clock::Clock;
use shortener_core::link::Domain;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::Session;
use shortener_core::stats::{Class, Dimension, Reached, Source, Sources, Split, Subject};
use shortener_core::table::{Action, Write, keys};
use shortener_core::wire::{
    Bots, Clicks, CreateKey, CreateLink, LinkClicks, LinkFilter, ProblemCode, Role, Scope, SetDomain, StatsQuery,
    TopQuery,
};

use super::reading::{World, named, people, range};
use super::{on, seen_by, tally};
use crate::fixture::{coded, link};

#[tokio::test]
async fn a_scope_covers_its_links_and_whole_domains_alone() {
    let world = World::in_memory().await;
    let go = Domain::parse("go.example").unwrap();
    world.session.set_domain(&go, &SetDomain::default(), &WriteOptions::default()).await.unwrap();
    let x = CreateLink { domain: Some("go.example".to_owned()), ..coded("x", "https://example.com/") };
    world.session.create(&x, &WriteOptions::default()).await.unwrap();
    world.count("2027-01-02T10", &Subject::Link(go.clone(), link("x").code), tally(7, 0)).await;
    world.count("2027-01-02T10", &on("a"), tally(2, 0)).await;
    world.count("2027-01-02T10", &Subject::Site(go), tally(1, 0)).await;
    world.count("2027-01-02T10", &Subject::Site(Domain::default_domain()), tally(2, 0)).await;
    let holder = async |scope| {
        let request = CreateKey { name: "ci".to_owned(), role: Role::Reader, scope, expires_at: None };
        let key = world.session.create_key(&request, &WriteOptions::default()).await.unwrap().key;
        Session::new(world.service.clone(), world.service.authenticate(&key).await.unwrap())
    };
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let on_domain = |domain: &str| StatsQuery { domain: Some(domain.to_owned()), ..StatsQuery::default() };

    let only_a = holder(Scope { prefixes: of(&["a"]), ..Scope::default() }).await;
    assert!(only_a.link_stats(&link("a"), &StatsQuery::default()).await.is_ok());
    let codes = [
        only_a.link_stats(&link("nothing"), &StatsQuery::default()).await.unwrap_err().code,
        only_a.link_stats(&link("b"), &StatsQuery::default()).await.unwrap_err().code,
        only_a.site_stats(&on_domain("-")).await.unwrap_err().code,
        only_a.top(&TopQuery::default()).await.unwrap_err().code,
    ];
    assert_eq!(codes, [ProblemCode::Forbidden; 4]);

    let tagged = CreateLink { tags: of(&["spring"]), ..coded("tagged", "https://example.com/") };
    world.session.create(&tagged, &WriteOptions::default()).await.unwrap();
    let only_spring = holder(Scope { tags: of(&["spring"]), ..Scope::default() }).await;
    assert!(only_spring.link_stats(&link("tagged"), &StatsQuery::default()).await.is_ok());
    let of_other = only_spring.link_stats(&link("a"), &StatsQuery::default()).await.unwrap_err();
    assert_eq!(of_other.code, ProblemCode::Forbidden);

    let only_go = holder(Scope { domains: of(&["go.example"]), ..Scope::default() }).await;
    assert_eq!(only_go.site_stats(&on_domain("go.example")).await.unwrap().clicks, people(1));
    assert_eq!(only_go.site_stats(&StatsQuery::default()).await.unwrap().clicks, people(1), "of its domains");
    assert_eq!(only_go.site_stats(&on_domain("-")).await.unwrap_err().code, ProblemCode::Forbidden);
    assert_eq!(world.session.site_stats(&StatsQuery::default()).await.unwrap().clicks, people(3));
    let top = async |session: &Session, domain: Option<&str>| {
        let query = TopQuery { domain: domain.map(str::to_owned), ..TopQuery::default() };
        let links = session.top(&query).await.unwrap().links;
        links.into_iter().map(|link| (link.short_url, link.clicks)).collect::<Vec<_>>()
    };
    let shown = |url: &str, clicks| (url.to_owned(), clicks);
    let (of_go, of_default) = (shown("https://go.example/x", 7), shown("https://s.example/a", 2));
    assert_eq!(top(&world.session, None).await, [of_go.clone(), of_default.clone()]);
    assert_eq!(top(&world.session, Some("-")).await, [of_default]);
    assert_eq!(top(&world.session, Some("go.example")).await, std::slice::from_ref(&of_go));
    assert_eq!(top(&only_go, None).await, [of_go]);
}

#[tokio::test]
async fn what_is_counted_is_shown_under_its_name() {
    let world = World::in_memory().await;
    let mut counted = tally(8, 0);
    for (dimension, name) in
        Dimension::ALL.into_iter().zip(["", "r.example", "mobile", "Firefox", "iOS", "s", "m", "c"])
    {
        if dimension != Dimension::Country {
            counted.breakdown_mut(dimension).add(name, Split::of(Class::Human, 8));
        }
    }
    counted.gone = 3;
    world.count("2027-01-02T10", &on("a"), counted).await;
    let (as_of, until) = ("2027-01-03T11:00:00Z".parse().unwrap(), "2027-01-02T09:00:00Z".parse().unwrap());
    let reached = Reached { as_of, complete_until: Some(until), stopped_at: None };
    Sources::new(world.table.clone()).report(&Source::edge(), &reached).await.unwrap();

    let stats = world.stats("a", &range("2027-01-02", "2027-01-02")).await;
    let lists = [
        &stats.countries,
        &stats.referrers,
        &stats.devices,
        &stats.browsers,
        &stats.os,
        &stats.utm_sources,
        &stats.utm_mediums,
        &stats.utm_campaigns,
    ];
    let expected = ["DE", "r.example", "mobile", "Firefox", "iOS", "s", "m", "c"].map(|name| vec![(name, 8)]);
    assert_eq!(lists.map(|list| named(list)), expected);
    assert_eq!((stats.gone, stats.as_of, stats.complete_until), (3, Some(as_of), Some(until)));
    assert_eq!(stats.previous, None, "the first month of all is not before itself");

    let nobody = world.stats("b", &StatsQuery::default()).await;
    assert_eq!(nobody.edge.map(|edge| edge.hit), Some(0), "there is an edge, and it had nothing");
    assert_eq!(nobody.visitors.map(|visitors| visitors.estimate), Some(0));
    let top = world.session.top(&TopQuery { period: Some("2027-01".to_owned()), ..TopQuery::default() }).await.unwrap();
    assert_eq!((top.period.as_str(), top.as_of, top.links.len()), ("2027-01", Some(as_of), 1));
}

#[tokio::test]
async fn a_ranking_reads_on_for_those_who_are_gone_and_sorts_by_own_clicks() {
    let world = World::in_memory().await;
    for code in ["c", "d"] {
        world.session.create(&coded(code, "https://example.com/"), &WriteOptions::default()).await.unwrap();
    }
    // Of "d", all but one are of the link that had the code before.
    for (code, at, clicks) in [("a", "2027-01-02T10", 5), ("b", "2027-01-02T10", 5), ("c", "2027-01-02T10", 9)] {
        world.count(at, &on(code), tally(clicks, 0)).await;
    }
    world.count("2027-01-03T10", &on("d"), tally(7, 0)).await;
    world.session.delete(&link("d"), &WriteOptions::default()).await.unwrap();
    let again = CreateLink { reissue: true, ..coded("d", "https://example.com/new") };
    world.session.create(&again, &WriteOptions::default()).await.unwrap();
    world.count("2027-01-03T12", &on("d"), tally(1, 0)).await;
    // "c" may be collected, but is not yet.
    let key = keys::link(&Domain::default_domain(), &link("c").code);
    let set = serde_json::Map::from_iter([(keys::attribute::PURGE_AT.to_owned(), 1.into())]);
    let write = Write { action: Action::Update { key, set, remove: vec![] }, condition: None };
    world.table.write(&[write]).await.unwrap();

    let top = async |limit| {
        let links = world.session.top(&TopQuery { limit, ..TopQuery::default() }).await.unwrap().links;
        links.into_iter().map(|link| (link.code.to_string(), link.clicks)).collect::<Vec<_>>()
    };
    let ranked = [("a", 5), ("b", 5), ("d", 1)].map(|(code, clicks)| (code.to_owned(), clicks));
    assert_eq!(top(None).await, ranked, "the same clicks are in the order of the codes");
    assert_eq!(top(Some(2)).await, ranked[..2]);
}

#[tokio::test]
async fn errors_of_the_days_visitors_are_independent() {
    let world = World::in_memory().await;
    let reached = Reached { as_of: "2027-01-03T11:00:00Z".parse().unwrap(), complete_until: None, stopped_at: None };
    Sources::new(world.table.clone()).report(&Source::edge(), &reached).await.unwrap();
    for at in ["2026-12-10T10", "2026-12-11T10"] {
        world.count(at, &on("a"), seen_by(tally(20_000, 0), 0..20_000)).await;
    }
    let day = world.stats("a", &range("2026-12-10", "2026-12-10")).await.visitors.unwrap();
    let both = world.stats("a", &range("2026-12-10", "2026-12-11")).await.visitors.unwrap();
    assert!(day.error > 0.0 && both.estimate.abs_diff(2 * day.estimate) <= 1, "{day:?}, {both:?}");
    assert!((both.error * 2_f64.sqrt() - day.error).abs() < 1e-9, "{day:?}, {both:?}");
}

#[tokio::test]
async fn head_requests_and_prefetches_are_shown_and_in_no_total() {
    let world = World::in_memory().await;
    let looked_ahead = |human, bot| {
        let mut counted = tally(human, bot);
        *counted.clicks.of_mut(Class::Head) = 4;
        counted
    };
    // Of the last two days hours are read, of earlier ones days.
    for at in ["2026-12-10T10", "2027-01-02T10"] {
        world.count(at, &on("a"), looked_ahead(3, 2)).await;
        world.count(at, &Subject::Site(Domain::default_domain()), looked_ahead(3, 2)).await;
    }
    world.count("2026-11-28T10", &on("b"), looked_ahead(0, 0)).await;
    let of_a = Clicks { human: 6, bot: 4, head: 8, total: 10, ..Clicks::default() };
    let site = world.session.site_stats(&StatsQuery::default()).await.unwrap();
    for shown in [world.stats("a", &StatsQuery::default()).await, site] {
        assert_eq!((shown.clicks, shown.clicks.of(Bots::Include)), (of_a, 10));
        assert_eq!(shown.all_time, LinkClicks { human: 6, total: 10 });
        let points = shown.series.iter().filter(|point| point.clicks.head > 0).map(|point| point.clicks.total);
        assert_eq!(points.collect::<Vec<_>>(), [5, 5]);
    }
    let later = world.stats("b", &range("2026-12-20", "now")).await;
    assert_eq!((later.clicks, later.all_time), (people(0), LinkClicks { human: 100, total: 100 }));
    assert_eq!(later.previous, Some(people(0)), "what was only looked at was known, long before");
    let only_head = Clicks { head: 4, ..Clicks::default() };
    let same_day = world.stats("b", &range("2026-11-28T12:00:00Z", "2026-11-28T14:00:00Z")).await;
    assert_eq!(same_day.previous, Some(only_head), "or on the same day");
    assert_eq!(world.stats("b", &range("2026-11-28", "2026-11-28")).await.clicks, only_head);

    let clicks = |human, total| Some(LinkClicks { human, total });
    assert_eq!(world.session.get(&link("a")).await.unwrap().clicks, clicks(6, 10));
    let listed = world.session.list(&LinkFilter { clicks: true, ..LinkFilter::default() }).await.unwrap().links;
    let mut listed: Vec<_> = listed.into_iter().map(|link| (link.code.to_string(), link.clicks)).collect();
    listed.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(listed, [("a".to_owned(), clicks(6, 10)), ("b".to_owned(), clicks(100, 100))]);
}

#[tokio::test]
async fn a_ranking_is_read_on_behind_links_that_are_gone() {
    let world = World::in_memory().await;
    let domain = Domain::default_domain();
    let shard = |code: &String| keys::shard(&domain, &link(code).code);
    let in_shard = |wanted| (0..).map(|number| format!("code{number}")).filter(move |code| shard(code) == wanted);
    let create = async |code: &str| {
        world.session.create(&coded(code, "https://example.com/"), &WriteOptions::default()).await.unwrap();
    };
    // Only the statistics are left of the most clicked links of a shard: more of them than fit a page that is read on.
    let gone: Vec<String> = in_shard(3).take(1_100).collect();
    for (number, code) in (0..).zip(&gone) {
        world.count("2027-01-02T10", &on(code), tally(5_000 - number, 0)).await;
    }
    let (second, first) = (in_shard(4).next().unwrap(), in_shard(3).nth(1_100).unwrap());
    for (code, clicks) in [(&first, 20), (&second, 10)] {
        create(code).await;
        world.count("2027-01-02T10", &on(code), tally(clicks, 0)).await;
    }
    for (limit, expected) in [(1, &[(&first, 20)][..]), (3, &[(&first, 20), (&second, 10)])] {
        let top = world.session.top(&TopQuery { limit: Some(limit), ..TopQuery::default() }).await.unwrap();
        let seen: Vec<_> = top.links.iter().map(|link| (link.code.to_string(), link.clicks)).collect();
        let expected: Vec<_> = expected.iter().map(|(code, clicks)| ((*code).clone(), *clicks)).collect();
        assert_eq!(seen, expected, "{limit}");
    }
}

#[tokio::test]
async fn servers_that_lag_behind_are_not_left_out() {
    let world = World::in_memory().await;
    let (sources, now) = (Sources::new(world.table.clone()), world.clock.now());
    // Both say every ten seconds how far they are; under wide load one is four minutes behind, the other eleven.
    for (server, minutes) in [(1, 11), (2, 4)] {
        let reached =
            Reached { as_of: now - SignedDuration::from_mins(minutes), complete_until: None, stopped_at: None };
        sources.report_at(&Source::boot(uuid::Uuid::from_u128(server)), &reached, now).await.unwrap();
    }
    let behind = |minutes| Some(now - SignedDuration::from_mins(minutes));
    assert_eq!(sources.progress(now).await.unwrap().as_of, behind(11));
    let later = now + SignedDuration::from_mins(3);
    assert_eq!(sources.progress(later).await.unwrap().as_of, behind(4), "neither runs: the latest there is");
}
