//! The Lambda Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) for one process.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// How long an invocation may take before the test gives up: far above anything that is expected.
const PATIENCE: Duration = Duration::from_secs(30);

/// The function's version of every test.
const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:short:live";

/// The API, served by a thread of its own until it is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    queue: mpsc::UnboundedSender<Invocation>,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    under_way: Mutex<HashMap<String, UnderWay>>,
    first_next: Mutex<Option<Instant>>,
    init_errors: Mutex<Vec<Value>>,
}

/// One invocation: what is delivered, under which id, and by when it must be answered.
#[derive(Debug)]
struct Invocation {
    id: String,
    payload: Bytes,
    deadline: Duration,
    reply: oneshot::Sender<Reply>,
}

#[derive(Debug)]
struct UnderWay {
    handed_over: Instant,
    reply: oneshot::Sender<Reply>,
}

/// How an invocation ended.
#[derive(Debug)]
pub struct Reply {
    pub outcome: Outcome,
    /// From the moment the function had the event.
    pub took: Duration,
    /// When it ended.
    pub at: Instant,
}

/// What the function posted.
#[derive(Debug)]
pub enum Outcome {
    /// To `/response`.
    Response(Bytes),
    /// To `/error`: `errorType` and `errorMessage`.
    Error(Value),
}

/// An answer that is still to come.
#[derive(Debug)]
pub struct Pending {
    reply: oneshot::Receiver<Reply>,
}

impl Pending {
    /// Waits for the end of the invocation.
    pub async fn wait(self) -> Reply {
        let reply = tokio::time::timeout(PATIENCE, self.reply).await;
        reply.expect("the function answers in time").expect("the Runtime API lives as long as the test")
    }
}

impl RuntimeApi {
    /// Serves on a free port of the loopback interface.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (queue, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            queue: tokio::sync::Mutex::new(waiting),
            under_way: Mutex::default(),
            first_next: Mutex::default(),
            init_errors: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let router = router(Arc::clone(&shared));
        std::thread::spawn(move || serve(listener, router, stopped));
        Self { address, queue, shared, stop: Some(stop) }
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Puts an event in the queue. Delivering the same payload under another id is what Lambda does when it repeats.
    pub fn deliver(&self, id: &str, payload: impl Into<Bytes>, deadline: Duration) -> Pending {
        let (reply, answer) = oneshot::channel();
        let invocation = Invocation { id: id.to_owned(), payload: payload.into(), deadline, reply };
        self.queue.send(invocation).unwrap();
        Pending { reply: answer }
    }

    /// When the process first asked for an event: the end of its start.
    pub fn first_next(&self) -> Option<Instant> {
        *self.shared.first_next.lock().unwrap()
    }

    /// What was posted to `/init/error`.
    pub fn init_errors(&self) -> Vec<Value> {
        self.shared.init_errors.lock().unwrap().clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
        .route("/2018-06-01/runtime/init/error", post(fail_init))
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener =
            axum::serve::ListenerExt::tap_io(tokio::net::TcpListener::from_std(listener).unwrap(), |stream| {
                stream.set_nodelay(true).unwrap();
            });
        tokio::select! {
            served = axum::serve(listener, router) => served.unwrap(),
            _ = stopped => {}
        }
    });
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.first_next.lock().unwrap().get_or_insert_with(Instant::now);
    let Some(invocation) = shared.queue.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id.clone()),
        ("lambda-runtime-deadline-ms", (now_ms() + invocation.deadline.as_millis()).to_string()),
        ("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    let under_way = UnderWay { handed_over: Instant::now(), reply: invocation.reply };
    shared.under_way.lock().unwrap().insert(invocation.id, under_way);
    (headers, invocation.payload).into_response()
}

async fn respond(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.end(&id, Outcome::Response(body))
}

async fn fail(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.end(&id, Outcome::Error(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn fail_init(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.init_errors.lock().unwrap().push(serde_json::from_slice(&body).unwrap_or_default());
    StatusCode::ACCEPTED
}

impl Shared {
    fn end(&self, id: &str, outcome: Outcome) -> StatusCode {
        let at = Instant::now();
        let Some(under_way) = self.under_way.lock().unwrap().remove(id) else { return StatusCode::BAD_REQUEST };
        let reply = Reply { outcome, took: at.duration_since(under_way.handed_over), at };
        // A test that does not care for the answer has dropped its end.
        let _ = under_way.reply.send(reply);
        StatusCode::ACCEPTED
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of an invocation is a moment of the real clock")]
fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
}
