//! `short tags`

use clap::Subcommand;

use crate::context::Context;
use crate::exit::ExitStatus;

/// Work with tags
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short tags list
  short tags list --json")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tags that are or were on some link
    #[command(after_long_help = "Examples:
  short tags list
  short tags list --json")]
    List,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    match args.command {
        Command::List => context.output.report(&context.operations().await?.tags().await?)?,
    }
    Ok(ExitStatus::Ok)
}
