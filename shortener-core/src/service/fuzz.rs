//! Any text as a cursor or a key, and any item that a table can hold as one of ours.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::cursor::Cursor;
use super::record::LinkRecord;
use super::{Caller, Service, ServiceError, Session, Settings};
use crate::clock::TestClock;
use crate::link::{BaseUrl, Domain, ShortCode};
use crate::operations::{LinkRef, Operations, WriteOptions};
use crate::redirect::{Resolution, Resolver};
use crate::stats::{Hour, Month, Period};
use crate::table::keys::{self, Subject};
use crate::table::memory::MemoryTable;
use crate::table::{Attributes, Item, Key, Table, Write};
use crate::wire::{CreateKey, CreateLink, LinkFilter, Problem, Role, Scope, StatsQuery, Step, TopQuery, UpdateLink};

const NOW: &str = "2026-11-26T12:00:00Z";

struct World {
    table: Arc<MemoryTable>,
    service: Arc<Service>,
    session: Session,
    link: LinkRef,
}

impl World {
    /// A table with one link.
    async fn new() -> Self {
        let table = Arc::new(MemoryTable::new());
        let clock = Arc::new(TestClock::at(now()));
        let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
        let service = Arc::new(Service::new(table.clone(), settings).with_clock(clock));
        let session = Session::new(service.clone(), Caller::direct("ana"));
        let request = CreateLink {
            code: Some("a".to_owned()),
            target: "https://example.com/".to_owned(),
            max_clicks: Some(3),
            tags: vec!["t".to_owned()],
            ..CreateLink::default()
        };
        session.create(&request, &WriteOptions::default()).await.unwrap();
        let link = LinkRef { domain: Domain::default_domain(), code: ShortCode::parse("a").unwrap() };
        Self { table, service, session, link }
    }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[test]
fn a_cursor_continues_its_own_list_and_no_other() {
    let (runtime, world) = (runtime(), runtime().block_on(World::new()));
    crate::fuzz_target!("cursor", |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let (subject, rest) = text.split_once('\n').unwrap_or_default();
        if let Ok(cursor) = Cursor::parse(rest, subject) {
            assert_eq!(Cursor::parse(&cursor.encode(), subject).unwrap(), cursor);
        }
        let cursor = Cursor::new(subject, rest);
        let encoded = cursor.encode();
        assert_eq!(Cursor::parse(&encoded, subject).ok(), (rest.len() <= 1024).then_some(cursor));
        assert!(Cursor::parse(&encoded, &format!("{subject}x")).is_err());
        runtime.block_on(lists(&world, rest));
    });
}

/// Whatever a cursor says, a list is answered or the cursor is refused.
async fn lists(world: &World, text: &str) {
    let filter = LinkFilter { limit: Some(1), ..LinkFilter::default() };
    let own =
        serde_json::to_string(&LinkFilter { cursor: None, limit: None, clicks: false, ..filter.clone() }).unwrap();
    for cursor in [text.to_owned(), Cursor::new(&own, text).encode()] {
        no_fault(world.session.list(&LinkFilter { cursor: Some(cursor.clone()), ..filter.clone() }).await);
        no_fault(world.session.history(&world.link, 1, Some(&cursor)).await);
    }
    let history = Cursor::new(&format!("history -/{}", world.link.code), text).encode();
    no_fault(world.session.history(&world.link, 1, Some(&history)).await);
}

/// Nothing that a caller says is a fault of ours.
fn no_fault<T>(outcome: Result<T, Problem>) {
    if let Err(problem) = outcome {
        assert!(problem.status < 500, "{problem:?}");
    }
}

