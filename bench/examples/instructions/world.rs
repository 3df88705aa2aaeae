//! What the measured is done in: a service on a table, with a clock that stands and randomness that repeats itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use shortener_core::clock::{Clock, TestClock};
use shortener_core::link::{BaseUrl, CodeGenerator};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::redirect::Resolver;
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Table};
use shortener_core::wire::CreateLink;
use shortener_lambda::{App, Edge, Site};
use tempfile::TempDir;

/// The code of the link that visitors ask for.
pub(crate) const CODE: &str = "b0000000";

/// Where it leads.
pub(crate) const TARGET: &str = "https://example.com/some/path/b0000000";

/// The public host.
pub(crate) const HOST: &str = "s.example";

/// A service on a table.
pub(crate) struct World {
    pub(crate) table: Arc<dyn Table>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) service: Arc<Service>,
    base_url: BaseUrl,
}

/// A world on a file, which goes with it.
pub(crate) struct OnFile {
    pub(crate) world: World,
    pub(crate) app: App,
    pub(crate) folder: TempDir,
}

/// Randomness that repeats itself in each run.
#[derive(Debug, Default)]
struct Repeating(AtomicU64);

impl CodeGenerator for Repeating {
    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fastrand::Rng::with_seed(self.0.fetch_add(1, Ordering::Relaxed)).fill(&mut bytes);
        bytes
    }
}

impl World {
    /// A service on `table`.
    pub(crate) fn on(table: Arc<dyn Table>) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at("2026-11-24T12:00:00Z".parse()?));
        let base_url = BaseUrl::parse(&format!("https://{HOST}"))?;
        let service = Service::new(Arc::clone(&table), Settings::new(base_url.clone()))
            .with_clock(Arc::clone(&clock))
            .with_codes(Arc::new(Repeating::default()));
        Ok(Self { table, clock, service: Arc::new(service), base_url })
    }

    /// A server's or function's parts over it. With a feed, memory answers first.
    pub(crate) fn app(&self, edge: Edge, feed: Option<Arc<dyn ChangeFeed>>) -> App {
        let resolver = Arc::new(Resolver::new(Arc::clone(&self.service), feed));
        let site = Site::new(&self.base_url).with_edge(edge).with_clock(Arc::clone(&self.clock));
        App::new(Arc::clone(&self.service), resolver, site)
    }

    /// Someone who may do everything.
    pub(crate) fn session(&self) -> Session {
        Session::new(Arc::clone(&self.service), Caller::direct("bench"))
    }

    /// Creates the link that visitors ask for.
    pub(crate) async fn create_link(&self) -> anyhow::Result<()> {
        let link = CreateLink { target: TARGET.to_owned(), code: Some(CODE.to_owned()), ..CreateLink::default() };
        self.session().create(&link, &WriteOptions::default()).await?;
        Ok(())
    }
}

impl OnFile {
    /// A new file, and a server's parts as `short serve` has them.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let table = Arc::new(SqliteTable::open(&folder.path().join("table.db"), SqliteOptions::default())?);
        let world = World::on(Arc::clone(&table) as _)?;
        let app = world.app(Edge::None, Some(table));
        Ok(Self { world, app, folder })
    }
}
