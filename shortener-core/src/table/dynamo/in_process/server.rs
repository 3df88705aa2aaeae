//! The engine on a loopback port, for tests that start a real process.

use std::net::{Ipv4Addr, TcpListener};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::sync::oneshot;

use super::{InProcess, operation_of};
use crate::table::TableError;

/// DynamoDB takes bodies up to 16 MB.
const MAX_BODY: usize = 16 << 20;

/// A server in a thread of its own, so that tests without a runtime can use it. Dropping it stops the server.
#[derive(Debug)]
pub struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl InProcess {
    /// Serves this engine on a free port of the loopback interface. Any credentials and any region are accepted. Faults
    /// and times are those of this engine, and can be set while it serves; an injected broken connection appears as
    /// status 502.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] if no port can be bound.
    pub fn serve(&self) -> Result<Server, TableError> {
        let (url, listener) = listen().map_err(|error| TableError::Unavailable(error.into()))?;
        let router =
            Router::new().route("/", post(handle)).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(self.clone());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| TableError::Unavailable(error.into()))?;
        let thread = thread::spawn(move || runtime.block_on(run(listener, router, stopped)));
        Ok(Server { url, stop: Some(stop), thread: Some(thread) })
    }
}

impl Server {
    /// The endpoint's URL.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the server has shown itself as a failed request.
            let _ = thread.join();
        }
    }
}

fn listen() -> std::io::Result<(String, TcpListener)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok((format!("http://{}", listener.local_addr()?), listener))
}

/// Serves until told to stop. Connections that are still open are dropped with the runtime: a client's idle pool would
/// hold a graceful end forever.
async fn run(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    tokio::select! {
        _ = axum::serve(listener, router) => {}
        _ = stopped => {}
    }
}

async fn handle(State(engine): State<InProcess>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match engine.exchange(operation_of(target), &body).await {
        Ok(reply) => {
            let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [("content-type", "application/x-amz-json-1.0")], reply.body).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
