//! `short expire`

use shortener_core::operations::{LinkRef, Operations};
use shortener_core::wire::{Patch, UpdateLink};

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;
use crate::purge::WaitArgs;

/// Let links expire, now or later
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short expire launch
  short expire launch spring --at 2027-01-31
  short expire launch --at never
  short expire launch --wait")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    /// When: a date, RFC 3339, a span such as 30d, or never
    #[arg(long, value_name = "WHEN", default_value = "now")]
    at: String,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let done = match args.at.as_str() {
        "now" => "expired",
        "never" => "removed the expiry of",
        _ => "set the expiry of",
    };
    let change = UpdateLink { expires_at: Patch::Set(args.at), ..UpdateLink::default() };
    let options = context.write_options();
    let expire = async |operations: &dyn Operations, link: &LinkRef| operations.update(link, &change, &options).await;
    each_link(context, &args.links, Show::Done(done, args.wait.wait()), expire).await
}
