//! A DynamoDB-compatible engine inside the process, for tests: an SDK HTTP connector that hands requests to an emulator
//! without a socket, records them, and injects faults. [`InProcess::serve`] offers the same engine on a loopback port.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;

use super::{DeletionProtection, DynamoTable, Limits};
use crate::table::TableError;

mod dispatch;
mod dump;
mod fault;
mod operation;
mod server;

pub use fault::Fault;
pub use operation::Operation;
pub use server::Server;

use fault::Faults;

/// The engine. Cloning shares the data, the record and the faults.
#[derive(Debug, Clone)]
pub struct InProcess(Arc<Inner>);

struct Inner {
    database: Database,
    operations: Mutex<Vec<Operation>>,
    faults: Mutex<Faults>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// An HTTP status and a JSON body.
#[derive(Debug)]
struct Reply {
    status: u16,
    body: String,
}

impl InProcess {
    /// An empty engine in memory.
    ///
    /// # Errors
    /// [`TableError::Engine`] if the emulator does not start.
    pub fn start() -> Result<Self, TableError> {
        let database = Database::memory().map_err(|error| TableError::Engine(error.into()))?;
        Ok(Self(Arc::new(Inner { database, operations: Mutex::default(), faults: Mutex::default() })))
    }

    /// An engine and a table made in it by [`DynamoTable::create`].
    ///
    /// # Errors
    /// As these.
    pub async fn with_table(name: &str) -> Result<(Self, DynamoTable), TableError> {
        let engine = Self::start()?;
        let table = engine.table(name);
        table.create(DeletionProtection::Off).await?;
        engine.forget_operations();
        Ok((engine, table))
    }

    /// A table of this engine, whether it exists or not.
    pub fn table(&self, name: &str) -> DynamoTable {
        DynamoTable::from_client(self.client(Limits::INTERACTIVE), name)
    }

    /// An SDK client of this engine.
    pub fn client(&self, limits: Limits) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url("http://in-process.invalid")
            .credentials_provider(Credentials::new("test", "test", None, None, "in-process"))
            .timeout_config(limits.timeouts())
            .retry_config(limits.retries())
            .http_client(self.clone())
            .build();
        Client::from_conf(config)
    }

    /// Every attempt of an operation since the start or [`InProcess::forget_operations`], in order.
    pub fn operations(&self) -> Vec<Operation> {
        lock(&self.0.operations).clone()
    }

    /// Empties the record of operations.
    pub fn forget_operations(&self) {
        lock(&self.0.operations).clear();
    }

    /// Makes the next `times` attempts of an operation (such as `PutItem`; none for any) fail in this way.
    pub fn inject(&self, operation: Option<&'static str>, fault: Fault, times: usize) {
        lock(&self.0.faults).add(operation, fault, times);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        *lock(&self.0.faults) = Faults::default();
    }

    /// Answers one request: the operation's name and its JSON. The error is a broken connection.
    fn answer(&self, operation: &str, body: &str) -> Result<Reply, ConnectorError> {
        lock(&self.0.operations).push(Operation::read(operation, body));
        let fault = lock(&self.0.faults).take(operation);
        let run = |body: &str| dispatch::run(&self.0.database, operation, body);
        match fault {
            None => Ok(run(body)),
            Some(Fault::Throttle) => Ok(dispatch::failure(400, "ThrottlingException", "Rate exceeded")),
            Some(Fault::ServerError) => Ok(dispatch::failure(500, "InternalServerError", "injected")),
            Some(Fault::Unreachable) => Err(broken(io::ErrorKind::ConnectionRefused)),
            Some(Fault::LostReply) => {
                run(body);
                Err(broken(io::ErrorKind::ConnectionReset))
            }
            Some(Fault::Unprocessed) => Ok(fault::leave_unprocessed(operation, body, run)),
        }
    }
}

fn broken(kind: io::ErrorKind) -> ConnectorError {
    ConnectorError::io(Box::new(io::Error::new(kind, "injected")))
}

/// Poison means that another test thread panicked; the data behind is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The operation named by the `x-amz-target` header.
fn operation_of(target: Option<&str>) -> &str {
    target.and_then(|target| target.strip_prefix("DynamoDB_20120810.")).unwrap_or_default()
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation_of(request.headers().get("x-amz-target"));
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        HttpConnectorFuture::ready(self.answer(operation, &body).and_then(|reply| {
            let status = reply.status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
            Ok(HttpResponse::new(status, SdkBody::from(reply.body)))
        }))
    }
}
