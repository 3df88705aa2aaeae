//! The functions of the image: `shortener-lambda redirect`, `shortener-lambda api`, or both in one without an argument.
//!
//! On Lambda it answers invocations; elsewhere it serves plain HTTP on `SHORT_LISTEN`. Settings are in
//! [`shortener_lambda::config`].

use std::process::ExitCode;
use std::sync::Arc;

use shortener_core::clock::SystemClock;
use shortener_core::redirect::Resolver;
use shortener_core::service::{Service, Settings};
use shortener_core::table::Table;
use shortener_core::table::dynamo::{CredentialSource, DynamoSettings, DynamoTable, Limits};
use shortener_lambda::config::{Config, Metrics, Part, Place, Switch};
use shortener_lambda::counting::Counting;
use shortener_lambda::log::{self, LogFormat};
use shortener_lambda::metrics::{Meter, TimedTable};
use shortener_lambda::process::{self, Failure};
use shortener_lambda::server::{self, Bounds, Front};
use shortener_lambda::{App, lambda};
use tokio::net::TcpListener;
use tokio::runtime;

fn main() -> ExitCode {
    process::run("shortener-lambda", start)
}

fn start() -> Result<(), Failure> {
    let (part, config) = (Part::from_args(std::env::args().skip(1))?, Config::from_env()?);
    log::start(LogFormat::of_place(config.place), &config.log)?;
    // An instance on Lambda has one request at a time: threads would only cost it start time and memory.
    let mut runtime = match config.place {
        Place::Lambda => runtime::Builder::new_current_thread(),
        Place::Elsewhere => runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(run(part, &config))
}

async fn run(part: Part, config: &Config) -> Result<(), Failure> {
    let meter = match config.metrics {
        Metrics::Emf => Meter::start(&config.function),
        Metrics::None => None,
    };
    let (app, table) = app(part, config, meter.as_ref()).await?;
    match config.place {
        Place::Lambda => {
            let router = part.router(app.clone());
            lambda::prepare(part, app.service()).await;
            lambda::serve(router, &app, meter).await
        }
        Place::Elsewhere => {
            if let Some(meter) = meter {
                tokio::spawn(meter.flush_regularly());
            }
            let listener = TcpListener::bind(config.listen).await?;
            tracing::info!(address = %config.listen, table = config.table, "serving plain HTTP");
            Ok(serve_counting(part, config, app, table, listener).await?)
        }
    }
}

/// Serves plain HTTP and counts the clicks.
async fn serve_counting(
    part: Part,
    config: &Config,
    app: App,
    table: Arc<dyn Table>,
    listener: TcpListener,
) -> std::io::Result<()> {
    let bounds = Bounds::of_process(None);
    let front = |app: App| Front::new(app.clone(), part.router(app));
    if config.counting == Switch::Off || part == Part::Api {
        return server::serve_within(bounds, listener, front(app), server::stop_signal()).await;
    }
    let counting = Counting::start(table, Arc::new(SystemClock)).await?;
    let front = front(app.with_counter(counting.counter()));
    let served = server::serve_within(bounds, listener, front, server::stop_signal()).await;
    counting.stop().await;
    served
}

async fn app(part: Part, config: &Config, meter: Option<&Meter>) -> Result<(App, Arc<dyn Table>), Failure> {
    let table = DynamoTable::connect(&table_settings(part, config)).await?;
    let table: Arc<dyn Table> = match meter {
        Some(meter) => Arc::new(TimedTable::new(table, meter)),
        None => Arc::new(table),
    };
    let service = Arc::new(Service::new(Arc::clone(&table), Settings::new(config.base_url.clone())));
    let resolver = Arc::new(Resolver::new(Arc::clone(&service), None));
    Ok((App::new(service, resolver, config.site()), table))
}

fn table_settings(part: Part, config: &Config) -> DynamoSettings {
    let mut settings = DynamoSettings::new(&config.table);
    settings.endpoint_url.clone_from(&config.endpoint_url);
    match (part, config.place) {
        (Part::Redirects, _) => settings.limits = Limits::REDIRECT,
        (_, Place::Lambda) => settings.limits = Limits::API,
        (_, Place::Elsewhere) => {}
    }
    if config.place == Place::Lambda {
        settings.credentials = CredentialSource::Environment;
    }
    settings
}
