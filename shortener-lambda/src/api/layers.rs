//! What every request to the API goes through.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::{Failure, overloaded, too_late};
use crate::app::App;
use crate::deadline::Deadline;
use crate::pages;
use crate::request_log::Exchange;

/// The outermost layer: writes the log line, problems, the request's id and the headers that protect.
pub(super) async fn finish(State(app): State<App>, request: Request, next: Next) -> Response {
    let exchange = Exchange::begin(&request);
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure.write(&exchange, &mut response),
        None => exchange.answered(response.status()),
    }
    let headers = response.headers_mut();
    exchange.sign(headers);
    pages::protect(app.site(), headers);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
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

/// Waits until the request may work on the store, or refuses it.
pub(super) async fn take_turn(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(turn) = app.gate().enter().await else { return overloaded().into_response() };
    request.extensions_mut().insert(turn.clone());
    let response = next.run(request).await;
    drop(turn);
    response
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
