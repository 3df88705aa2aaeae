//! `short delete`

use shortener_core::operations::{LinkRef, Operations, WriteOptions};

use crate::context::Context;
use crate::each::{LinkArgs, Show, each_link};
use crate::exit::ExitStatus;
use crate::purge::WaitArgs;

/// Delete links: visitors get 410, the codes stay taken, 'restore' undoes it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short delete launch
  short delete launch spring --yes
  short delete launch --dry-run --json")]
pub(crate) struct Args {
    #[command(flatten)]
    links: LinkArgs,
    /// Only if the link still has this version
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let question = match args.links.codes.as_slice() {
        [code] => format!("Delete {code}? Visitors get 410 until it is restored"),
        codes => {
            format!("Delete {} links ({})? Visitors get 410 until they are restored", codes.len(), codes.join(", "))
        }
    };
    context.confirmation().ask(question).await?;
    let options = WriteOptions { if_match: args.if_match, ..context.write_options() };
    let delete = async |operations: &dyn Operations, link: &LinkRef| operations.delete(link, &options).await;
    each_link(context, &args.links, Show::Done("deleted", args.wait.wait()), delete).await
}
