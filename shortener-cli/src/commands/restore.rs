//! `short restore`

use shortener_core::operations::{LinkRef, Operations};

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;
use crate::purge::WaitArgs;

/// Undo the delete of links
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short restore launch
  short restore launch spring --dry-run")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let options = context.write_options();
    let restore = async |operations: &dyn Operations, link: &LinkRef| operations.restore(link, &options).await;
    each_link(context, &args.links, Show::Done("restored", args.wait.wait()), restore).await
}
