//! From an event to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use lambda_http::{LambdaEvent, Service as _};
use shortener_core::clock::{Clock, SystemClock};
use shortener_core::service::Service;
use tokio::time::Instant;

use super::answer::Answer;
use super::event::{Event, EventError};
use crate::App;
use crate::deadline::Deadline;

/// How long an event that keeps an instance warm occupies it, so that as many such events at once reach as many
/// instances.
const WARM_UP_HOLD: Duration = Duration::from_millis(75);

/// What is left at the deadline for the answer to reach the Runtime API; a fifth of the time, if that is less.
const MARGIN: Duration = Duration::from_millis(100);

/// Answers events by a router.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    router: Router,
    service: Arc<Service>,
}

impl Handler {
    pub(super) fn new(router: Router, app: &App) -> Self {
        Self { router, service: Arc::clone(app.service()) }
    }

    /// Answers one event. What is wrong with one that cannot be answered is logged here, once.
    pub(super) async fn handle(mut self, event: LambdaEvent<Event>) -> Result<Answer, EventError> {
        let LambdaEvent { payload, context } = event;
        let deadline = deadline(context.deadline);
        let is_warm_up = payload.is_warm_up();
        let request = payload.into_request();
        let mut request = request.inspect_err(|error| {
            tracing::error!(error_type = error.kind(), %error, "an event cannot be answered");
        })?;
        request.extensions_mut().insert(Deadline(deadline));
        let method = request.method().clone();
        // A router answers every request: its error type has no values.
        let Ok(response) = self.router.call(request).await;
        let answer = Answer::of(&method, response).await;
        if is_warm_up {
            self.warm_up(deadline).await;
        }
        Ok(answer)
    }

    /// Keeps the instance for a while, and its connection to the table in use.
    async fn warm_up(&self, deadline: Instant) {
        let held = tokio::time::sleep(WARM_UP_HOLD);
        let read = tokio::time::timeout_at(deadline, self.service.prepare_redirects());
        let (_, read) = tokio::join!(held, read);
        match read {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the table cannot be read to stay warm");
            }
            Err(_) => tracing::warn!("the table does not answer to stay warm"),
        }
    }
}

/// The moment by which an answer must be ready, for an invocation that ends so many milliseconds after 1970.
fn deadline(ends_at_ms: u64) -> Instant {
    let now_ms = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
    let left = Duration::from_millis(ends_at_ms.saturating_sub(now_ms));
    Instant::now() + left.saturating_sub(MARGIN.min(left / 5))
}
