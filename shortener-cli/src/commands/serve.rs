//! `short serve`

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroUsize, ParseIntError};
use std::sync::Arc;
use std::time::Duration;

use shortener_core::clock::{Clock, SystemClock};
use shortener_core::error::InvalidValue;
use shortener_core::link::BaseUrl;
use shortener_core::redirect::Resolver;
use shortener_core::service::Service;
use shortener_core::stats::Unstored;
use shortener_core::table::sqlite::SqliteTable;
use shortener_core::wire::{Problem, ProblemCode};
use shortener_lambda::config::{Switch, parse_contact, parse_counting};
use shortener_lambda::counting::Counting;
use shortener_lambda::server::{self, Bounds, Front};
use shortener_lambda::{App, Site, TrustedProxies, router};
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

use crate::backend::Store;
use crate::config;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::output::{LogFormat, log_events};

/// Pause between two collections of expired garbage.
const PURGE_EVERY: Duration = Duration::from_mins(1);

/// Most items collected at a time, so that a backlog does not hold up writers.
const PURGED_AT_ONCE: usize = 10_000;

/// Threads that read the file for the API, for each core, and at least. More would open and close the file all the time.
const READERS_PER_CORE: usize = 2;
const READERS: usize = 4;

/// Serve redirects and the API on the table
///
/// The first start on a table without keys makes an admin key and prints it once, on standard error. Ends when it is
/// interrupted or told to terminate, after the requests under way. Clicks are counted in memory and stored each second.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short serve
  short serve --listen 0.0.0.0:80 --base-url https://go.example.com --log json
  short serve --table short-links --region eu-central-1")]
pub(crate) struct Args {
    /// Address and port to listen on; port 0 takes a free one [env: SHORT_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// How to log, on standard error
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    log: LogFormat,
    /// Count no clicks [env: SHORT_COUNTING=off]
    #[arg(long)]
    no_counting: bool,
    /// How many proxies of yours stand in front, 0 to 10, to tell visitors apart [env: SHORT_TRUSTED_PROXIES] [default: 0]
    ///
    /// Each must add the address it is asked from to X-Forwarded-For. A visitor's address is then the entry that has
    /// this number from the right; what a visitor sends stands left of it. With 0 the header is ignored.
    #[arg(long, value_name = "NUMBER", value_parser = TrustedProxies::parse)]
    trusted_proxies: Option<TrustedProxies>,
    /// Most open connections [env: SHORT_MAX_CONNECTIONS] [default: 10000]
    ///
    /// One more closes those that do nothing, or else is answered 503. Fewer where the limit of open files (ulimit -n)
    /// allows no more.
    #[arg(long, value_name = "NUMBER")]
    max_connections: Option<NonZeroUsize>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    if context.is_dry_run() {
        return Err(Stopped::usage("there is no dry run of a server", "leave --dry-run out").into());
    }
    log_events(args.log, context.environment.log.as_deref())?;
    let stop = stop()?;
    // Read before anything is done, so that a server that cannot start makes no key.
    let trusted_proxies = trusted_proxies(&args, context)?;
    let bounds = Bounds::of_process(max_connections(&args, context)?.map(NonZeroUsize::get));
    let contact = security_contact(context)?;
    let is_counting = is_counting(&args, context)?;
    let (listener, address) = listen(&args, context).await?;
    let store = context.store().await?;
    let base_url = base_url(context, address)?;
    let service = store.service(base_url.clone(), context.mode());
    announce_first_key(&service, context).await?;
    let resolver = Arc::new(Resolver::new(Arc::clone(&service), store.feed()));
    tokio::spawn(Arc::clone(&resolver).follow_changes());
    let counting = if is_counting { Some(Counting::start(store.table(), Arc::new(SystemClock)).await?) } else { None };
    if let Store::File(table) = store {
        tokio::spawn(collect_garbage(table));
    }
    let site = Site::new(&base_url).with_trusted_proxies(trusted_proxies).with_security_contact(contact);
    let app = App::new(service, resolver, site);
    let app = counting.as_ref().map_or_else(|| app.clone(), |counting| app.with_counter(counting.counter()));
    let workers = workers()?;
    let app = app.with_workers(workers.handle().clone());
    context.output.note(&format!("listening on http://{address}"));
    server::serve_within(bounds, listener, Front::new(app.clone(), router(app)), stop).await?;
    workers.shutdown_background();
    if let Some(counting) = counting {
        tell_unstored(counting.stop().await, context);
    }
    context.output.note("stopped");
    Ok(ExitStatus::Ok)
}

/// Threads for the work of the API. Those that redirect, read requests and refuse them are others, so that the system shares the
/// processor between both, whatever there is to do.
fn workers() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    runtime::Builder::new_multi_thread()
        .thread_name("api")
        .max_blocking_threads((READERS_PER_CORE * cores).max(READERS))
        .enable_all()
        .build()
}

