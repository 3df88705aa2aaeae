//! What every request to the API goes through.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shortener_core::routes::api as routes;
use tokio::task::JoinSet;

use super::body;
use super::failure::{Failure, overloaded, too_late};
use crate::app::App;
use crate::deadline::Deadline;
use crate::pages;
use crate::request_log::Exchange;

/// The outermost layer: writes the log line, problems, the request's id and the headers that protect.
pub(super) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let exchange = Exchange::begin(&request);
    let mut response = next.run(request).await;
    finished(&app, &exchange, &mut response);
    response
}

fn finished(app: &App, exchange: &Exchange, response: &mut Response) {
    match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure.write(exchange, response),
        None => exchange.answered(response.status()),
    }
    let headers = response.headers_mut();
    exchange.sign(headers);
    pages::protect(app.site(), headers);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// After a change, this process redirects by the new state before the caller hears of it.
pub(super) async fn catch_up(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
    if !is_read {
        app.resolver().catch_up();
    }
    response
}

/// The answer to a request that works on the store, if there is more of that than can be done.
pub(crate) fn refused<B>(app: &App, request: &Request<B>) -> Option<Response> {
    let path = request.uri().path();
    if !path.starts_with(routes::BASE) || path == routes::HEALTH || !app.gate(request.method()).is_shut() {
        return None;
    }
    let mut response = overloaded().into_response();
    finished(app, &Exchange::begin(request), &mut response);
    Some(response)
}

/// Waits until the request may work on the store, or refuses it.
///
/// The work is done by the threads that are there for it, if there are any, so that those that read requests and refuse
/// them, however many, leave it its share of the processor.
pub(super) async fn take_turn(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut request = match body::with_small(request).await {
        Ok(request) => request,
        Err(failure) => return failure.into_response(),
    };
    let Some(turn) = app.gate(request.method()).enter().await else { return overloaded().into_response() };
    request.extensions_mut().insert(turn.clone());
    let method = request.method().clone();
    let work = async move {
        let response = next.run(request).await;
        drop(turn);
        response
    };
    let Some(workers) = app.workers() else { return work.await };
    // Its end is that of the work, too.
    let mut task = JoinSet::new();
    task.spawn_on(work, workers);
    match task.join_next().await {
        Some(Ok(response)) => response,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The workers were told to end before it was done.
        Some(Err(_)) | None => too_late(&method).into_response(),
    }
}

/// Answers before the request's deadline, if it has one: what is still under way then is given up.
pub(super) async fn meet_deadline(request: Request, next: Next) -> Response {
    let Some(deadline) = Deadline::of(&request) else { return next.run(request).await };
    let method = request.method().clone();
    match tokio::time::timeout_at(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => too_late(&method).into_response(),
    }
}
