//! `short table`

use std::path::PathBuf;

use clap::Subcommand;
use shortener_core::wire::{Problem, ProblemCode};

use crate::context::Context;
use crate::exit::ExitStatus;

/// Work with the table itself
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short table create --table short-links --region eu-central-1
  short table backup backup.db")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the table, if it is missing
    #[command(after_long_help = "Examples:
  short table create --table short-links --region eu-central-1
  short table create --file links.db")]
    Create,
    /// Show whether the table is there and fit
    #[command(after_long_help = "Examples:
  short table status
  short table status --table short-links --json")]
    Status,
    /// Copy an embedded table to a new file while it is in use
    #[command(after_long_help = "Examples:
  short table backup backup.db
  short --file links.db table backup /mnt/backup/links.db")]
    Backup {
        /// The new file; it must not exist
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, _context: &Context) -> anyhow::Result<ExitStatus> {
    Err(Problem::new(ProblemCode::Internal, format!("{:?} is not supported yet", args.command)).into())
}
