//! Plain HTTP/1.1: what `short serve` and the container run.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use self::connections::{Close, Connections, Place};
use self::patient::Patient;
use self::refusal::Refusals;
use crate::log::Seldom;
use crate::peer::Peer;

mod bounds;
mod connections;
mod front;
mod patient;
mod refusal;

pub use bounds::Bounds;
pub(crate) use connections::Activity;
pub use front::Front;

/// Largest head of a request, in bytes, and most bytes of answers that wait for their reader, but for the last of them.
const MAX_HEAD: usize = 32 * 1024;

/// Pause after a failed accept: the usual cause is that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How exactly the table of connections knows the time.
const TICK: Duration = Duration::from_millis(250);

/// Serves `front` on `listener` within the default bounds: see [`serve_within`].
///
/// # Errors
/// None today; accepting goes on after errors, which are logged.
pub async fn serve(
    listener: TcpListener,
    front: impl Into<Front>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_within(Bounds::default(), listener, front, shutdown).await
}

/// Serves `front` on `listener` until `shutdown` completes, then lets requests under way end.
///
/// # Errors
/// None today; accepting goes on after errors, which are logged.
pub async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    front: impl Into<Front>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let front = front.into();
    let connections = Connections::new(bounds.connections, bounds.idle);
    let (refusals, trouble) = (Refusals::new(), Seldom::new());
    let mut shutdown = pin!(shutdown);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = ticks.tick() => {
                connections.tick();
                continue;
            }
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some((place, close)) = connections.enter() {
                    tokio::spawn(hold(stream, Peer(peer.ip()), front.clone(), bounds, place, close));
                } else {
                    trouble.tell(|_| tracing::warn!(bounds.connections, "there is no room for another connection"));
                    refusals.refuse(stream);
                }
            }
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                trouble.tell(|_| tracing::error!(%error, "no connection can be accepted"));
                connections.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // New connections are refused from now on and not left waiting.
    drop(listener);
    if tokio::time::timeout(bounds.grace, connections.close_all()).await.is_err() {
        tracing::warn!(grace_seconds = bounds.grace.as_secs(), "stopping with requests under way");
    }
    Ok(())
}

/// Completes when the process is asked to end: by an interrupt from the terminal, or by the signal of `docker stop` and
/// service managers.
pub async fn stop_signal() {
    let interrupt = async {
        // Where no handler can be set, the default action ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        };
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => {}, () = terminate => {} }
}

/// Serves one connection to its end.
async fn hold(
    stream: TcpStream,
    peer: Peer,
    front: Front,
    bounds: Bounds,
    place: Place,
    close: oneshot::Receiver<Close>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let activity = &place.activity;
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if !request.body().is_end_stream() {
            request.extensions_mut().insert(Arc::clone(activity));
        }
        activity.begin();
        front.answer(request)
    });
    // Answers are not gathered while more requests are there to be read: a client that leaves half a head behind others
    // would get no answer, and one that sends without end would have all its answers gathered in memory.
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head)
            .max_buf_size(MAX_HEAD)
            // Most answers have no body, and one buffer is written faster than a list of them.
            .writev(false)
            .serve_connection(TokioIo::new(Patient::new(stream, Arc::clone(activity), bounds.answer)), service)
    );
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        close = close => {
            connection.as_mut().graceful_shutdown();
            let is_cut = close == Ok(Close::Now) && !activity.is_busy();
            tokio::select! { biased; ended = connection => ended, () = std::future::ready(()), if is_cut => Ok(()) }
        }
    };
    // A client that goes away in the middle is no failure of the service.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
