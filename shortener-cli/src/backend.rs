//! The two ways to links: directly on a table, or through the API of a service.

use std::sync::Arc;

use shortener_core::client::ApiClient;
use shortener_core::edge::cloudfront::CloudFront;
use shortener_core::edge::{EdgeCache, EdgeCaches};
use shortener_core::link::BaseUrl;
use shortener_core::operations::{Mode, Operations};
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable, InsertBy};
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::SqliteTable;
use shortener_core::table::{ChangeFeed, Table, TableError};
use shortener_core::wire::Problem;

use crate::config::{Config, Location, TableLocation};
use crate::exit::Stopped;

mod file;

/// What a command does to the links; a file that someone named is made only for what writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Only reads, so that a read-only file is enough.
    Read,
    /// Writes to a table that is there already.
    Fill,
    /// Writes, perhaps.
    Write,
}

/// An opened table.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// An embedded file.
    File(Arc<SqliteTable>),
    /// A DynamoDB table.
    Table(DynamoTable),
    /// An empty table, in place of a file that a dry run does not make.
    Memory(Arc<MemoryTable>),
}

impl Store {
    /// Opens the table that the configuration names. A DynamoDB table is first heard of with the first request.
    ///
    /// # Errors
    /// It cannot be opened, or a service is named.
    pub(crate) async fn open(location: &Location, access: Access, mode: Mode) -> anyhow::Result<Self> {
        match location {
            Location::File(file) => Ok(file::open(file, access, mode)?),
            Location::Table(table) => Ok(Self::Table(connect(table).await?)),
            Location::Api(settings) => {
                let detail = format!("this works on a table, and {} is a service", settings.url);
                Err(Stopped::usage(detail, "name a table by --file or --table").into())
            }
        }
    }

    /// The table itself.
    pub(crate) fn table(&self) -> Arc<dyn Table> {
        match self {
            Self::File(table) => Arc::clone(table) as Arc<dyn Table>,
            Self::Table(table) => Arc::new(table.clone()),
            Self::Memory(table) => Arc::clone(table) as Arc<dyn Table>,
        }
    }

    /// Where changes of other processes are seen, if the table tells them.
    pub(crate) fn feed(&self) -> Option<Arc<dyn ChangeFeed>> {
        match self {
            Self::File(table) => Some(Arc::clone(table) as Arc<dyn ChangeFeed>),
            Self::Table(_) | Self::Memory(_) => None,
        }
    }

    /// The service over the table; one for dry runs stores no secret of its own accord.
    pub(crate) fn service(&self, base_url: BaseUrl, mode: Mode) -> Arc<Service> {
        let service = Service::new(self.table(), Settings::new(base_url));
        Arc::new(if mode == Mode::DryRun { service.for_dry_runs() } else { service })
    }
}

/// Opens what the configuration names.
///
/// # Errors
/// The table cannot be opened.
pub(crate) async fn open(
    config: &Config,
    access: Access,
    mode: Mode,
    user: &str,
) -> anyhow::Result<Box<dyn Operations>> {
    if let Location::Api(settings) = &config.location {
        return Ok(Box::new(ApiClient::new(settings.clone())?));
    }
    let store = Store::open(&config.location, access, mode).await?;
    // What only reads asks the service for dry runs at most.
    let mode = if access == Access::Read { Mode::DryRun } else { mode };
    let session = Session::new(store.service(config.base_url_or_default()?, mode), Caller::direct(user));
    Ok(Box::new(session.with_edge_cache(edge_cache(&config.location))))
}

/// What an edge in front of the table's service holds, if its distribution is known. A file has no edge, and a service
/// purges its own.
fn edge_cache(location: &Location) -> Option<Arc<dyn EdgeCache>> {
    let Location::Table(TableLocation { distribution: Some(id), .. }) = location else { return None };
    Some(CloudFront::new(CredentialSource::Chain).of(id.clone()))
}

async fn connect(location: &TableLocation) -> anyhow::Result<DynamoTable> {
    if let Some(url) = &location.endpoint_url
        && !url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    {
        let detail = format!("endpoint '{}' is not a URL", url.escape_debug());
        return Err(Stopped::usage(detail, "give one such as http://127.0.0.1:8000").into());
    }
    let settings = DynamoSettings {
        region: location.region.clone(),
        endpoint_url: location.endpoint_url.clone(),
        insert_by: InsertBy::FAR,
        ..DynamoSettings::new(&location.name)
    };
    DynamoTable::connect(&settings).await.map_err(|error| match error {
        TableError::Invalid(detail) => Stopped::usage(detail, "pass --region, or set AWS_REGION").into(),
        other => Problem::from(other).into(),
    })
}
