//! `short apply`

use crate::context::Context;
use crate::declared::{DeclaredArgs, carry_out, conclude, planned, question};
use crate::exit::ExitStatus;
use crate::purge::{WaitArgs, settle};

/// Make links what files declare
///
/// Shows what it takes first (+ create, ~ update, - delete) and asks. A link that is changed between plan and write is
/// reported and left as it is. New links are marked with the owner, and --prune deletes only links so marked.
/// A field that a file does not name gets its default. Nothing is written if anything declared is invalid.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:
  short apply -f links.toml
  short apply -f links/ --owner website --prune --yes
  short apply -f links.yaml --dry-run --json
  short export --tag q2 | short apply -f - --format csv --profile staging

Declares links, as TOML:
  owner = \"website\"
  [defaults]
  tags = [\"campaign\"]
  [links.launch]
  target = \"https://example.com/launch\"
  expires_at = 2030-12-31
  [links.guide]
  target = \"https://example.com/guide\"
  redirect_status = 308

With --dry-run the exit status is 9 if anything would be changed.")]
pub(crate) struct Args {
    #[command(flatten)]
    declared: DeclaredArgs,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> anyhow::Result<ExitStatus> {
    let mut plan = match planned(&args.declared, context).await? {
        Ok(plan) => plan,
        Err(status) => return Ok(status),
    };
    plan.show(context)?;
    let status = plan.status();
    if context.is_dry_run() || status != ExitStatus::Drift {
        plan.report(context)?;
        context.output.note(if status == ExitStatus::Ok { "nothing to do" } else { "nothing was written" });
        return Ok(status);
    }
    context.confirmation().ask(question(&plan)).await?;
    let operations = context.operations().await?;
    let progress = context.output.progress("applying", Some(plan.size() as u64));
    let mut changed = carry_out(operations, &mut plan, &|changes| progress.advance(changes)).await;
    progress.finish();
    plan.report(context)?;
    let status = conclude(context, &plan);
    let settled = settle(context, operations, args.wait.wait(), &mut changed.iter_mut().collect::<Vec<_>>()).await;
    Ok(if status == ExitStatus::Ok { settled } else { status })
}
