//! What people and programs see of a plan.

use shortener_core::wire::{BatchResult, Problem};

use super::plan::{Action, Change, Outcome, Plan, Totals};
use crate::cli::Format;
use crate::comparison::Difference;
use crate::context::Context;
use crate::each::{complain, status_of};
use crate::exit::ExitStatus;
use crate::output::Mark;
use crate::report::{Report, Shape, listed, shown};

/// Longest name that the others are aligned with, in characters.
const WIDEST_NAME: usize = 32;

/// Most failures that are told one by one.
const TOLD: usize = 20;

impl Report for Plan {
    type Line = Change;
    const FIELDS: &'static [&'static str] =
        &["action", "domain", "code", "declared_at", "target", "differences", "outcome", "problem"];
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[Change] {
        &self.changes
    }
}

impl Plan {
    /// Shows the plan to people; programs get it when everything is over.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn show(&self, context: &Context) -> anyhow::Result<()> {
        if context.output.format != Format::Table {
            return Ok(());
        }
        let width = self.changes.iter().map(|change| change.name().len()).max().unwrap_or(0).min(WIDEST_NAME);
        let mut lines: Vec<(Mark, String)> = self.changes.iter().flat_map(|change| describe(change, width)).collect();
        lines.push((Mark::None, self.totals.to_string()));
        context.output.marked(&lines)?;
        Ok(())
    }

    /// Hands the plan to programs.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn report(&self, context: &Context) -> anyhow::Result<()> {
        if context.output.format != Format::Table {
            context.output.report(self)?;
        }
        Ok(())
    }
}

/// What is asked before a plan is carried out; deletes are named.
pub(crate) fn question(plan: &Plan) -> String {
    let deleted = plan.deleted();
    let changes = count(plan.size(), "change");
    if deleted.is_empty() {
        return format!("Apply {changes}?");
    }
    format!("Apply {changes}, which delete {} ({})?", count(deleted.len(), "link"), listed(&deleted))
}

/// Says how it went and answers with what to exit.
pub(crate) fn conclude(context: &Context, plan: &Plan) -> ExitStatus {
    let failed: Vec<(String, &Problem)> =
        plan.changes.iter().filter_map(|change| Some((change.name(), change.problem.as_ref()?))).collect();
    for (name, problem) in failed.iter().take(TOLD) {
        complain(context, name, problem);
    }
    if failed.len() > TOLD {
        context.output.warn(&format!("{} more failed; --json names them all", failed.len() - TOLD));
    }
    let done = |action| {
        plan.changes.iter().filter(|change| change.action == action && change.outcome == Outcome::Done).count()
    };
    let [created, updated, deleted] = [Action::Create, Action::Update, Action::Delete].map(done);
    context.output.note(&format!("created {created}, updated {updated}, deleted {deleted}"));
    let status = status_of(&results(plan));
    if status != ExitStatus::Ok {
        context.output.note("run it again for what is left");
    }
    status
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn results(plan: &Plan) -> Vec<BatchResult> {
    let result = |change: &Change| BatchResult::checked(change.problem.clone());
    plan.changes.iter().map(result).collect()
}

/// A change in lines of which only the first is marked.
fn describe(change: &Change, width: usize) -> Vec<(Mark, String)> {
    let (mark, details) = match change.action {
        Action::Create => (Mark::Added, vec![change.target.clone()]),
        Action::Delete => (Mark::Removed, vec![change.target.clone()]),
        Action::Update => (Mark::Changed, change.differences.iter().map(difference).collect()),
        Action::Conflict => (Mark::Refused, change.problem.iter().map(|problem| problem.detail.clone()).collect()),
    };
    let line = |(at, detail): (usize, String)| {
        let (mark, name) = if at == 0 { (mark, change.name()) } else { (Mark::None, String::new()) };
        (mark, format!("{name:width$}  {detail}"))
    };
    details.into_iter().enumerate().map(line).collect()
}

fn difference(difference: &Difference) -> String {
    format!("{}: {} → {}", difference.field.replace('_', " "), shown(&difference.from), shown(&difference.to))
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { create, update, delete, unchanged, conflict } = self;
        write!(f, "{create} to create, {update} to update, {delete} to delete, {unchanged} unchanged")?;
        if *conflict > 0 {
            write!(f, ", {conflict} in conflict")?;
        }
        Ok(())
    }
}
