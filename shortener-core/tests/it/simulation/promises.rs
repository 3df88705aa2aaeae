//! The promises of a link's life, held against what was told and what was applied.

use std::collections::BTreeMap;
use std::fmt;

use super::history::{Answer, Asked, Notes, Op, OpId};
use super::journal::Applied;
use super::timeline::{Step, Timeline};
use super::world::{PATIENCE, World};

mod changes;
mod clicks;
mod creates;
mod quotas;
mod reads;
mod steps;
mod table;

/// A promise that was not kept.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) promise: &'static str,
    pub(super) detail: String,
    /// The operation that shows it, and the code that it is about.
    pub(super) op: Option<OpId>,
    pub(super) code: Option<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (operation {:?}, code {:?})", self.promise, self.detail, self.op, self.code)
    }
}

/// Where the targets of rows of files begin.
pub(super) const ROWS: &str = "https://rows.example/";

/// What a check of one operation says; the words are the promise and the detail.
type Verdict = Result<(), (&'static str, String)>;

/// Fails with a promise and a detail unless the first argument holds.
macro_rules! promise {
    ($holds:expr, $promise:expr, $($detail:tt)*) => {
        if !$holds {
            return Err(($promise, format!($($detail)*)));
        }
    };
}
use promise;

/// A history that is over, in the form in which it is judged.
pub(super) struct Judge<'a> {
    world: &'a World,
    notes: &'a Notes,
    applied: &'a [Applied],
    pub(super) timelines: BTreeMap<String, Timeline>,
    nothing: Timeline,
}

impl<'a> Judge<'a> {
    pub(super) fn new(world: &'a World, notes: &'a Notes, applied: &'a [Applied]) -> Self {
        Self { world, notes, applied, timelines: Timeline::all(applied), nothing: Timeline::empty() }
    }

    /// The first promise that was not kept.
    pub(super) fn check(&self) -> Result<(), Broken> {
        for (code, timeline) in &self.timelines {
            for step in timeline.steps() {
                self.step(step).map_err(|(promise, detail)| {
                    let detail = format!("tick {}: {detail}", step.after.tick);
                    Broken { promise, detail, op: None, code: Some(code.clone()) }
                })?;
            }
        }
        for (id, op) in self.notes.ops.iter().enumerate() {
            self.op(id, op).map_err(|(promise, detail)| Broken {
                promise,
                detail,
                op: Some(id),
                code: op.code().map(str::to_owned),
            })?;
        }
        let whole = |(promise, detail)| Broken { promise, detail, op: None, code: None };
        self.quotas().map_err(whole)?;
        self.creations().map_err(whole)?;
        self.table().map_err(whole)
    }

    fn op(&self, id: OpId, op: &Op) -> Verdict {
        bounds(op)?;
        if let Answer::Refused(problem) = &op.answer {
            let excused = op.troubles > 0 || problem.detail.contains("another transaction") || problem.status < 500;
            let attributed = !matches!(&*op.asked, Asked::List(_) | Asked::Import(_)) || op.quiet;
            promise!(excused || !attributed, "a healthy table is used", "{problem:?}");
        }
        match &*op.asked {
            Asked::Create(request) => self.create(id, op, request),
            Asked::Change { code, change, if_match } => self.change(id, op, code, change, *if_match),
            Asked::Import(rows) => self.import(op, rows),
            Asked::Get(code) => self.get(op, code),
            Asked::History(code) => self.history(op, code),
            Asked::List(tag) => self.list(op, tag.as_deref()),
            Asked::Click { code, .. } => self.click(op, code),
        }
    }

    fn timeline(&self, code: &str) -> &Timeline {
        self.timelines.get(code).unwrap_or(&self.nothing)
    }

    /// All attempts of an operation.
    fn attempts(&self, op: &Op) -> impl Iterator<Item = &Op> {
        self.notes.ops[op.first..].iter().filter(move |other| other.first == op.first)
    }

    /// The operations that sent a token.
    fn senders(&self, token: &str) -> &[OpId] {
        self.notes.tokens.get(token).map_or(&[], Vec::as_slice)
    }

    /// The steps of a code that were made by an operation, or by another attempt of it.
    fn steps_of<'s>(&'s self, first: OpId, code: &str) -> Vec<Step<'s>> {
        let is_ours = |step: &Step<'_>| self.maker(*step).is_some_and(|(_, maker)| maker.first == first);
        self.timeline(code).steps().filter(is_ours).collect()
    }

    /// The operation that made a step, and its number; none for the collector.
    fn maker(&self, step: Step<'_>) -> Option<(OpId, &Op)> {
        let body = &step.after.record.as_ref()?.body;
        if step.is_creation() && body.target.as_str().starts_with(ROWS) {
            return self.importer(body.target.as_str(), body.created_by.as_str(), step.after.tick);
        }
        let token = body.change_id.as_ref().filter(|_| !step.is_creation()).unwrap_or(&body.create_token);
        let mut senders = self.senders(token).iter().map(|id| (*id, &self.notes.ops[*id]));
        senders.find(|(_, op)| match &*op.asked {
            Asked::Create(request) => request.target == body.target.as_str(),
            // One key is good for a change of each link.
            Asked::Change { code, .. } => step.after.record.as_ref().is_some_and(|record| record.code == *code),
            _ => true,
        })
    }

    /// Who brought a row before a moment, under this name. Rows are known by their content, whoever brings them.
    fn importer(&self, target: &str, actor: &str, tick: u64) -> Option<(OpId, &Op)> {
        let has_row =
            |op: &Op| matches!(&*op.asked, Asked::Import(rows) if rows.iter().any(|row| row.target == target));
        let mut ops = self.notes.ops.iter().enumerate();
        ops.find(|(_, op)| op.actor() == actor && op.invoked < tick && has_row(op))
    }
}

/// No operation asks for ever.
fn bounds(op: &Op) -> Verdict {
    let most = match &*op.asked {
        Asked::Click { .. } => 5,
        Asked::Get(_) | Asked::History(_) => 8,
        Asked::Create(_) => 60,
        Asked::Change { .. } => 120,
        Asked::List(_) | Asked::Import(_) => 400,
    };
    promise!(op.calls <= most, "calls are bounded", "{} calls", op.calls);
    let took = op.done.saturating_sub(op.began);
    let most_ms = if matches!(&*op.asked, Asked::Click { .. }) { 901 } else { PATIENCE.as_millis() + 1 };
    promise!(took.as_millis() <= most_ms || op.ended == u64::MAX, "time is bounded", "{took:?}");
    Ok(())
}
