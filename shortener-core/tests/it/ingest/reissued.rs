//! Codes that were another link's before: what was clicked then stays with the site.

use std::sync::Arc;

use shortener_core::ingest::{IngestOptions, Recount};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::service::{Caller, Session};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Consistency, Table, Write, keys};
use shortener_core::wire::{CreateLink, StatsQuery, TopQuery};

use super::super::fixture::{coded, link};
use super::mutants::log_of;
use super::passes::name;
use super::world::{FIRST, World, hour, subject};

struct Seen {
    /// People, orphans and people of all time of the site; people of all time of the link.
    numbers: [u64; 4],
    top: Vec<(String, u64)>,
}

async fn seen(session: &Session) -> Seen {
    let days = StatsQuery { since: Some("2026-11-24".to_owned()), ..StatsQuery::default() };
    let site = session.site_stats(&days).await.unwrap();
    let own = session.link_stats(&link("a"), &days).await.unwrap();
    assert_eq!(own.clicks.human, own.all_time.human);
    let top = session.top(&TopQuery { period: Some("2026-11".to_owned()), ..TopQuery::default() }).await.unwrap();
    let top = top.links.iter().map(|link| (link.code.to_string(), link.clicks)).collect();
    let orphans = site.orphans.unwrap();
    Seen { numbers: [site.clicks.human, orphans, site.all_time.human, own.all_time.human], top }
}

async fn reissue(world: &World, session: &Session) {
    session.delete(&link("a"), &WriteOptions::default()).await.unwrap();
    world.advance_hours(1);
    let request = CreateLink { reissue: true, ..coded("a", "https://example.com/new") };
    session.create(&request, &WriteOptions::default()).await.unwrap();
}

/// Counts everything again; says how many counts were there and stay as they are.
async fn count_again(world: &World) -> u64 {
    let item = async || world.item(subject("a"), hour(FIRST)).await;
    let before = item().await;
    let again = IngestOptions { recount: Recount::All, ..IngestOptions::default() };
    let report = world.pass_with(again).await.unwrap();
    assert_eq!((report.orphans, item().await), (1, before));
    report.unchanged
}

async fn prove(table: Arc<dyn Table>) {
    let world = World::on(table, ["a".to_owned(), "b".to_owned()]).await;
    let session = Session::new(world.service(&world.table), Caller::direct("ana"));
    world.advance_hours(1);
    world.put("1", &[("r1", "/a", 302), ("r2", "/a", 302), ("r3", "/b", 302), ("r4", "/nothing", 404)]);
    world.pass().await;
    let first = seen(&session).await;
    assert_eq!(first.numbers, [3, 1, 3, 2]);
    assert_eq!(first.top, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    for round in 1..3 {
        world.advance_hours(30);
        reissue(&world, &session).await;
        assert_eq!(seen(&session).await.numbers, [3, 1, 3, 0], "{round}");
        assert_eq!(count_again(&world).await, 3, "two links and their domain");
        let after = seen(&session).await;
        assert_eq!((after.numbers, after.top), ([3, 1, 3, 0], vec![("b".to_owned(), 1)]), "{round}");
    }
    // A late file of the hour counts for the site, too.
    world.logs.put(&name("late"), world.now(), log_of(&[("r5", 0)]));
    world.pass().await;
    let after = seen(&session).await;
    assert_eq!((after.numbers, after.top), ([4, 1, 4, 0], vec![("b".to_owned(), 1)]));
}

#[tokio::test]
async fn a_reissue_takes_no_clicks_from_the_site_in_memory() {
    prove(Arc::new(MemoryTable::new())).await;
}

#[tokio::test]
async fn a_reissue_takes_no_clicks_from_the_site_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let table = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
    prove(Arc::new(table)).await;
}

#[tokio::test]
async fn before_the_first_link_with_a_code_its_requests_are_orphans_however_often_it_is_reissued() {
    let world = World::with_links([]).await;
    let session = Session::new(world.service(&world.table), Caller::direct("ana"));
    world.advance_hours(2);
    session.create(&coded("a", "https://example.com/"), &WriteOptions::default()).await.unwrap();
    reissue(&world, &session).await;
    reissue(&world, &session).await;
    world.put("1", &[("r1", "/a", 302)]);
    world.logs.put("E2EXAMPLE.2026-11-24-20.2", world.now(), log_of(&[("r2", 2)]));
    let report = world.pass().await;
    assert_eq!((report.lines, report.orphans, world.people("a").await), (2, 1, 0));
}

#[tokio::test]
async fn a_link_that_was_reissued_by_an_older_version_is_read_as_before() {
    let world = World::with_links(["a".to_owned()]).await;
    let session = Session::new(world.service(&world.table), Caller::direct("ana"));
    world.advance_hours(5);
    reissue(&world, &session).await;
    let subject = link("a");
    let key = keys::link(&subject.domain, &subject.code);
    let mut item = world.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    assert!(item.attributes.remove("known_since").is_some());
    world.table.write(&[Write::put(item)]).await.unwrap();
    world.put("1", &[("r1", "/a", 302)]);
    assert_eq!(world.pass().await.orphans, 1);
    // It keeps what is known: that it is here since its own reissue.
    let since = session.get(&subject).await.unwrap().created_at;
    reissue(&world, &session).await;
    let item = world.table.get(&key, Consistency::Strong).await.unwrap().unwrap();
    assert_eq!(item.attributes.get("known_since").and_then(|at| at.as_str()), Some(since.to_string().as_str()));
}
