//! `short serve`

use std::net::SocketAddr;

use shortener_core::wire::{Problem, ProblemCode};

use crate::context::Context;
use crate::exit::ExitStatus;

/// Serve redirects and the API on the table
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short serve
  short serve --listen 0.0.0.0:80 --base-url https://go.example.com --log json
  short serve --table short-links --region eu-central-1")]
pub(crate) struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How to log, on standard error
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    log: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Runs the command.
pub(crate) async fn run(args: Args, _context: &Context) -> anyhow::Result<ExitStatus> {
    Err(Problem::new(ProblemCode::Internal, format!("serve {args:?} is not supported yet")).into())
}
