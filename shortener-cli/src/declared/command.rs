//! From the command line to a plan: what `short apply` and `short diff` have in common.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use shortener_core::link::Tag;
use shortener_core::operations::{LinkRef, Operations};

use super::fault::{self, Fault};
use super::reading::{self, Asking, Found};
use super::sources::{self, DeclaredFormat};
use super::{Declarations, Owner, Plan};
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};

/// What is declared, and by whom.
#[derive(Debug, clap::Args)]
pub(crate) struct DeclaredArgs {
    /// File that declares links, a folder of such files, or '-' for standard input; may be given several times
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-", required = true)]
    files: Vec<PathBuf>,
    /// Format of standard input, and of files whose name does not say it
    #[arg(long, value_name = "FORMAT")]
    format: Option<DeclaredFormat>,
    /// Who declares the links: new ones are marked as this owner's [default: the owner that the files name]
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Also delete the owner's links that no file declares any more
    #[arg(long)]
    prune: bool,
}

/// Reads the files, looks up the links and compares them; the status to exit with if something is wrong with the files.
///
/// # Errors
/// The command line is wrong, or the links cannot be read.
pub(crate) async fn planned(args: &DeclaredArgs, context: &Context) -> anyhow::Result<Result<Plan, ExitStatus>> {
    let (declared, faults) = declarations(args)?;
    if !faults.is_empty() {
        return Ok(Err(refuse(context, &faults)));
    }
    if args.prune && declared.owner.is_none() {
        let hint = "name who declares the links by --owner, or by 'owner' in the file";
        return Err(Stopped::usage("--prune deletes links of an owner, and none is named", hint).into());
    }
    let operations = context.operations().await?;
    let asking = Asking::of(operations).await?;
    if asking == Asking::AsReader {
        context.output.warn("this key may only read: whether the service accepts what is new was not checked");
    }
    plan(args, context, operations, asking, declared).await
}

async fn plan(
    args: &DeclaredArgs,
    context: &Context,
    operations: &dyn Operations,
    asking: Asking,
    declared: Declarations,
) -> anyhow::Result<Result<Plan, ExitStatus>> {
    let (owner, declared) = declared.owned();
    let links = match reading::look_up(operations, asking, &declared).await? {
        Found::Links(links) => links,
        Found::Faults(faults) => return Ok(Err(refuse(context, &faults))),
    };
    let places: HashSet<LinkRef> = declared.iter().map(|declaration| declaration.link.clone()).collect();
    let mut plan = Plan::of(owner, declared, links);
    if let (true, Some(owner)) = (args.prune, plan.owner.clone()) {
        plan.prune(reading::owned(operations, &owner).await?, &places);
    }
    Ok(Ok(plan))
}

/// Everything that the files say, and everything that is wrong with them.
fn declarations(args: &DeclaredArgs) -> anyhow::Result<(Declarations, Vec<Fault>)> {
    let mut declared = Declarations::default();
    let mut faults = Vec::new();
    if let Some(owner) = &args.owner {
        let owner = Tag::parse(owner).map_err(|invalid| {
            Stopped::usage(format!("owner: {}", invalid.detail), "an owner is written like a tag")
        })?;
        declared.owner = Some(Owner { name: owner.into(), file: None::<(Arc<str>, _)> });
    }
    for file in &args.files {
        sources::read(file, args.format, &mut declared, &mut faults);
    }
    faults.extend(declared.duplicates());
    Ok((declared, faults))
}

/// Says what is wrong with the files; nothing was written.
fn refuse(context: &Context, faults: &[Fault]) -> ExitStatus {
    if context.output.format.is_json() {
        context.output.problem(&fault::problem(faults));
    } else {
        for fault in faults {
            context.output.problem(&fault.problem());
        }
        context.output.note("nothing was written");
    }
    if faults.iter().all(|fault| fault.code == fault::UNREADABLE) { ExitStatus::Usage } else { ExitStatus::Rejected }
}
