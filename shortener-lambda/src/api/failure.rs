//! From a problem to an HTTP answer: the one place that does it.

use std::any::Any;

use axum::Json;
use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use shortener_core::wire::{BatchResult, Link, Problem, ProblemCode};

use crate::request_log::Exchange;

/// A problem on its way out. It travels as an extension of the response, until the outermost layer, which knows the
/// request's id, writes it.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    problem: Box<Problem>,
    told: Told,
}

/// How the log tells of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// By a line for the request.
    Alone,
    /// Together with others, by whoever refused it.
    InSum,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), told: Told::Alone }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

impl Failure {
    /// Logs the problem if the service is to blame, and writes what the caller may know of it.
    pub(super) fn write(self, exchange: &Exchange, response: &mut Response) {
        let mut problem = outward(*self.problem);
        let status = status(&problem);
        match self.told {
            Told::InSum => {}
            Told::Alone if status.is_server_error() => {
                exchange.failed(status, problem.code.as_str(), &problem.detail);
            }
            Told::Alone => exchange.answered(status),
        }
        conceal(&mut problem);
        *response.status_mut() = status;
        problem.instance = Some(exchange.id().urn().to_string());
        set_headers(&problem, response.headers_mut());
        *response.body_mut() = Json(&problem).into_response().into_body();
    }
}

fn set_headers(problem: &Problem, headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after_seconds.or(problem.retryable.then_some(1)) {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.code == ProblemCode::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"short\""));
    }
}

/// The problem as the caller sees it: the service's trouble with its own table is not the caller's fault.
fn outward(problem: Problem) -> Problem {
    if !problem.about_the_store {
        return problem;
    }
    let code = match problem.code {
        // The caller's key has nothing to do with what the service may do on its table.
        ProblemCode::Forbidden | ProblemCode::Unauthenticated => ProblemCode::Internal,
        other => other,
    };
    let hint = problem.hint.filter(|_| problem.retryable && code == ProblemCode::OutcomeUnknown);
    Problem {
        hint,
        retryable: problem.retryable,
        retry_after_seconds: problem.retry_after_seconds,
        ..Problem::new(code, problem.detail)
    }
}

/// Replaces what only operators may read: they find it in the log, by the request's id.
fn conceal(problem: &mut Problem) {
    let told = match problem.code {
        ProblemCode::Internal => "the service failed; its log has more under this request's id",
        ProblemCode::Unavailable => "the service cannot do this right now",
        ProblemCode::OutcomeUnknown => "the write may or may not have been applied",
        ProblemCode::StorageFull => "the service has no room left",
        ProblemCode::Malformed
        | ProblemCode::CursorInvalid
        | ProblemCode::Unauthenticated
        | ProblemCode::Forbidden
        | ProblemCode::NotFound
        | ProblemCode::MethodNotAllowed
        | ProblemCode::CodeTaken
        | ProblemCode::CodeRetired
        | ProblemCode::StateConflict
        | ProblemCode::VersionMismatch
        | ProblemCode::TooLarge
        | ProblemCode::UnsupportedMediaType
        | ProblemCode::Invalid
        | ProblemCode::IdempotencyKeyReused => return,
    };
    told.clone_into(&mut problem.detail);
}

/// The same for a purge that failed, which the service has logged: why is about its own credentials and settings.
pub(super) fn conceal_purge(link: &mut Link) {
    if let Some(detail) = link.purge.as_mut().and_then(|purge| purge.detail.as_mut()) {
        "the edge was not purged; the log of the service says why".clone_into(detail);
    }
}

/// The same for the problems and purges inside a batch; the problems end here and are logged here.
pub(super) fn conceal_in_batch(results: &mut [BatchResult]) {
    for result in results {
        result.link.iter_mut().for_each(conceal_purge);
        let Some(problem) = result.problem.take() else { continue };
        let mut problem = outward(problem);
        if problem.status >= 500 {
            tracing::error!(code = problem.code.as_str(), detail = problem.detail, "a create of a batch failed");
            conceal(&mut problem);
        }
        result.status = problem.status;
        result.problem = Some(problem);
    }
}

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The answer to a path below `/api` that is no route.
pub(super) async fn no_such_route(uri: Uri) -> Failure {
    Problem::new(ProblemCode::NotFound, format!("there is no route {}", uri.path()))
        .with_hint("the routes are listed at /api/docs")
        .into()
}

/// The answer to a method that a route does not take; the router adds `Allow`.
pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Failure {
    Problem::new(ProblemCode::MethodNotAllowed, format!("{} does not take {method}", uri.path()))
        .with_hint(format!("the header {ALLOW} names the methods"))
        .into()
}

/// The answer to a request that the service has no time for. Nothing of it was done.
pub(super) fn overloaded() -> Failure {
    let problem =
        Problem::new(ProblemCode::Unavailable, "too many requests at once").with_hint("try again in a moment");
    let problem = Problem { retry_after_seconds: Some(1), ..problem };
    Failure { problem: Box::new(problem), told: Told::InSum }
}

/// The answer to a request whose time is over while the table still has it.
pub(super) fn too_late(method: &Method) -> Failure {
    let problem = if method.is_safe() {
        Problem::new(ProblemCode::Unavailable, "the table did not answer before the deadline")
            .with_hint("try again in a moment")
    } else {
        Problem::new(ProblemCode::OutcomeUnknown, "the table did not answer before the deadline").with_hint(
            "look at what is there, or repeat the request: with the same Idempotency-Key it has no second effect",
        )
    };
    Problem { retry_after_seconds: Some(1), ..problem }.into()
}

/// The answer after a handler has panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the cause over")]
pub(super) fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let message = match cause.downcast_ref::<String>() {
        Some(text) => text.as_str(),
        None => cause.downcast_ref::<&str>().copied().unwrap_or("no message"),
    };
    Failure::from(Problem::new(ProblemCode::Internal, format!("panic: {message}"))).into_response()
}
