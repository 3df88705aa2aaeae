//! A server of the emulator whose connections fail in the ways that connections fail. It speaks HTTP/1.1 by itself, so that
//! every byte of an answer is its own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use shortener_core::table::dynamo::in_process::InProcess;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::faults::{Reply, WireFault, of_request};

/// Servers run beside the tests, whose own tasks are counted.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

/// Longer than any client waits.
const NEVER: Duration = Duration::from_mins(10);

/// Which requests fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failing {
    pub(super) fault: WireFault,
    /// Requests that pass before, and how many fail then.
    pub(super) after: u64,
    pub(super) times: u64,
}

/// What came to pass on the wire since it was armed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Requests of which something arrived.
    pub(super) requests: u64,
    /// Changes that the emulator made.
    pub(super) applied: u64,
    /// Changes whose sender heard no definite answer although they may have arrived.
    pub(super) doubtful: u64,
    /// Requests that failed.
    pub(super) failed: u64,
}

#[derive(Debug, Default)]
struct State {
    failing: Option<Failing>,
    chance: Option<Chance>,
    /// How the next requests fail; the last of them without end.
    in_turn: Vec<WireFault>,
    seen: Seen,
}

/// Failures of so many requests of a hundred, in any way that passes by itself.
#[derive(Debug)]
struct Chance {
    percent: u8,
    draws: fastrand::Rng,
}

impl Chance {
    fn draw(&mut self) -> Option<WireFault> {
        let fault = WireFault::ALL[self.draws.usize(..WireFault::ALL.len())];
        (self.draws.u8(..100) < self.percent && fault.is_on_a_connection()).then_some(fault)
    }
}

/// The server; dropping it ends it.
#[derive(Debug)]
pub(super) struct Network {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepts: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    engine: InProcess,
    state: Mutex<State>,
    is_open: watch::Sender<bool>,
    connections: AtomicU64,
}

