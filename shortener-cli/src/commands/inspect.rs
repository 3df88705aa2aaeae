//! `short inspect`

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;

/// Show everything about links
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "get",
    after_long_help = "Examples:
  short inspect launch
  short inspect https://go.example.com/launch --json
  short get launch spring -o csv"
)]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    each_link(context, &args.links, Show::Link, async |operations, link| operations.get(link).await).await
}
