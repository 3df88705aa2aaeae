//! `short import`

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use crate::confirm;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::formats::{Kind, ReadOptions, TargetField};
use crate::import::{Additions, Job, OnConflict, Sample, Settings};
use crate::interrupt::Interrupt;

/// Import links from a file, each row exactly once
///
/// Reads the files of this command and of other shorteners, CSV and JSON, compressed or not. Every row is checked before
/// the first is written. A row's link is found again by what the row says, so that importing a file twice writes nothing
/// the second time, and an import that was stopped is finished by running it again. Nothing is overwritten without
/// --on-conflict update.
///
/// Rows that failed go to a file of the same form with a column that says why; it can be imported once they are right.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short import links.csv --dry-run
  short import links.csv --tag spring --verify
  short import bitly.csv --map 'Short link=code' --on-conflict skip
  short import yourls.sql.gz --time-zone Europe/Paris --resume
  zcat links.ndjson.gz | short import - --on-conflict skip --report bad.ndjson

Exit status: 0 if every row is there, 8 if some failed, 9 if --dry-run finds
something to write.")]
pub(crate) struct Args {
    /// File to import, or '-' for standard input
    #[arg(value_name = "FILE|-")]
    input: String,
    /// Whose file it is [default: found out by looking]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Kind>,
    /// Take this column or key as this field; may be given several times
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapping)]
    mapping: Vec<(String, TargetField)>,
    /// What separates the cells of a line: a character, or 'tab' [default: found out by looking]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Time zone of times that name none
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = TimeZone::get)]
    time_zone: TimeZone,
    /// What to do with a row whose code another link has
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    on_conflict: OnConflict,
    /// Domain of the rows that name none [default: the default domain]
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Keep the domains of another shortener's file, which otherwise give way to the default domain
    #[arg(long)]
    keep_domains: bool,
    /// Tag to add to every row; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Stop once more than this many rows have failed [default: never]
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,
    /// File for the rows that failed [default: the file's name with '.rejects' before its extension]
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,
    /// Skip the rows that an earlier run has done, by the journal that it left beside the rows that failed
    #[arg(long)]
    resume: bool,
    /// Read links again afterwards and compare them with their rows: so many, evenly spread, or 'all' [default: 1000]
    #[arg(long, value_name = "N|all", num_args = 0..=1, require_equals = true, default_missing_value = "1000")]
    verify: Option<Sample>,
    /// Most batches of 500 rows under way at once [default: found out, up to 16]
    #[arg(long, value_name = "N")]
    concurrency: Option<NonZeroUsize>,
    /// Give up after so many seconds without progress
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    timeout: u64,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let interrupt = Interrupt::catch()?;
    let job = Job::new(settings(args), context, interrupt.clone());
    tokio::select! {
        ended = job.run() => ended,
        () = interrupt.raised(2) => {
            confirm::restore_terminal();
            Err(Stopped::Interrupted.into())
        }
    }
}

fn settings(args: Args) -> Settings {
    Settings {
        file: (args.input != "-").then(|| PathBuf::from(args.input)),
        read: ReadOptions {
            format: args.format,
            mapping: args.mapping,
            time_zone: args.time_zone,
            delimiter: args.delimiter,
            keep_domains: args.keep_domains,
        },
        on_conflict: args.on_conflict,
        additions: Additions { domain: args.domain, tags: args.tags },
        max_errors: args.max_errors,
        report: args.report,
        resume: args.resume,
        verify: args.verify,
        concurrency: args.concurrency.map(NonZeroUsize::get),
        timeout: Duration::from_secs(args.timeout),
    }
}

fn mapping(text: &str) -> Result<(String, TargetField), String> {
    let (column, field) = text.rsplit_once('=').ok_or("write it as COLUMN=FIELD")?;
    Ok((column.to_owned(), TargetField::from_str(field, true)?))
}

fn delimiter(text: &str) -> Result<u8, &'static str> {
    match text.as_bytes() {
        _ if text == "tab" || text == "\\t" => Ok(b'\t'),
        [one] if one.is_ascii() && !one.is_ascii_alphanumeric() => Ok(*one),
        _ => Err("give one character that is no letter or digit, or 'tab'"),
    }
}
