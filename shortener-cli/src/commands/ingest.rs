//! `short ingest`

use std::sync::Arc;

use shortener_core::ingest::{Ingest, IngestOptions, Reach, Recount};
use shortener_core::pace::Patience;

use crate::config::{Location, TableLocation};
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::ingest::{Shown, explain, sources, words};

/// Count clicks from the access logs of CloudFront
///
/// Reads standard logs, legacy ones and those of version 2: W3C (tab-separated), JSON or plain, gzipped or not, from files,
/// folders and buckets. Every hour that has new files is counted again from all its files, and each request once, however often
/// it was delivered: running it again, or twice at the same time, counts nothing twice. It works on a table that is there, by
/// --file or --table; a service counts its own logs.
///
/// Give it all files of the hours concerned: an hour of which files are gone that were counted before is left as it is,
/// and named. With --distribution, files of other distributions are left alone, and named; so is whatever in a folder has
/// not the name of a log.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short --file links.db ingest logs/
  short --table links ingest s3://example-logs/edge --distribution E2EXAMPLE
  short --file links.db ingest E2EXAMPLE.2026-11-26-04.1f2e3d4c.gz --dry-run

Exit status: 0 if everything is counted, 8 if something needs a person: files of
another distribution, files missing, files broken or without needed columns,
hours that could not be counted. What can be read of a broken file is counted.
Single lines that are damaged are counted as rejected, and need nobody.")]
pub(crate) struct Args {
    /// Files, folders with all that is in them, and folders of buckets
    #[arg(value_name = "FILE|DIR|s3://BUCKET/PREFIX", required = true)]
    places: Vec<String>,
    /// Count hours again although files are missing that were counted before, whose clicks are gone then
    #[arg(long)]
    without_missing: bool,
    /// Count all hours of the files again, not only those with new files: a newer version may know more crawlers
    #[arg(long)]
    again: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    // To this command the distribution is that of the logs, and a file can have one.
    let tables = context.without_distribution()?;
    let config = tables.config()?;
    let (region, of_table) = match &config.location {
        Location::Table(TableLocation { region, distribution, .. }) => {
            (region.as_deref(), distribution.as_ref().map(|id| id.as_str().to_owned()))
        }
        Location::File(_) | Location::Api(_) => (None, None),
    };
    let service = tables.store().await?.service(config.base_url_or_default()?, context.mode());
    let options = IngestOptions {
        distribution: context.global.distribution.clone().or(of_table),
        reach: Reach::All,
        recount: if args.again { Recount::All } else { Recount::New },
        without_missing: args.without_missing,
        mode: context.mode(),
        patience: Patience::BULK,
        ..IngestOptions::default()
    };
    let progress = context.output.progress("counting", None);
    let shown = Arc::new(Shown(progress.clone()));
    let logs = sources(&args.places, region).await?;
    let outcome = Ingest::new(service, Arc::clone(&logs), options).watched_by(shown).run().await;
    progress.finish();
    let report = outcome.map_err(explain)?;
    let left_alone = logs.left_alone();
    if !left_alone.is_empty() {
        context.output.warn(&left_alone.to_string());
    }
    if context.output.is_table() {
        context.output.text(&words(&report, context.is_dry_run()))?;
    } else {
        context.output.report(&report)?;
    }
    for problem in &report.problems {
        context.output.warn(problem);
    }
    Ok(if report.problems.is_empty() && report.hours_left == 0 { ExitStatus::Ok } else { ExitStatus::Partial })
}
