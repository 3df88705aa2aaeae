//! `short whoami`

use crate::context::Context;
use crate::exit::ExitStatus;

/// Show under which name changes are recorded, and what is allowed
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short whoami
  short --profile prod whoami --json")]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) async fn run(_args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let whoami = context.operations().await?.whoami().await?;
    context.output.report(&whoami)?;
    Ok(ExitStatus::Ok)
}
