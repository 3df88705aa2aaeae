//! The service as a Lambda function behind a Function URL.
//!
//! Of `lambda_http` this takes the runtime and not the adapter: that one's conversions panic on what visitors can send (a
//! query that is no valid URI, a broken host, a body that is no Base64), and keep one value only of a repeated response
//! header.

use std::error::Error;
use std::time::Duration;

use axum::Router;
#[cfg(feature = "testing")]
use lambda_http::Context;
use lambda_http::lambda_runtime::{Diagnostic, Runtime};
use lambda_http::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use shortener_core::service::Service;

use crate::App;
use crate::config::Part;
use crate::metrics::Meter;
use crate::process::Failure;

mod answer;
mod event;
#[cfg(test)]
mod fuzz;
mod handler;
mod invocation;

use handler::Handler;
use invocation::Invocations;

/// The deadline of invocations that have all the time they want, in milliseconds since 1970.
#[cfg(feature = "testing")]
const FAR_AWAY: u64 = 1 << 42;

/// The longest that a start waits for the table.
const START_PATIENCE: Duration = Duration::from_secs(1);

/// Opens what the first request needs: the connection to the table, by reading from it what every request needs. A
/// failure is logged, and the first request tries again.
pub async fn prepare(part: Part, service: &Service) {
    let reading = async {
        match part {
            Part::Redirects => service.prepare_redirects().await,
            Part::Everything | Part::Api => service.prepare_changes().await,
        }
    };
    match tokio::time::timeout(START_PATIENCE, reading).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = &error as &dyn Error, "the table cannot be read at the start"),
        Err(_) => {
            tracing::warn!(waited_ms = START_PATIENCE.as_millis(), "the table does not answer at the start");
        }
    }
}

/// Answers invocations by the router until the process is ended.
///
/// # Errors
/// If the Runtime API fails.
pub async fn serve(router: Router, app: &App, meter: Option<Meter>) -> Result<(), Failure> {
    let handler = Handler::new(router, app);
    run(meter, move |event| handler.clone().handle(event)).await
}

/// Answers one event without a Runtime API, from its JSON to the answer's: for benchmarks. It has all the time it wants.
///
/// # Errors
/// The event cannot be answered over HTTP.
#[cfg(feature = "testing")]
pub async fn answer(router: &Router, app: &App, event: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut context = Context::default();
    context.deadline = FAR_AWAY;
    let event = LambdaEvent::new(serde_json::from_slice(event)?, context);
    let answer = Handler::new(router.clone(), app).handle(event).await?;
    Ok(serde_json::to_vec(&answer)?)
}

/// Runs any handler with the log lines and metrics of an invocation.
///
/// # Errors
/// If the Runtime API fails.
pub async fn run<E, A, X, F>(meter: Option<Meter>, handle: impl Fn(LambdaEvent<E>) -> F) -> Result<(), Failure>
where
    E: for<'de> Deserialize<'de>,
    A: Serialize + 'static,
    X: Into<Diagnostic> + std::fmt::Debug,
    F: Future<Output = Result<A, X>> + 'static,
{
    let runtime = Runtime::new(service_fn(handle));
    runtime.layer(Invocations::new(meter)).run().await
}
