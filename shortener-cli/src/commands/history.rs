//! `short history`

use crate::address;
use crate::context::Context;
use crate::each::OneLinkArgs;
use crate::exit::ExitStatus;

/// Show what happened to a link, newest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short history launch
  short history launch --limit 5 --json")]
pub(crate) struct Args {
    #[command(flatten)]
    link: OneLinkArgs,
    /// Most changes to show, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u16,
    /// Continue where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let operations = context.operations().await?;
    let names = std::slice::from_ref(&args.link.code);
    for link in address::resolve(operations, names, args.link.domain.as_deref()).await? {
        let history = operations.history(&link, args.limit, args.cursor.as_deref()).await?;
        context.output.report(&history)?;
        if let Some(cursor) = history.next_cursor {
            context.output.note(&format!("there are more: repeat with --cursor {cursor}"));
        }
    }
    Ok(ExitStatus::Ok)
}
