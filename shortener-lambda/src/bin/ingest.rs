//! The function that counts clicks from the edge's access logs, on a schedule.

use std::process::ExitCode;

use lambda_http::LambdaEvent;
use serde_json::Value;
use shortener_lambda::config::{Config, Metrics, Place};
use shortener_lambda::ingest::Counting;
use shortener_lambda::lambda;
use shortener_lambda::log::{self, LogFormat};
use shortener_lambda::metrics::Meter;
use shortener_lambda::process::{self, Failure};

fn main() -> ExitCode {
    process::run("shortener-ingest", start)
}

fn start() -> Result<(), Failure> {
    let config = Config::from_env()?;
    if config.place != Place::Lambda {
        return Err(
            "shortener-ingest is a Lambda function that EventBridge invokes; elsewhere use 'short ingest'".into()
        );
    }
    log::start(LogFormat::Json, &config.log)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&config))
}

async fn run(config: &Config) -> Result<(), Failure> {
    let meter = match config.metrics {
        Metrics::Emf => Meter::start(&config.function),
        Metrics::None => None,
    };
    let counting = Counting::connect(config).await?;
    lambda::run(meter, move |event: LambdaEvent<Value>| {
        let counting = counting.clone();
        async move {
            let source = event.payload.get("source").and_then(Value::as_str).unwrap_or("unknown");
            tracing::debug!(source, "invoked");
            counting.run(event.context.deadline).await
        }
    })
    .await
}
