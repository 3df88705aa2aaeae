//! A TCP proxy between a function and its table that fails in the ways networks fail.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

/// What happens to traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It passes.
    Forward,
    /// Connections are refused, and those that are open end.
    Refuse,
    /// Connections are made, and nothing ever comes back.
    BlackHole,
    /// Connections are made, and reset at the first byte.
    Reset,
    /// Replies come late.
    Slow(Duration),
}

/// What every connection watches.
#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections made before this count are silent: packets of a flow that a gateway has forgotten go nowhere.
    silent_before: u64,
    /// Connections made before this count end in good order.
    closed_before: u64,
}

/// The proxy, in a thread of its own until it is dropped.
#[derive(Debug)]
pub(crate) struct FaultProxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    accepted: watch::Receiver<u64>,
    stop: Option<oneshot::Sender<()>>,
}

impl FaultProxy {
    /// Stands before the server at `url` and forwards.
    pub(crate) fn before(url: &str) -> Self {
        let upstream: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State { mode: Mode::Forward, silent_before: 0, closed_before: 0 }));
        let (count, accepted) = watch::channel(0);
        let (stop, stopped) = oneshot::channel();
        let proxy = Proxy { address, upstream, state: Arc::clone(&state), count };
        std::thread::spawn(move || proxy.run(listener, stopped));
        Self { address, state, accepted, stop: Some(stop) }
    }

    /// The URL to use in place of the server's.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on traffic fares like this. Returns once new connections do.
    pub(crate) async fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
        // The listener is opened and closed by the proxy's thread.
        for _ in 0..200 {
            let before = self.connections();
            let is_refused = TcpStream::connect(self.address).await.is_err();
            if is_refused && mode == Mode::Refuse {
                return;
            }
            if !is_refused && mode != Mode::Refuse {
                // This connection is no function's: it is counted before anyone compares.
                self.accepted.clone().wait_for(|count| *count > before).await.unwrap();
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the proxy does not reach {mode:?}");
    }

    /// Ends the connections that are open, in good order.
    pub(crate) fn close_connections(&self) {
        let count = *self.accepted.borrow();
        self.state.send_modify(|state| state.closed_before = count);
    }

    /// Lets the connections that are open live without ever passing another byte; new ones work.
    pub(crate) fn silence_connections(&self) {
        let count = *self.accepted.borrow();
        self.state.send_modify(|state| state.silent_before = count);
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> u64 {
        *self.accepted.borrow()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    state: Arc<watch::Sender<State>>,
    count: watch::Sender<u64>,
}

impl Proxy {
    fn run(self, listener: TcpListener, stopped: oneshot::Receiver<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! { () = self.accept(listener) => {}, _ = stopped => {} }
        });
    }

    async fn accept(&self, listener: TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let mut listener = Some(tokio::net::TcpListener::from_std(listener).unwrap());
        let mut changes = self.state.subscribe();
        loop {
            let is_refusing = changes.borrow_and_update().mode == Mode::Refuse;
            if is_refusing {
                listener = None;
            } else if listener.is_none() {
                listener = Some(tokio::net::TcpListener::bind(self.address).await.unwrap());
            }
            tokio::select! {
                _ = changes.changed() => {}
                stream = accept_on(listener.as_ref()) => self.hold(stream),
            }
        }
    }

    fn hold(&self, stream: TcpStream) {
        let number = *self.count.borrow();
        self.count.send_replace(number + 1);
        tokio::spawn(pass(stream, self.upstream, number, self.state.subscribe()));
    }
}

async fn accept_on(listener: Option<&tokio::net::TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

/// Passes bytes in both directions as the state allows, until one side ends.
async fn pass(mut client: TcpStream, upstream: SocketAddr, number: u64, mut state: watch::Receiver<State>) {
    let mut server = TcpStream::connect(upstream).await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let now = *state.borrow_and_update();
        if now.mode == Mode::Refuse || number < now.closed_before {
            return;
        }
        let (bytes, to) = tokio::select! {
            changed = state.changed() => if changed.is_ok() { continue } else { return },
            read = client.read(&mut asked) => (&asked[..read.unwrap_or(0)], &mut server),
            read = server.read(&mut answered) => {
                if let Mode::Slow(delay) = now.mode {
                    tokio::time::sleep(delay).await;
                }
                (&answered[..read.unwrap_or(0)], &mut client)
            }
        };
        if bytes.is_empty() {
            return;
        }
        match now.mode {
            Mode::Reset => return reset(&client),
            Mode::BlackHole => {}
            _ if number < now.silent_before => {}
            _ if to.write_all(bytes).await.is_err() => return,
            _ => {}
        }
    }
}

/// Makes the end of a connection, which follows, a reset.
fn reset(client: &TcpStream) {
    rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO)).unwrap();
}
