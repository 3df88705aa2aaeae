//! Plain HTTP/1.1: what `short serve` and the container run.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::peer::Peer;

/// How long a client may take to send a request's head, and to stay silent between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 32 * 1024;

/// How long requests under way may take to end after the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Pause after a failed accept: the usual cause is that no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `shutdown` completes, then lets requests under way end for up to 10 seconds.
///
/// # Errors
/// None today; accepting goes on after errors, which are logged.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer)) => hold(stream, Peer(peer.ip()), router.clone(), &connections),
            Err(error) => refuse(&error).await,
        }
    }
    // New connections are refused from now on and not left waiting.
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!(grace_seconds = GRACE.as_secs(), "stopping with requests under way");
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

/// Serves one connection in a task of its own.
fn hold(stream: TcpStream, peer: Peer, router: Router, connections: &GracefulShutdown) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away in the middle is no failure of the service.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

async fn refuse(error: &io::Error) {
    let of_one_client = matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset);
    if !of_one_client {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