impl Network {
    pub(super) async fn before(engine: &InProcess) -> Self {
        let listener = RUNTIME.spawn(TcpListener::bind("127.0.0.1:0")).await.unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            engine: engine.clone(),
            state: Mutex::default(),
            is_open: watch::Sender::new(true),
            connections: AtomicU64::new(0),
        });
        let accepts = RUNTIME.spawn(accept(listener, address, shared.clone()));
        Self { address, shared, accepts }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests fail so, and are counted.
    pub(super) async fn fail(&self, failing: Failing) {
        *self.shared.state.lock().unwrap() = State { failing: Some(failing), ..State::default() };
        self.open(failing.fault != WireFault::Refused).await;
    }

    /// From now on any request may fail in any way, this many of a hundred.
    pub(super) fn fail_by_chance(&self, percent: u8, seed: u64) {
        let chance = Chance { percent, draws: fastrand::Rng::with_seed(seed) };
        *self.shared.state.lock().unwrap() = State { chance: Some(chance), ..State::default() };
    }

    /// From now on requests fail one after the other so, and in the last way without end.
    pub(super) fn fail_in_turn(&self, faults: &[WireFault]) {
        *self.shared.state.lock().unwrap() = State { in_turn: faults.to_vec(), ..State::default() };
    }

    /// Nothing fails any more.
    pub(super) async fn heal(&self) {
        {
            let mut state = self.shared.state.lock().unwrap();
            *state = State { seen: state.seen, ..State::default() };
        }
        self.open(true).await;
    }

    async fn open(&self, opens: bool) {
        if self.shared.is_open.send_replace(opens) == opens {
            return;
        }
        for _ in 0..1_000 {
            if TcpStream::connect(self.address).await.is_ok() == opens {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the port does not open or close");
    }

    pub(super) fn seen(&self) -> Seen {
        self.shared.state.lock().unwrap().seen
    }

    /// Connections that are open.
    pub(super) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.accepts.abort();
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    let (mut listener, mut changes) = (Some(listener), shared.is_open.subscribe());
    loop {
        let is_open = *changes.borrow_and_update();
        if !is_open {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        tokio::select! {
            _ = changes.changed() => {}
            stream = next(listener.as_ref()) => {
                let (shared, mut closing) = (shared.clone(), shared.is_open.subscribe());
                tokio::spawn(async move {
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    tokio::select! {
                        () = talk(stream, &shared) => {}
                        _ = closing.wait_for(|is_open| !is_open) => {}
                    }
                    shared.connections.fetch_sub(1, Ordering::SeqCst);
                });
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

/// Answers the requests of one connection until it ends.
async fn talk(mut stream: TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut answered = 0;
    loop {
        let Some(request) = Request::read(&mut stream, shared, answered).await else { return };
        let Some(fault) = request.fault else {
            let reply = shared.run(&request).await;
            if stream.write_all(&reply.plain()).await.is_err() {
                return;
            }
            answered += 1;
            continue;
        };
        if !fail(&mut stream, shared, &request, fault).await {
            return;
        }
        answered += 1;
    }
}

/// A request, or as much of it as the fault lets in.
struct Request {
    operation: String,
    body: String,
    fault: Option<WireFault>,
}

impl Request {
    async fn read(stream: &mut TcpStream, shared: &Shared, answered: u64) -> Option<Self> {
        let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
        let mut fault = None;
        loop {
            let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
            if bytes.is_empty() {
                fault = shared.begin(answered > 0);
            }
            bytes.extend_from_slice(&chunk[..read]);
            if let Some(WireFault::ResetBefore | WireFault::ClosedOnReuse) = fault {
                shared.doubt(&String::from_utf8_lossy(&bytes));
                if fault == Some(WireFault::ResetBefore) {
                    stream.set_zero_linger().unwrap();
                }
                return None;
            }
            let head = String::from_utf8_lossy(&bytes).into_owned();
            let Some((head, _)) = head.split_once("\r\n\r\n") else { continue };
            let field = |name: &str| {
                let lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
            };
            let length: usize = field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            let begin = head.len() + 4;
            if bytes.len() < begin + length {
                continue;
            }
            let operation = of_request(field("x-amz-target").as_deref());
            let body = String::from_utf8_lossy(&bytes[begin..begin + length]).into_owned();
            return Some(Self { operation, body, fault });
        }
    }

    fn is_change(&self) -> bool {
        is_change(&self.operation)
    }
}

fn is_change(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "BatchExecuteStatement")
}

impl Shared {
    /// Counts a request and says how it fails.
    fn begin(&self, is_reused: bool) -> Option<WireFault> {
        let mut state = self.state.lock().unwrap();
        state.seen.requests += 1;
        let number = state.seen.requests;
        let failing = state.failing;
        let fault = match (&mut state.chance, failing) {
            (Some(chance), _) => chance.draw(),
            (None, Some(Failing { fault, after, times })) => {
                (number > after && number <= after.saturating_add(times)).then_some(fault)
            }
            (None, None) => {
                let at = usize::try_from(number - 1).unwrap().min(state.in_turn.len().saturating_sub(1));
                state.in_turn.get(at).copied()
            }
        };
        let fault = fault.filter(|fault| *fault != WireFault::ClosedOnReuse || is_reused)?;
        state.seen.failed += 1;
        Some(fault)
    }

    fn doubt(&self, head: &str) {
        let operation = head.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
        if is_change(&of_request(operation)) {
            self.state.lock().unwrap().seen.doubtful += 1;
        }
    }

    async fn run(&self, request: &Request) -> Reply {
        let (status, body) = self.engine.answer_to(&request.operation, &request.body).await.unwrap();
        if status == 200 && request.is_change() {
            self.state.lock().unwrap().seen.applied += 1;
        }
        Reply { status, body }
    }
}

/// Answers a request in a wrong way. Whether the connection goes on.
async fn fail(stream: &mut TcpStream, shared: &Shared, request: &Request, fault: WireFault) -> bool {
    if fault.leaves_doubt() && request.is_change() {
        shared.state.lock().unwrap().seen.doubtful += 1;
    }
    let reply = if fault.is_applied() { Some(shared.run(request).await) } else { None };
    let answer = fault.answer(&request.operation, reply);
    let sent = if let Some(pause) = fault.pause() {
        slowly(stream, &answer, pause).await
    } else {
        stream.write_all(&answer).await.is_ok() && stream.flush().await.is_ok()
    };
    if fault.is_silent() {
        tokio::select! { () = tokio::time::sleep(NEVER) => {}, () = until_closed(stream) => {} }
        return false;
    }
    if fault.is_reset() {
        // What was written arrives before the reset, or it would be another fault.
        tokio::time::sleep(Duration::from_millis(20)).await;
        stream.set_zero_linger().unwrap();
    }
    sent && fault.goes_on()
}

async fn slowly(stream: &mut TcpStream, bytes: &[u8], pause: Duration) -> bool {
    for byte in bytes {
        if stream.write_all(&[*byte]).await.is_err() {
            return false;
        }
        tokio::time::sleep(pause).await;
    }
    true
}

async fn until_closed(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}
