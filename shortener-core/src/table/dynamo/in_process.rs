//! A DynamoDB-compatible engine inside the process, for tests: an SDK HTTP connector that hands requests to an emulator
//! without a socket, records them, and injects faults. [`InProcess::serve`] offers the same engine on a loopback port.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

mod capacity;
mod dispatch;
mod dump;
mod fault;
mod network;
mod operation;
mod partial;
mod server;

pub use capacity::Consumed;
pub use fault::Fault;
pub use operation::Operation;
pub use server::Server;

use capacity::Meter;
use fault::Faults;
use network::Network;

/// The engine. Cloning shares the data, the record and the faults.
#[derive(Debug, Clone)]
pub struct InProcess(Arc<Inner>);

struct Inner {
    database: Database,
    is_recording: AtomicBool,
    operations: Mutex<Vec<Operation>>,
    faults: Mutex<Faults>,
    network: Network,
    meter: Meter,
    busy_ns: AtomicU64,
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
        Ok(Self(Arc::new(Inner {
            database,
            is_recording: AtomicBool::new(true),
            operations: Mutex::default(),
            faults: Mutex::default(),
            network: Network::default(),
            meter: Meter::default(),
            busy_ns: AtomicU64::new(0),
        })))
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
        DynamoTable::from_client(&self.client(Limits::INTERACTIVE), name)
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

    /// Keeps no record of operations from now on: for loads of millions, whose record would fill the memory.
    pub fn stop_recording(&self) {
        self.0.is_recording.store(false, Ordering::Relaxed);
        self.forget_operations();
    }

    /// Time spent inside the emulator since the start, in all threads together, waiting for one another included.
    pub fn busy(&self) -> Duration {
        Duration::from_nanos(self.0.busy_ns.load(Ordering::Relaxed))
    }

    /// Adds this much time to every round trip, half on the way there and half on the way back.
    pub fn set_round_trip(&self, time: Duration) {
        self.0.network.set_round_trip(time);
    }

    /// Throttles every request that arrives while this many others are under way. Only a round trip that takes time
    /// lets requests of one thread meet.
    pub fn throttle_above(&self, in_flight: usize) {
        self.0.network.set_most_in_flight(in_flight);
    }

    /// Makes the next `times` attempts of an operation (such as `PutItem`; none for any) fail in this way.
    pub fn inject(&self, operation: Option<&'static str>, fault: Fault, times: usize) {
        lock(&self.0.faults).add(operation, fault, times);
    }

    /// Makes this many percent of all attempts of an operation (none for any) fail in this way until
    /// [`InProcess::heal`]; which ones, is drawn from `seed`. Faults injected by number come first.
    pub fn inject_share(&self, operation: Option<&'static str>, fault: Fault, percent: u8, seed: u64) {
        lock(&self.0.faults).add_share(operation, fault, percent, seed);
    }

    /// Takes all faults back, and the bound on the requests under way.
    pub fn heal(&self) {
        *lock(&self.0.faults) = Faults::default();
        self.throttle_above(usize::MAX);
    }

    /// Answers the JSON of an operation as [`InProcess::serve`] does: the status and the JSON. None stands for an injected
    /// broken connection. For servers of a test's own.
    pub async fn answer_to(&self, operation: &str, body: &str) -> Option<(u16, String)> {
        self.exchange(operation, body).await.ok().map(|reply| (reply.status, reply.body))
    }

    /// Answers one request after the time of the way: the operation's name and its JSON. The error is a broken connection.
    async fn exchange(&self, operation: &str, body: &str) -> Result<Reply, ConnectorError> {
        let passage = self.0.network.enter();
        self.0.network.travel().await;
        let answer = if passage.is_too_many {
            self.record(operation, body);
            Ok(throttled())
        } else {
            self.answer(operation, body)
        };
        self.0.network.travel().await;
        answer
    }

    fn record(&self, operation: &str, body: &str) {
        if self.0.is_recording.load(Ordering::Relaxed) {
            lock(&self.0.operations).push(Operation::read(operation, body));
        }
    }

    fn run(&self, operation: &str, body: &str) -> Reply {
        let begin = Instant::now();
        let run = |body: &str| dispatch::run(&self.0.database, operation, body);
        let reply = self.0.meter.run(operation, body, run);
        self.0.busy_ns.fetch_add(u64::try_from(begin.elapsed().as_nanos()).unwrap_or(0), Ordering::Relaxed);
        reply
    }

    fn answer(&self, operation: &str, body: &str) -> Result<Reply, ConnectorError> {
        self.record(operation, body);
        let (fault, mut random) = {
            let mut faults = lock(&self.0.faults);
            (faults.take(operation), faults.fork())
        };
        let run = |body: &str| self.run(operation, body);
        match fault {
            None => Ok(run(body)),
            Some(Fault::Throttle) => Ok(throttled()),
            Some(Fault::ServerError) => Ok(dispatch::failure(500, "InternalServerError", "injected")),
            Some(Fault::ExpiredToken) => Ok(refused("ExpiredTokenException", "is expired")),
            Some(Fault::UnknownKey) => Ok(refused("UnrecognizedClientException", "is invalid")),
            Some(Fault::Unreachable) => Err(broken(io::ErrorKind::ConnectionRefused)),
            Some(Fault::LostReply) => {
                run(body);
                Err(broken(io::ErrorKind::ConnectionReset))
            }
            // Of a batch of one, that one: so that there is progress.
            Some(Fault::Unprocessed) => Ok(partial::run(operation, body, |at, of| at < of.div_ceil(2), run)),
            Some(Fault::SomeUnprocessed { percent }) => {
                Ok(partial::run(operation, body, |_, _| random.u8(..100) >= percent, run))
            }
        }
    }
}

fn refused(code: &str, what: &str) -> Reply {
    dispatch::failure(400, code, &format!("The security token included in the request {what}."))
}

fn throttled() -> Reply {
    dispatch::failure(400, "ThrottlingException", "Rate exceeded")
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
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            let operation = operation_of(request.headers().get("x-amz-target"));
            let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
            let reply = engine.exchange(operation, &body).await?;
            let status = reply.status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
            Ok(HttpResponse::new(status, SdkBody::from(reply.body)))
        })
    }
}
