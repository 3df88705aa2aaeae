//! Links with a click limit redirect exactly so many clicks.

use std::sync::Arc;
use std::time::Duration;

use shortener_core::link::ShortCode;
use shortener_core::operations::{LinkRef, Operations, WriteOptions};
use shortener_core::redirect::{CacheLifetimes, Click, Preview, Resolution, Resolver, Visitor};
use shortener_core::service::{Caller, Session};
use shortener_core::table::dynamo::in_process::{Fault, InProcess};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Table};
use shortener_core::wire::{CreateLink, Patch, PolicyRules, SetDomain, UpdateLink};

use super::fixture::{Fixture, Reads, ScriptedTable, coded, link, service_on, violations};

const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/// A browser that fetches ahead, a crawler, a fetcher of previews and a monitor.
const NO_TAKERS: [Visitor<'_>; 4] = [
    Visitor::Ahead,
    Visitor::Agent("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    Visitor::Agent("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    Visitor::Agent("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"),
];

fn code(text: &str) -> ShortCode {
    ShortCode::parse(text).unwrap()
}

fn limited(code: &str, max_clicks: u64) -> CreateLink {
    CreateLink { max_clicks: Some(max_clicks), ..coded(code, "https://example.com/") }
}

async fn click(resolver: &Resolver, code_text: &str, visitor: Visitor<'_>) -> Resolution {
    let code = code(code_text);
    resolver.answer(&Click { host: "s.example", code: &code, visitor, deadline: None }).await.resolution
}

/// As the status of the answer, which must not be kept by anyone.
async fn status(resolver: &Resolver, code: &str, visitor: Visitor<'_>) -> u16 {
    match click(resolver, code, visitor).await {
        Resolution::Redirect(redirect) => {
            assert_eq!(redirect.cache, CacheLifetimes::NoStore);
            302
        }
        Resolution::Gone { cache } => {
            assert_eq!(cache, CacheLifetimes::NoStore);
            410
        }
        Resolution::Unavailable => 503,
        Resolution::NotFound { .. } => 404,
    }
}

/// How many of `clicks` at once were answered 302, 410 and 503, on several instances of the service.
async fn at_once(
    table: &Arc<dyn Table>,
    feed: Option<&Arc<dyn ChangeFeed>>,
    code: &'static str,
    clicks: usize,
) -> [usize; 3] {
    let instance = || Arc::new(Resolver::new(service_on(table.clone()).0, feed.cloned()));
    let instances = [instance(), instance(), instance()];
    let tasks: Vec<_> = (0..clicks)
        .map(|at| {
            let resolver = instances[at % instances.len()].clone();
            tokio::spawn(async move { status(&resolver, code, Visitor::Agent(BROWSER)).await })
        })
        .collect();
    let mut counts = [0; 3];
    for task in tasks {
        let status = task.await.unwrap();
        counts[[302, 410, 503].iter().position(|known| *known == status).unwrap()] += 1;
    }
    counts
}

async fn create_on(table: &Arc<dyn Table>, request: &CreateLink) {
    let session = Session::new(service_on(table.clone()).0, Caller::direct("ana"));
    session.create(request, &WriteOptions::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_as_many_clicks_are_redirected_as_the_limit_says() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(MemoryTable::new());
    let file = Arc::new(SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap());
    let feeds: [Arc<dyn ChangeFeed>; 2] = [memory.clone(), file.clone()];
    let tables: [Arc<dyn Table>; 2] = [memory, file];
    for (table, feed) in tables.iter().zip(&feeds) {
        for (name, feed) in [("store", None), ("memory", Some(feed))] {
            create_on(table, &limited(name, 50)).await;
            assert_eq!(at_once(table, feed, name, 200).await, [50, 150, 0], "{name} first, {table:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_reply_wastes_a_click_and_never_grants_one_too_many() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let table: Arc<dyn Table> = Arc::new(table);
    create_on(&table, &limited("few", 50)).await;
    engine.inject_share(Some("UpdateItem"), Fault::LostReply, 20, 7);
    let [redirects, gone, unavailable] = at_once(&table, None, "few", 200).await;
    engine.heal();
    assert_eq!(redirects + gone + unavailable, 200);
    assert!((25..50).contains(&redirects) && unavailable > 0, "{redirects} of 50, {unavailable} lost");
    assert!(redirects + unavailable >= 50, "{redirects} redirects, {unavailable} lost replies");
    let resolver = Resolver::new(service_on(table).0, None);
    assert_eq!(status(&resolver, "few", Visitor::Agent(BROWSER)).await, 410);
}

/// A resolver that reads the store each time, and one that answers from memory.
fn resolvers(fixture: &Fixture) -> [Resolver; 2] {
    let memory_first = Resolver::new(fixture.service.clone(), Some(fixture.table.clone()));
    [Resolver::new(fixture.service.clone(), None), memory_first]
}

#[tokio::test]
async fn who_takes_no_click_is_redirected_while_some_are_left() {
    let fixture = Fixture::new();
    for (resolver, name) in resolvers(&fixture).iter().zip(["store", "memory"]) {
        fixture.create(limited(name, 2)).await;
        let others = async |expected: u16| {
            for visitor in NO_TAKERS {
                assert_eq!(status(resolver, name, visitor).await, expected, "{visitor:?}");
                let shown = resolver.preview("s.example", &code(name)).await;
                assert_eq!(matches!(shown, Preview::Link(_)), expected == 302, "{shown:?}");
            }
        };
        others(302).await;
        assert_eq!(status(resolver, name, Visitor::Agent(BROWSER)).await, 302);
        others(302).await;
        assert_eq!(status(resolver, name, Visitor::Agent("")).await, 302, "a program takes one, too");
        others(410).await;
        assert_eq!(status(resolver, name, Visitor::Agent(BROWSER)).await, 410);
    }
}

#[tokio::test]
async fn a_click_that_is_not_redirected_anyway_takes_none() {
    let fixture = Fixture::new();
    let options = WriteOptions::default();
    for (resolver, name) in resolvers(&fixture).iter().zip(["store", "memory"]) {
        let times = CreateLink { starts_at: Some("10s".to_owned()), ..limited(name, 1) };
        fixture.create(CreateLink { expires_at: Some("100s".to_owned()), ..times }).await;
        let visit = async || {
            resolver.catch_up();
            match click(resolver, name, Visitor::Agent(BROWSER)).await {
                Resolution::Redirect(_) => 302,
                Resolution::Gone { .. } => 410,
                Resolution::NotFound { .. } => 404,
                Resolution::Unavailable => 503,
            }
        };
        assert_eq!(visit().await, 404, "it has not started");
        fixture.advance(10);
        let switched = |disabled| UpdateLink { disabled: Some(disabled), ..UpdateLink::default() };
        fixture.session.update(&link(name), &switched(true), &options).await.unwrap();
        assert_eq!(visit().await, 410, "it is disabled");
        fixture.session.update(&link(name), &switched(false), &options).await.unwrap();
        let rules = PolicyRules { allow: vec![], deny: vec!["example.com".to_owned()] };
        let default = link(name).domain;
        let policy = SetDomain { policy: Patch::Set(rules), ..SetDomain::default() };
        fixture.session.set_domain(&default, &policy, &options).await.unwrap();
        assert_eq!(visit().await, 410, "policy refuses its target");
        let policy = SetDomain { policy: Patch::Clear, ..SetDomain::default() };
        fixture.session.set_domain(&default, &policy, &options).await.unwrap();
        assert_eq!((visit().await, visit().await), (302, 410), "none was taken before");
        fixture.advance(100);
        assert_eq!(visit().await, 410);
        fixture.advance(-110);
    }
}

#[tokio::test]
async fn a_limit_can_be_raised_lowered_and_lifted() {
    let fixture = Fixture::new();
    for (resolver, name) in resolvers(&fixture).iter().zip(["store", "memory"]) {
        fixture.create(limited(name, 2)).await;
        let clicks = async |limit: Option<Patch<u64>>, clicks: usize| {
            if let Some(max_clicks) = limit {
                let change = UpdateLink { max_clicks, ..UpdateLink::default() };
                fixture.session.update(&link(name), &change, &WriteOptions::default()).await.unwrap();
                resolver.catch_up();
            }
            let mut statuses = Vec::new();
            for _ in 0..clicks {
                let redirects = matches!(click(resolver, name, Visitor::Agent(BROWSER)).await, Resolution::Redirect(_));
                statuses.push(redirects);
            }
            statuses
        };
        assert_eq!(clicks(None, 3).await, [true, true, false]);
        assert_eq!(clicks(Some(Patch::Set(3)), 2).await, [true, false]);
        assert_eq!(clicks(Some(Patch::Set(1)), 1).await, [false]);
        assert_eq!(clicks(Some(Patch::Clear), 2).await, [true, true]);
        assert_eq!(clicks(Some(Patch::Set(4)), 2).await, [true, false], "clicks without a limit took none");
    }
}

#[tokio::test]
async fn a_code_that_is_reissued_begins_anew_although_it_says_the_same_creation() {
    let fixture = Fixture::new();
    let resolver = Resolver::new(fixture.service.clone(), None);
    let request = CreateLink { created_at: Some("2020-01-01".to_owned()), reissue: true, ..limited("few", 1) };
    for _ in 0..2 {
        fixture.create(request.clone()).await;
        assert_eq!(status(&resolver, "few", Visitor::Agent(BROWSER)).await, 302);
        assert_eq!(status(&resolver, "few", Visitor::Agent(BROWSER)).await, 410);
        let shown = fixture.session.get(&link("few")).await.unwrap();
        assert_eq!((shown.max_clicks, shown.clicks_used), (Some(1), Some(1)));
        // The clock stands: also what happens in one millisecond has an order.
        fixture.session.delete(&link("few"), &WriteOptions::default()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_whose_fate_is_unknown_is_not_redirected() {
    let fixture = Fixture::new();
    let scripted = ScriptedTable::over(&fixture.table);
    fixture.create(limited("few", 3)).await;
    for feed in [None, Some(scripted.clone() as Arc<dyn ChangeFeed>)] {
        let resolver = Resolver::new(service_on(scripted.clone()).0, feed);
        // The link and the domains are in memory from now on.
        assert_eq!(status(&resolver, "few", Visitor::Ahead).await, 302);
        scripted.add_as(Reads::Corrupt);
        assert_eq!(status(&resolver, "few", Visitor::Agent(BROWSER)).await, 503);
        scripted.add_as(Reads::Hang);
        let begin = tokio::time::Instant::now();
        assert_eq!(status(&resolver, "few", Visitor::Agent(BROWSER)).await, 503);
        assert!(begin.elapsed() < Duration::from_secs(1));
        scripted.add_as(Reads::Right);
        // Who takes none is not redirected by a read that may be an old one.
        scripted.read_as(Reads::Stale(None));
        assert_eq!(status(&resolver, "few", Visitor::Ahead).await, 503);
        scripted.read_as(Reads::Right);
    }
}

#[tokio::test]
async fn a_limit_has_a_range_and_a_temporary_status() {
    let fixture = Fixture::new();
    for (clicks, status, expected) in [
        (0, 302, ("/max_clicks", "max_clicks_range")),
        (u64::MAX, 302, ("/max_clicks", "max_clicks_range")),
        (5, 301, ("/redirect_status", "permanent_with_end")),
        (5, 308, ("/redirect_status", "permanent_with_end")),
    ] {
        let refused = fixture.refused(CreateLink { redirect_status: Some(status), ..limited("few", clicks) }).await;
        assert_eq!(violations(&refused), [expected]);
    }
    let reuse = CreateLink { code: None, reuse: true, ..limited("few", 1) };
    assert_eq!(violations(&fixture.refused(reuse).await), [("/reuse", "reuse_with_own_terms")]);
    let permanent = CreateLink { redirect_status: Some(301), ..coded("many", "https://example.com/") };
    fixture.create(permanent).await;
    let change = UpdateLink { max_clicks: Patch::Set(5), ..UpdateLink::default() };
    let many = LinkRef { domain: link("many").domain, code: code("many") };
    let refused = fixture.session.update(&many, &change, &WriteOptions::default()).await.unwrap_err();
    assert_eq!(violations(&refused), [("/redirect_status", "permanent_with_end")]);
}
