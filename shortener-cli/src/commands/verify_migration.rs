//! `short verify-migration`

use std::path::PathBuf;
use std::time::Duration;

use shortener_core::client::{Probe, ProbeMethod};
use shortener_core::wire::DomainSettings;

use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::formats::{self, FileError, Input, Kind, ReadOptions};
use crate::migration::{Asking, Compare, Display, Host, Hosts, NewHost, Rows, base, verify};

/// Who the hosts are told is asking.
const AGENT: &str = concat!("short/", env!("CARGO_PKG_VERSION"), " (verify-migration)");

/// Compare what an old host and the new one answer for the codes of a file
///
/// Requests each code from both hosts, follows no redirect, and reports where status and target differ from each other or
/// from the file, in any format that 'short import' reads. The new host is where the links of the file's domain are
/// reached, unless --to names another.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short verify-migration --from https://old.example links.csv
  short verify-migration --from https://old.example --to https://new.example \\
      yourls.sql --all --rate 50
  short verify-migration --from https://old.example links.csv --sample 100 \\
      --strict-status --json

Exit status: 0 if both answer the same, 9 if something differs, 8 if a host did
not answer for some links, 7 if for all.")]
pub(crate) struct Args {
    /// File with the links
    #[arg(value_name = "FILE")]
    links: PathBuf,
    /// Base URL of the old host
    #[arg(long, value_name = "URL")]
    from: String,
    /// Base URL of the new host [default: that of each link's domain]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Whose file it is [default: found out by looking]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Kind>,
    /// Most requests a second to each host
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// How many links to ask for, spread over the file, the same ones with each run
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "all")]
    sample: usize,
    /// Ask for every link
    #[arg(long)]
    all: bool,
    /// How to ask; a host that does not know HEAD is asked with GET
    #[arg(long, value_name = "METHOD", default_value = "head")]
    method: Method,
    /// Longest time to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
    /// Report 301 against 302 too, and 404 against 410
    #[arg(long)]
    strict_status: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Method {
    /// Count no clicks, with most services.
    Head,
    /// As a visitor does.
    Get,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let hosts = hosts(&args, context).await?;
    let options = ReadOptions { format: args.format, ..ReadOptions::default() };
    let source = formats::open(&Input::File(args.links.clone()), &options).map_err(unreadable)?;
    let mut rows = Rows::new(source);
    let mut display = Display::new(context);
    let mut totals = if args.all {
        verify(&hosts, rows.by_ref(), |finding| display.show(finding)).await?
    } else {
        let sample = rows.sample(args.sample);
        match rows.failed.take() {
            Some(error) => return Err(unreadable(error)),
            None => verify(&hosts, sample.into_iter(), |finding| display.show(finding)).await?,
        }
    };
    totals.without_code = rows.without_code;
    let status = display.conclude(totals)?;
    rows.failed.map_or(Ok(status), |error| Err(unreadable(error)))
}

fn unreadable(error: FileError) -> anyhow::Error {
    match error.status {
        ExitStatus::Usage => Stopped::usage(error.to_string(), error.hint).into(),
        _ => error.problem().into(),
    }
}

async fn hosts(args: &Args, context: &Context) -> anyhow::Result<Hosts> {
    let method = match args.method {
        Method::Head => ProbeMethod::Head,
        Method::Get => ProbeMethod::Get,
    };
    let asking = Asking { probe: Probe::new(AGENT, Duration::from_secs(args.timeout))?, method, rate: args.rate };
    let host = |url: &str| -> anyhow::Result<Host> {
        let url = base(url).map_err(|detail| Stopped::usage(detail, "give one such as https://old.example"))?;
        Ok(Host::new(url, &asking))
    };
    let old = host(&args.from)?;
    let new = if let Some(url) = &args.to {
        NewHost::One(host(url)?)
    } else {
        let domains = context.operations().await?.domains().await?.domains;
        let of = |domain: DomainSettings| Ok((domain.domain, host(&domain.base_url.to_string())?));
        NewHost::ByDomain(domains.into_iter().map(of).collect::<anyhow::Result<_>>()?)
    };
    let compare = if args.strict_status { Compare::Status } else { Compare::StatusClass };
    Ok(Hosts { old, new, compare })
}
