//! A world in which everything exists that an operation can meet, made once and copied for each run.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shortener_core::clock::{Clock, TestClock};
use shortener_core::edge::recorded::RecordedEdge;
use shortener_core::ingest::testing::logs::MemoryLogs;
use shortener_core::link::{BaseUrl, CodeGenerator, Domain};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::Resolver;
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::stats::{Ledger, Reached, Source, Sources};
use shortener_core::table::fault::FaultTable;
use shortener_core::table::{ChangeFeed, Item, Table};
use shortener_core::wire::{BatchResult, CreateKey, CreateLink, Patch, Role, Scope, SetDomain, UpdateLink};

use super::judge::Alive;
use super::plan::Plan;
use crate::fixture::{START, coded, link, to};
use crate::ingest::first_hour_log;
use crate::stats::{hour, on, tally};

/// A table that fails as it is told to and shows all that is in it.
#[async_trait]
pub(super) trait Store: Table + ChangeFeed {
    async fn all(&self) -> Vec<Item>;
}

#[async_trait]
impl<T: Table + ChangeFeed + 'static> Store for FaultTable<T> {
    async fn all(&self) -> Vec<Item> {
        self.items().await.unwrap()
    }
}

/// The same entropy whenever it is asked for, until the next phase begins: so a repetition inside a run, which draws a
/// pause, does not change what the run draws otherwise.
#[derive(Debug, Default)]
pub(super) struct Phase(AtomicU8);

impl Phase {
    pub(super) fn next(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl CodeGenerator for Phase {
    fn entropy(&self) -> [u8; 32] {
        [self.0.load(Ordering::Relaxed).wrapping_mul(29).wrapping_add(7); 32]
    }
}

/// What is in a world before anything goes wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    pub(super) items: Vec<Item>,
    /// A valid API key, and its id.
    pub(super) key: String,
    pub(super) key_id: String,
}

pub(super) struct World {
    pub(super) plan: Arc<Plan>,
    pub(super) store: Arc<dyn Store>,
    pub(super) table: Arc<dyn Table>,
    pub(super) clock: Arc<TestClock>,
    pub(super) codes: Arc<Phase>,
    pub(super) service: Arc<Service>,
    pub(super) session: Session,
    /// Reads the store for each click.
    pub(super) resolver: Resolver,
    /// Answers from memory what it has read before.
    pub(super) follower: Resolver,
    pub(super) edge: RecordedEdge,
    pub(super) logs: Arc<MemoryLogs>,
    pub(super) contents: Contents,
    /// What became of the rows of a batch.
    pub(super) rows: Mutex<Vec<BatchResult>>,
    #[expect(dead_code, reason = "what keeps the table alive is only dropped")]
    pub(super) alive: Alive,
}

impl World {
    /// An empty one over a table.
    pub(super) fn over<T: Table + ChangeFeed + 'static>(inner: Arc<T>) -> Self {
        let plan = Arc::new(Plan::default());
        let store: Arc<dyn Store> = Arc::new(FaultTable::new(inner, plan.clone()));
        let table: Arc<dyn Table> = store.clone();
        let clock = Arc::new(TestClock::at(START.parse::<Timestamp>().unwrap()));
        let codes = Arc::new(Phase::default());
        let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
        let service = Service::new(table.clone(), settings).with_clock(clock.clone()).with_codes(codes.clone());
        let (service, edge) = (Arc::new(service), RecordedEdge::default());
        let feed: Arc<dyn ChangeFeed> = store.clone();
        let session =
            Session::new(service.clone(), Caller::direct("ana")).with_edge_cache(Some(Arc::new(edge.clone())));
        Self {
            resolver: Resolver::new(service.clone(), None),
            follower: Resolver::new(service.clone(), Some(feed)),
            logs: Arc::new(MemoryLogs::new(clock.clone())),
            contents: Contents::default(),
            rows: Mutex::default(),
            alive: Box::new(()),
            plan,
            store,
            table,
            clock,
            codes,
            service,
            session,
            edge,
        }
    }

    /// A copy of a world.
    pub(super) async fn copy<T: Table + ChangeFeed + 'static>(inner: Arc<T>, contents: &Contents) -> Self {
        let mut world = Self::over(inner);
        if !contents.items.is_empty() {
            world.table.insert_many(&contents.items).await.unwrap();
        }
        world.contents = contents.clone();
        world.clock.advance(SignedDuration::from_hours(8));
        first_hour_log(&world.logs, world.clock.now());
        world.codes.0.store(200, Ordering::Relaxed);
        world
    }

    pub(super) async fn fill(&self) -> Contents {
        self.service.prepare_changes().await.unwrap();
        self.set_domain().await;
        self.make_links().await;
        self.change_links().await;
        self.count().await;
        let asked = CreateKey { name: "ci".to_owned(), role: Role::Editor, scope: Scope::default(), expires_at: None };
        self.codes.next();
        let made = self.session.create_key(&asked, &WriteOptions::default()).await.unwrap();
        Contents { items: self.store.all().await, key: made.key, key_id: made.view.id }
    }

    async fn set_domain(&self) {
        let change = SetDomain { base_url: Patch::Set("https://go.example".to_owned()), ..SetDomain::default() };
        let domain = Domain::parse("go.example").unwrap();
        self.session.set_domain(&domain, &change, &WriteOptions::default()).await.unwrap();
    }

    async fn make_links(&self) {
        let links = [
            CreateLink { tags: vec!["a".to_owned(), "b".to_owned()], ..coded("launch", "https://example.com/1") },
            CreateLink { owner: Some("team".to_owned()), ..coded("edited", "https://example.com/2") },
            CreateLink { tags: vec!["a".to_owned()], ..coded("gone", "https://example.com/3") },
            coded("off", "https://example.com/4"),
            CreateLink { max_clicks: Some(2), ..coded("limited", "https://example.com/5") },
            CreateLink { reuse: true, ..to("https://example.com/reused") },
            CreateLink { occurrence: Some(1), ..coded("row", "https://example.com/row") },
            CreateLink { domain: Some("go.example".to_owned()), ..coded("there", "https://example.com/6") },
        ];
        for request in links {
            self.codes.next();
            self.session.create(&request, &WriteOptions::default()).await.unwrap();
        }
    }

    async fn change_links(&self) {
        let options = WriteOptions::default();
        for title in ["one", "two"] {
            self.codes.next();
            let change = UpdateLink { title: Patch::Set(title.to_owned()), ..UpdateLink::default() };
            self.session.update(&link("edited"), &change, &options).await.unwrap();
        }
        self.codes.next();
        self.session.delete(&link("gone"), &options).await.unwrap();
        let off = UpdateLink { disabled: Some(true), ..UpdateLink::default() };
        self.session.update(&link("off"), &off, &options).await.unwrap();
    }

    async fn count(&self) {
        let ledger = Ledger::new(self.table.clone(), self.clock.clone());
        let reached = Reached { as_of: self.clock.now(), complete_until: None, stopped_at: None };
        Sources::new(self.table.clone()).report(&Source::edge(), &reached).await.unwrap();
        for code in ["launch", "edited"] {
            ledger.record(&Source::edge(), hour("2026-11-24T10"), 1, &[(on(code), tally(3, 1))]).await.unwrap();
        }
    }
}
