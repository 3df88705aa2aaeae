//! The rules of the product, written once above the waist. Handlers and commands call [`Session`]; only this module and
//! the redirect resolver touch a table.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::clock::{Clock, SystemClock};
use crate::link::{BaseUrl, CodeGenerator, RandomCodes, Tag};
use crate::operations::Mode;
use crate::table::Table;
use crate::when;

mod api_keys;
mod batch;
mod bulk;
mod caller;
mod change;
mod content;
mod cost;
mod create;
mod cursor;
mod directory;
mod domains;
mod draft;
mod error;
#[cfg(test)]
mod fuzz;
mod history;
mod list;
mod merge;
mod purge;
mod record;
mod secret;
mod session;
mod stats;
mod store;
mod tags;

pub use batch::MAX_BATCH;
pub use caller::Caller;
pub use content::Content;
pub use cost::Cost;
pub use directory::{Directory, DomainDirectory, DomainEntry};
pub use error::ServiceError;
pub(crate) use record::Lifetime;
pub use record::LinkRecord;
pub use session::Session;
#[cfg(feature = "logs")]
pub(crate) use stats::HourFigures;

/// Days for which the code of a deleted or expired link is not given to another one.
pub const RETENTION_DAYS: u16 = 400;

/// What an operator can set about the rules.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URL of the default domain.
    pub base_url: BaseUrl,
    /// Characters in a drawn code, 4 to 40; 7 by default.
    pub code_length: u8,
    /// Days for which a code stays retired; 400 by default.
    pub retention_days: u16,
    /// Longest target, in bytes as serialised; 2,048 by default.
    pub max_target_bytes: usize,
}

impl Settings {
    /// The default settings for a base URL.
    pub fn new(base_url: BaseUrl) -> Self {
        Self { base_url, code_length: 7, retention_days: RETENTION_DAYS, max_target_bytes: 2048 }
    }
}

/// The service over one table.
#[derive(Debug)]
pub struct Service {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    codes: Arc<dyn CodeGenerator>,
    settings: Settings,
    mode: Mode,
    secret: OnceCell<secret::TableSecret>,
    domains: DomainDirectory,
    known_tags: Mutex<HashSet<Tag>>,
    key_ring: api_keys::KeyRing,
}

impl Service {
    /// A service over `table` with the machine's clock and random numbers.
    pub fn new(table: Arc<dyn Table>, settings: Settings) -> Self {
        Self {
            table,
            clock: Arc::new(SystemClock),
            codes: Arc::new(RandomCodes),
            domains: DomainDirectory::default(),
            secret: OnceCell::new(),
            known_tags: Mutex::default(),
            key_ring: api_keys::KeyRing::default(),
            mode: Mode::Apply,
            settings,
        }
    }

    /// The same service with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same service with another source of randomness.
    #[must_use]
    pub fn with_codes(mut self, codes: Arc<dyn CodeGenerator>) -> Self {
        self.codes = codes;
        self
    }

    /// The same service for callers of whom none writes. On a table without a secret it works with one that is stored
    /// nowhere, so that what it derives, such as codes of rows, is not what another service would.
    #[must_use]
    pub fn for_dry_runs(mut self) -> Self {
        self.mode = Mode::DryRun;
        self
    }

    /// Reads what every redirect needs before the first one comes, which also opens the way to the table.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if the table cannot be read.
    pub async fn prepare_redirects(&self) -> Result<(), ServiceError> {
        self.directory().await.map(drop)
    }

    /// Reads what changes need as well: the table's secret, which is made now if the table is new.
    ///
    /// # Errors
    /// [`ServiceError::Store`] if the table cannot be read, or a new one cannot be written.
    pub async fn prepare_changes(&self) -> Result<(), ServiceError> {
        self.prepare_redirects().await?;
        self.secret().await.map(drop)
    }

    /// The settings it works by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The moment it is, in whole milliseconds: what is stored and shown.
    pub(crate) fn now(&self) -> Timestamp {
        when::whole_milliseconds(self.clock.now())
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) fn table(&self) -> &Arc<dyn Table> {
        &self.table
    }

    fn with_known_tags<T>(&self, act: impl FnOnce(&mut HashSet<Tag>) -> T) -> T {
        act(&mut self.known_tags.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
