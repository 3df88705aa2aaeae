//! The rules hold on every engine, and what they cost on DynamoDB is recorded.

use std::fmt::Write as _;
use std::sync::Arc;

use shortener_core::link::ShortCode;
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::{Resolution, Resolver};
use shortener_core::service::{Caller, Session};
use shortener_core::table::Table;
use shortener_core::table::dynamo::in_process::{Fault, InProcess};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::wire::{CreateLink, LinkFilter, Patch, ProblemCode, StatsQuery, TopQuery, UpdateLink};

use super::fixture::{coded, keyed, link, service_on, to};

const CREATORS: usize = 200;

/// Creators of one code at the same time: exactly one wins, and every loser sees the winner.
async fn one_winner(table: Arc<dyn Table>) {
    let (service, _) = service_on(table);
    let mut creators = tokio::task::JoinSet::new();
    for number in 0..CREATORS {
        let session = Session::new(service.clone(), Caller::direct(&format!("creator {number}")));
        creators.spawn(async move {
            let request =
                CreateLink { tags: vec!["race".to_owned()], ..coded("one", &format!("https://example.com/{number}")) };
            session.create(&request, &WriteOptions::default()).await
        });
    }
    let outcomes = creators.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
    assert_eq!((outcomes.len(), winners.len()), (CREATORS, 1));
    for problem in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(problem.code, ProblemCode::CodeTaken, "{problem:?}");
        assert_eq!(problem.link.as_deref(), Some(&winners[0].0));
    }
    let session = Session::new(service, Caller::direct("ana"));
    let tagged = LinkFilter { tag: Some("race".to_owned()), ..LinkFilter::default() };
    assert_eq!(session.list(&tagged).await.unwrap().links.len(), 1, "no loser left a tag entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_hundred_creators_wins_in_memory() {
    one_winner(Arc::new(MemoryTable::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_hundred_creators_wins_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let table = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
    one_winner(Arc::new(table)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_hundred_creators_wins_on_dynamodb() {
    let (_engine, table) = InProcess::with_table("links").await.unwrap();
    one_winner(Arc::new(table)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_hundred_creators_wins_although_replies_are_lost() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    engine.inject(Some("TransactWriteItems"), Fault::LostReply, 20);
    one_winner(Arc::new(table)).await;
}

/// What each operation asks of DynamoDB, by a service that is warm: domains and secret are in memory.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story: a line for each operation")]
async fn the_dynamodb_operations_of_everything_are_recorded() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let (service, _) = service_on(Arc::new(table));
    let session = Session::new(service.clone(), Caller::direct("ana"));
    let resolver = Resolver::new(service.clone(), None);
    let options = WriteOptions::default();
    let warm = CreateLink { tags: vec!["t".to_owned()], ..to("https://example.com/warm") };
    session.create(&warm, &keyed("warm")).await.unwrap();

    let mut record = String::new();
    let mut note = |what: &str| {
        let mut asked: Vec<(String, usize)> = Vec::new();
        for operation in engine.operations() {
            assert_ne!(operation.name, "Scan", "{what}");
            let shown = operation.to_string();
            match asked.last_mut() {
                Some((last, times)) if *last == shown => *times += 1,
                _ => asked.push((shown, 1)),
            }
        }
        engine.forget_operations();
        let shown: Vec<_> = asked.iter().map(|(name, times)| format!("{times} × {name}")).collect();
        writeln!(record, "{what}: {}", if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }).unwrap();
    };
    note("(start: secret, domains, tag name, a tagged create)");
    session.create(&coded("a", "https://example.com/"), &options).await.unwrap();
    note("create");
    session.create(&coded("b", "https://example.com/"), &keyed("k")).await.unwrap();
    note("create with an idempotency key");
    session.create(&coded("a", "https://example.com/"), &options).await.unwrap_err();
    note("create, code taken");
    let tagged = CreateLink { tags: vec!["t".to_owned()], ..coded("c", "https://example.com/") };
    session.create(&tagged, &options).await.unwrap();
    note("create with a tag");
    let reuse = CreateLink { reuse: true, ..to("https://example.com/reused") };
    session.create(&reuse, &options).await.unwrap();
    note("create with reuse, new");
    session.create(&reuse, &options).await.unwrap();
    note("create with reuse, found");
    session.get(&link("a")).await.unwrap();
    note("inspect");
    session.list(&LinkFilter::default()).await.unwrap();
    note("list");
    session.list(&LinkFilter { clicks: true, ..LinkFilter::default() }).await.unwrap();
    note("list with clicks");
    session.list(&LinkFilter { tag: Some("t".to_owned()), ..LinkFilter::default() }).await.unwrap();
    note("list by tag");
    session.list(&LinkFilter { target_host: Some("example.com".to_owned()), ..LinkFilter::default() }).await.unwrap();
    note("list by target host");
    let update = UpdateLink { title: Patch::Set("T".to_owned()), ..UpdateLink::default() };
    session.update(&link("a"), &update, &options).await.unwrap();
    note("update, expire, disable, enable");
    session.update(&link("a"), &update, &options).await.unwrap();
    note("update that changes nothing");
    session.delete(&link("a"), &options).await.unwrap();
    note("delete");
    session.restore(&link("a"), &options).await.unwrap();
    note("restore");
    session.history(&link("a"), 50, None).await.unwrap();
    note("history");
    session.link_stats(&link("a"), &StatsQuery::default()).await.unwrap();
    note("stats of a link");
    session.site_stats(&StatsQuery::default()).await.unwrap();
    note("stats of the site");
    session.top(&TopQuery::default()).await.unwrap();
    note("top");
    session.tags().await.unwrap();
    note("tags list");
    session.domains().await.unwrap();
    note("domains list");
    session.keys().await.unwrap();
    note("keys list");
    session.whoami().await.unwrap();
    note("whoami");
    let code = |text| ShortCode::parse(text).unwrap();
    assert!(matches!(resolver.resolve("s.example", &code("a")).await, Resolution::Redirect(_)));
    note("redirect, hit");
    assert!(matches!(resolver.resolve("s.example", &code("nope")).await, Resolution::NotFound { .. }));
    note("redirect, miss");
    resolver.preview("s.example", &code("a")).await;
    note("preview");
    insta::assert_snapshot!(record);
}

/// The store fails: the copy in memory answers, an unknown code is 503 and never 404.
#[tokio::test]
async fn a_sick_store_is_never_a_404() {
    let (engine, table) = InProcess::with_table("links").await.unwrap();
    let (service, clock) = service_on(Arc::new(table));
    let session = Session::new(service.clone(), Caller::direct("ana"));
    let brief = CreateLink { expires_at: Some("1h".to_owned()), ..coded("brief", "https://example.com/") };
    session.create(&brief, &WriteOptions::default()).await.unwrap();
    let resolver = Resolver::new(service, None);
    let resolve = async |text: &str| resolver.resolve("s.example", &ShortCode::parse(text).unwrap()).await;
    assert!(matches!(resolve("brief").await, Resolution::Redirect(_)));
    for fault in [Fault::Throttle, Fault::Unreachable, Fault::ServerError] {
        engine.inject(None, fault, usize::MAX);
        assert!(matches!(resolve("brief").await, Resolution::Redirect(_)), "{fault:?}");
        assert_eq!(resolve("nope").await, Resolution::Unavailable, "{fault:?}");
        engine.heal();
    }
    engine.inject(None, Fault::Unreachable, usize::MAX);
    clock.advance(jiff::SignedDuration::from_hours(1));
    assert!(matches!(resolve("brief").await, Resolution::Gone { .. }), "no copy outlives its link");
}