/// Whether clicks are to be counted.
fn is_counting(args: &Args, context: &Context) -> anyhow::Result<bool> {
    let text = context.environment.counting.as_deref();
    let hint = "set it to 'on' or 'off', or leave it out";
    let wrong =
        |error: InvalidValue| config::wrong_variable("SHORT_COUNTING", text.unwrap_or_default(), &error.detail, hint);
    let switch = parse_counting(text).map_err(wrong)?;
    Ok(!args.no_counting && switch != Some(Switch::Off))
}

fn tell_unstored(left: Option<Unstored>, context: &Context) {
    if let Some(Unstored { requests, .. }) = left {
        context.output.tell(&format!("warning: some of the last {requests} clicks of the hour may not be stored"));
    }
}

/// The flag's number, or else the variable's.
fn trusted_proxies(args: &Args, context: &Context) -> anyhow::Result<TrustedProxies> {
    match (args.trusted_proxies, context.environment.trusted_proxies.as_deref()) {
        (Some(number), _) => Ok(number),
        (None, Some(text)) => {
            let hint = "give the number of your proxies that add to X-Forwarded-For";
            TrustedProxies::parse(text)
                .map_err(|error| config::wrong_variable("SHORT_TRUSTED_PROXIES", text, &error, hint))
        }
        (None, None) => Ok(TrustedProxies::NONE),
    }
}

/// The flag's number, or else the variable's.
fn max_connections(args: &Args, context: &Context) -> anyhow::Result<Option<NonZeroUsize>> {
    let parse = |text: &str| {
        let hint = "give the number of connections that may be open at once";
        text.parse().map_err(|error: ParseIntError| config::wrong_variable("SHORT_MAX_CONNECTIONS", text, &error, hint))
    };
    match args.max_connections {
        Some(number) => Ok(Some(number)),
        None => context.environment.max_connections.as_deref().map(parse).transpose(),
    }
}

/// Takes the address before anything else, so that a server that cannot start makes no key.
async fn listen(args: &Args, context: &Context) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let wanted = match (&args.listen, &context.environment.listen) {
        (Some(address), _) => *address,
        (None, Some(text)) => {
            let hint = "give an address and a port, such as 127.0.0.1:8080";
            text.parse().map_err(|_| config::wrong_variable("SHORT_LISTEN", text, &"this is no address", hint))?
        }
        (None, None) => SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
    };
    let bound = TcpListener::bind(wanted).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| cannot_listen(wanted, &error).into())
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Problem {
    let (why, hint) = match error.kind() {
        ErrorKind::AddrInUse => {
            ("another program listens there", "choose another port by --listen, or 0 for a free one")
        }
        ErrorKind::PermissionDenied => ("this is not allowed", "choose a port from 1024 on by --listen"),
        _ => ("this machine has no such address", "choose another address by --listen"),
    };
    let problem = Problem::new(ProblemCode::Unavailable, format!("cannot listen on {address}: {why}"));
    Problem { retryable: false, ..problem.with_hint(hint) }
}

/// The base URL that is set, or where the server listens.
fn base_url(context: &Context, address: SocketAddr) -> anyhow::Result<BaseUrl> {
    if let Some(url) = context.config()?.base_url {
        return Ok(url);
    }
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}", SocketAddr::new(host, address.port()));
    BaseUrl::parse(&url).map_err(|error| config::invalid(&error))
}

fn security_contact(context: &Context) -> anyhow::Result<Option<String>> {
    let hint = "set it to where reports reach you, such as mailto:security@example.com";
    let parse = |text| {
        let wrong = |error: InvalidValue| config::wrong_variable("SHORT_SECURITY_CONTACT", text, &error.detail, hint);
        parse_contact(text).map_err(wrong)
    };
    context.environment.security_contact.as_deref().map(parse).transpose()
}

async fn announce_first_key(service: &Service, context: &Context) -> anyhow::Result<()> {
    if let Some(created) = service.ensure_admin_key().await.map_err(Problem::from)? {
        context.output.tell(&format!("admin key, shown only now: {}", created.key));
    }
    Ok(())
}

/// Deletes from time to time what nobody can see any more.
async fn collect_garbage(table: Arc<SqliteTable>) {
    let mut ticks = tokio::time::interval(PURGE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match table.purge(SystemClock.now(), PURGED_AT_ONCE).await {
            Ok(0) => {}
            Ok(items) => tracing::info!(items, "collected garbage"),
            Err(error) => tracing::warn!(%error, "garbage cannot be collected"),
        }
    }
}

/// Completes when the process is interrupted or told to terminate. The signals are caught from now on, not from when
/// it is first waited for.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}

#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
