//! The function that will count clicks from the edge's logs. It has nothing to ingest yet, and says so.

use std::convert::Infallible;
use std::process::ExitCode;

use lambda_http::LambdaEvent;
use serde::Serialize;
use serde_json::Value;
use shortener_core::version;
use shortener_lambda::config::{Config, Place};
use shortener_lambda::lambda;
use shortener_lambda::log::{self, LogFormat};
use shortener_lambda::process::{self, Failure};

/// What an invocation is answered with.
#[derive(Debug, Serialize)]
struct Report {
    status: &'static str,
    version: &'static str,
    revision: &'static str,
}

fn main() -> ExitCode {
    process::run("shortener-ingest", start)
}

fn start() -> Result<(), Failure> {
    let config = Config::from_env()?;
    if config.place != Place::Lambda {
        return Err("shortener-ingest is a Lambda function that EventBridge invokes; it does nothing elsewhere".into());
    }
    log::start(LogFormat::Json, &config.log)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda::run(None, |event: LambdaEvent<Value>| ingest(event.payload)))
}

#[expect(clippy::needless_pass_by_value, reason = "a handler owns its event")]
async fn ingest(event: Value) -> Result<Report, Infallible> {
    let source = event.get("source").and_then(Value::as_str).unwrap_or("unknown");
    tracing::info!(source, "there is nothing to ingest yet");
    Ok(Report { status: "nothing_to_ingest", version: version::VERSION, revision: version::REVISION })
}
