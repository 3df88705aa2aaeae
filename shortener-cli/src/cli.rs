//! The root of the command line and the flags that every command takes.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;

/// Create, inspect, expire and serve short links.
///
/// Links live in a table: an embedded file (the default, under the data directory of the user), a DynamoDB table, or
/// behind the API of a service. Data goes to standard output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(
    name = "short",
    version = shortener_core::version::LONG,
    propagate_version = false,
    max_term_width = 100,
    after_long_help = "Examples:
  short create https://example.com/a/long/path
  short list --tag spring --json
  short --api https://go.example.com inspect launch

See also: short help environment, short help exit-codes, short help formatting"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Use the embedded table in this file [env: SHORT_FILE]
    #[arg(long, global = true, value_name = "PATH", conflicts_with_all = ["table", "api", "profile"])]
    pub(crate) file: Option<PathBuf>,
    /// Use this DynamoDB table [env: SHORT_TABLE]
    #[arg(long, global = true, value_name = "NAME", conflicts_with_all = ["api", "profile"])]
    pub(crate) table: Option<String>,
    /// AWS region of the table [env: AWS_REGION]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Endpoint of the table, for DynamoDB-compatible engines [env: AWS_ENDPOINT_URL_DYNAMODB]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Use the API at this URL, with the key in SHORT_API_KEY [env: SHORT_API_URL]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "profile")]
    pub(crate) api: Option<String>,
    /// Use this profile of the configuration file [env: SHORT_PROFILE]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Where links of the default domain are reached [env: SHORT_BASE_URL] [default: http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Format of the data [env: SHORT_OUTPUT] [default: table]
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = false)]
    pub(crate) output: Option<Format>,
    /// Same as --output json
    #[arg(long, global = true, conflicts_with = "output")]
    pub(crate) json: bool,
    /// Check and show what would happen; write nothing
    #[arg(short = 'n', long, global = true)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Print only data and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say what is sent and how long it takes
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// Formats of the data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people: aligned on a terminal, tab-separated without header otherwise.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
}

impl Format {
    /// Whether errors are JSON too.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On terminals, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
