//! One line for each request that is no click: method, route, status, duration and request id.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use uuid::Uuid;

/// Names a request in answers, logs and problem reports.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request on its way, as far as the log is concerned. Query strings and keys never become part of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    id: Uuid,
    method: Method,
    route: Option<MatchedPath>,
    started: Instant,
}

impl Exchange {
    /// Takes note of a request.
    pub(crate) fn begin<B>(request: &Request<B>) -> Self {
        Self {
            id: request_id(request.headers()),
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            started: Instant::now(),
        }
    }

    /// The request's id.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Writes the line of a request that was answered as it should be.
    pub(crate) fn answered(&self, status: StatusCode) {
        tracing::info!(
            method = %self.method,
            route = self.route(),
            status = status.as_u16(),
            duration_ms = self.duration_ms(),
            request_id = %self.id,
            "request"
        );
    }

    /// Writes the line of a request that the service failed to answer, with what the caller is not told.
    pub(crate) fn failed(&self, status: StatusCode, code: &str, detail: &str) {
        tracing::error!(
            method = %self.method,
            route = self.route(),
            status = status.as_u16(),
            duration_ms = self.duration_ms(),
            request_id = %self.id,
            code,
            detail,
            "request failed"
        );
    }

    /// Names the request to its caller.
    pub(crate) fn sign(&self, headers: &mut HeaderMap) {
        let mut text = Uuid::encode_buffer();
        if let Ok(value) = HeaderValue::from_str(self.id.hyphenated().encode_lower(&mut text)) {
            headers.insert(REQUEST_ID, value);
        }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("", MatchedPath::as_str)
    }

    fn duration_ms(&self) -> f64 {
        // Three decimals: a line per request is read by people too.
        (self.started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0
    }
}

/// The middleware of the public pages.
pub(crate) async fn log(request: Request, next: Next) -> Response<Body> {
    let exchange = Exchange::begin(&request);
    let mut response = next.run(request).await;
    exchange.sign(response.headers_mut());
    exchange.answered(response.status());
    response
}

/// The caller's own id if it is a UUID, so that nothing else can be planted in the log; otherwise a new one.
fn request_id(headers: &HeaderMap) -> Uuid {
    let sent = headers.get(REQUEST_ID).and_then(|value| Uuid::try_parse(value.to_str().ok()?).ok());
    sent.unwrap_or_else(Uuid::now_v7)
}
