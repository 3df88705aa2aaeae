//! `short diff`

use crate::context::Context;
use crate::declared::{DeclaredArgs, planned};
use crate::exit::ExitStatus;

/// Show how links differ from what files declare
///
/// The read-only half of 'short apply': exits with 0 if nothing differs, 9 if something does, 5 if links of another owner
/// are in the way, and 6 if what is declared is invalid. A key that may only read is enough.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short diff -f links.toml
  short diff -f links/ --owner website --prune --json")]
pub(crate) struct Args {
    #[command(flatten)]
    declared: DeclaredArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    match planned(&args.declared, context).await? {
        Ok(plan) => {
            plan.show(context)?;
            plan.report(context)?;
            if plan.status() == ExitStatus::Ok {
                context.output.note("nothing differs");
            }
            Ok(plan.status())
        }
        Err(status) => Ok(status),
    }
}
