//! `short enable`

use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::UpdateLink;

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;
use crate::purge::WaitArgs;

/// Switch disabled links on again
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short enable launch
  short enable launch spring --dry-run")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let change = UpdateLink { disabled: Some(false), ..UpdateLink::default() };
    let options = context.write_options();
    let enable = async |operations: &dyn Operations, link: &LinkRef| operations.update(link, &change, &options).await;
    each_link(context, &args.links, Show::Done("enabled", args.wait.wait()), enable).await
}