#[test]
fn no_text_but_the_key_itself_is_let_in() {
    let (runtime, world) = (runtime(), runtime().block_on(World::new()));
    let request = CreateKey { name: "ci".to_owned(), role: Role::Editor, scope: Scope::default(), expires_at: None };
    let key = runtime.block_on(world.session.create_key(&request, &WriteOptions::default())).unwrap().key;
    crate::fuzz_target!("key", |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        // Where the text has a star, the key stands; so that what is added to it is tried.
        let given = text.replace('*', &key);
        match runtime.block_on(world.service.authenticate(&given)) {
            Ok(caller) => assert!(given == key && caller.actor().as_str().starts_with("key:")),
            Err(ServiceError::Unauthenticated(_)) => assert_ne!(given, key),
            Err(other) => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_stored_item_is_read_or_refused_whatever_it_holds() {
    let runtime = runtime();
    crate::fuzz_target!("stored", |input: &[u8]| {
        let Some((kind, json)) = input.split_first() else { return };
        let Ok(attributes) = serde_json::from_slice::<Attributes>(json) else { return };
        let item = Item { key: key_of(*kind), attributes };
        link_again(&item);
        runtime.block_on(async {
            let world = World::new().await;
            if world.table.write(&[Write::put(item)]).await.is_ok() {
                reads(&world).await;
                writes(&world).await;
            }
        });
    });
}

/// The key of what an item is tried as.
fn key_of(kind: u8) -> Key {
    let (domain, code) = (Domain::default_domain(), ShortCode::parse("a").unwrap());
    let subject = Subject::Link(domain.clone(), code.clone());
    let (hour, date) = (Hour::of(now()), Hour::of(now()).date());
    match kind {
        b'd' => keys::domain(&domain),
        b'k' => keys::api_key("ci"),
        b'h' => keys::hour_stats(&subject, hour, "edge"),
        b'D' => keys::period_stats(&subject, Period::Day(date)),
        b'm' => keys::period_stats(&subject, Period::Month(Month::of(date))),
        b't' => keys::period_stats(&subject, Period::Total),
        b'S' => keys::period_stats(&Subject::Site(domain), Period::Day(date)),
        b's' => keys::secret(),
        b'q' => keys::quota(&domain, &code, now()),
        b'e' => keys::event(&domain, &code, uuid::Uuid::from_u128(0x019a_bf8a_1400_7000_8000_0000_0000_0000)),
        b'c' => keys::count_source("edge"),
        b'f' => keys::ingest_figures(hour),
        _ => keys::link(&domain, &code),
    }
}

/// A link that is stored again is the same.
fn link_again(item: &Item) {
    let Ok(record) = LinkRecord::decode(item) else { return };
    let stored = record.encode(400).unwrap();
    assert_eq!(LinkRecord::decode(&stored).unwrap(), record);
    let view = record.view(&BaseUrl::parse("https://s.example").unwrap(), now());
    serde_json::to_string(&view).unwrap();
}

async fn reads(world: &World) {
    let World { session, link, service, .. } = world;
    if let Resolution::Redirect(redirect) = Resolver::new(service.clone(), None).resolve("s.example", &link.code).await
    {
        assert!(redirect.target.as_str().starts_with("http"));
    }
    let _ = service.authenticate("short_ci_0").await;
    let _ = (session.get(link).await, session.history(link, 10, None).await, session.domains().await);
    let _ = (session.keys().await, session.tags().await);
    let _ = session.list(&LinkFilter { clicks: true, ..LinkFilter::default() }).await;
    for by in [Step::Hour, Step::Day] {
        let query = StatsQuery { by: Some(by), since: Some("2d".to_owned()), ..StatsQuery::default() };
        let _ = (session.link_stats(link, &query).await, session.site_stats(&query).await);
    }
    let _ = session.top(&TopQuery::default()).await;
}

async fn writes(world: &World) {
    let World { session, link, .. } = world;
    let (options, change) = (WriteOptions::default(), UpdateLink { disabled: Some(true), ..UpdateLink::default() });
    let _ = (session.update(link, &change, &options).await, session.delete(link, &options).await);
    let _ = session.restore(link, &options).await;
    let request = CreateLink { target: "https://example.com/b".to_owned(), ..CreateLink::default() };
    let _ = session.create(&request, &options).await;
}
