//! `short disable`

use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::UpdateLink;

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;
use crate::purge::WaitArgs;

/// Switch links off: visitors get 410 until they are enabled again
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short disable launch
  short disable launch spring --json
  short disable launch --wait --wait-timeout 300")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let change = UpdateLink { disabled: Some(true), ..UpdateLink::default() };
    let options = context.write_options();
    let disable = async |operations: &dyn Operations, link: &LinkRef| operations.update(link, &change, &options).await;
    each_link(context, &args.links, Show::Done("disabled", args.wait.wait()), disable).await
}
