//! The functions of the image: `shortener-lambda redirect`, `shortener-lambda api`, or both in one without an argument.
//!
//! On Lambda it answers invocations; elsewhere it serves plain HTTP on `SHORT_LISTEN`. Settings are in
//! [`shortener_lambda::config`].

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable, Limits};
use shortener_lambda::config::{Config, Part};
use shortener_lambda::log::{self, LogFormat};
use shortener_lambda::{App, server};
use tokio::net::TcpListener;
use tokio::runtime;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let Err(error) = start() else { return ExitCode::SUCCESS };
    // Without effect if logging has begun, as it has unless the settings mean nothing.
    let _ = log::start(LogFormat::Human, "info");
    tracing::error!(%error, "cannot serve");
    ExitCode::FAILURE
}

fn start() -> Result<(), Failure> {
    let (part, config) = (Part::from_args(std::env::args().skip(1))?, Config::from_env()?);
    log::start(if config.on_lambda { LogFormat::Json } else { LogFormat::Human }, &config.log)?;
    // An instance on Lambda has one request at a time: threads would only cost it start time and memory.
    let mut runtime =
        if config.on_lambda { runtime::Builder::new_current_thread() } else { runtime::Builder::new_multi_thread() };
    runtime.enable_all().build()?.block_on(run(part, &config))
}

async fn run(part: Part, config: &Config) -> Result<(), Failure> {
    let table = DynamoTable::connect(&table_settings(part, config)).await?;
    let router = router(part, config, table);
    if config.on_lambda {
        return lambda_http::run(router).await;
    }
    let listener = TcpListener::bind(config.listen).await?;
    tracing::info!(address = %config.listen, table = config.table, "serving plain HTTP");
    Ok(server::serve(listener, router, server::stop_signal()).await?)
}

fn table_settings(part: Part, config: &Config) -> DynamoSettings {
    let mut settings = DynamoSettings::new(&config.table);
    if part == Part::Redirects {
        settings.limits = Limits::REDIRECT;
    }
    if config.on_lambda {
        settings.credentials = CredentialSource::Environment;
    }
    settings
}

fn router(part: Part, config: &Config, table: DynamoTable) -> Router {
    let service = Arc::new(Service::new(Arc::new(table), Settings::new(config.base_url.clone())));
    let resolver = Arc::new(Resolver::new(Arc::clone(&service), None));
    part.router(App::new(service, resolver, config.site()))
}
