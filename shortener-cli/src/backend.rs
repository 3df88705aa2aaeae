//! The two ways to links: directly on a table, or through the API of a service.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use shortener_core::client::ApiClient;
use shortener_core::edge::cloudfront::CloudFront;
use shortener_core::edge::{EdgeCache, EdgeCaches};
use shortener_core::link::BaseUrl;
use shortener_core::operations::Operations;
use shortener_core::service::{Caller, Service, Session, Settings};
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable, InsertBy};
use shortener_core::table::sqlite::{OpenMode, SqliteOptions, SqliteTable};
use shortener_core::table::{ChangeFeed, Table, TableError};
use shortener_core::wire::{Problem, ProblemCode};

use crate::config::{Config, FileLocation, Location, TableLocation};
use crate::exit::Stopped;

/// What a command does to the links; a file that someone named is made only for what writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Only reads, so that a read-only file is enough.
    Read,
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
}

impl Store {
    /// Opens the table that the configuration names. A DynamoDB table is first heard of with the first request.
    ///
    /// # Errors
    /// It cannot be opened, or a service is named.
    pub(crate) async fn open(location: &Location, access: Access) -> anyhow::Result<Self> {
        match location {
            Location::File(file) => Ok(Self::File(Arc::new(open_file(file, access)?))),
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
        }
    }

    /// Where changes of other processes are seen, if the table tells them.
    pub(crate) fn feed(&self) -> Option<Arc<dyn ChangeFeed>> {
        match self {
            Self::File(table) => Some(Arc::clone(table) as Arc<dyn ChangeFeed>),
            Self::Table(_) => None,
        }
    }

    /// The service over the table.
    pub(crate) fn service(&self, base_url: BaseUrl) -> Arc<Service> {
        Arc::new(Service::new(self.table(), Settings::new(base_url)))
    }
}

/// Opens what the configuration names.
///
/// # Errors
/// The table cannot be opened.
pub(crate) async fn open(config: &Config, access: Access, user: &str) -> anyhow::Result<Box<dyn Operations>> {
    if let Location::Api(settings) = &config.location {
        return Ok(Box::new(ApiClient::new(settings.clone())?));
    }
    let store = Store::open(&config.location, access).await?;
    let session = Session::new(store.service(config.base_url_or_default()?), Caller::direct(user));
    Ok(Box::new(session.with_edge_cache(edge_cache(&config.location))))
}

/// What an edge in front of the table's service holds, if its distribution is known. A file has no edge, and a service
/// purges its own.
fn edge_cache(location: &Location) -> Option<Arc<dyn EdgeCache>> {
    let Location::Table(TableLocation { distribution: Some(id), .. }) = location else { return None };
    Some(CloudFront::new(CredentialSource::Chain).of(id.clone()))
}

fn open_file(file: &FileLocation, access: Access) -> Result<SqliteTable, Problem> {
    let open = |mode| SqliteTable::open(&file.path, SqliteOptions { mode, ..SqliteOptions::default() });
    let opened = match access {
        Access::Read if !file.is_default => open(OpenMode::Existing),
        Access::Read | Access::Write => open(OpenMode::Create),
    };
    let opened = match opened {
        Err(TableError::ReadOnly | TableError::AccessDenied(_)) if access == Access::Read => open(OpenMode::ReadOnly),
        other => other,
    };
    opened.map_err(|error| about_file(file, error))
}

/// The problem of a file, named, with advice that is about files.
fn about_file(file: &FileLocation, error: TableError) -> Problem {
    let path = file.path.display();
    if file.path.is_dir() {
        return Problem { retryable: false, ..Problem::new(ProblemCode::Unavailable, format!("{path} is a folder")) }
            .with_hint(format!("name a file in it, such as {path}/links.db"));
    }
    if is_denied(&file.path, &error) {
        return Problem::new(ProblemCode::Forbidden, format!("cannot open {path}: permission denied"))
            .with_hint("give this user access to the file and its folder, or name another file by --file");
    }
    if let TableError::Unavailable(_) = error {
        let why = if file.path.ancestors().skip(1).any(Path::is_file) {
            "its folder is a file"
        } else {
            "it cannot be reached"
        };
        return Problem {
            retryable: false,
            ..Problem::new(ProblemCode::Unavailable, format!("cannot open {path}: {why}"))
        }
        .with_hint("check the path, or name another file by --file");
    }
    let mut problem = Problem::from(error);
    if !problem.detail.contains(&path.to_string()) {
        problem.detail = format!("{path}: {}", problem.detail);
    }
    problem
}

/// Whether the system denies access: of a file that cannot be opened, SQLite does not say why.
fn is_denied(path: &Path, error: &TableError) -> bool {
    let cannot_read = || std::fs::File::open(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    match error {
        TableError::AccessDenied(_) => true,
        TableError::Unavailable(_) => cannot_read(),
        _ => false,
    }
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
