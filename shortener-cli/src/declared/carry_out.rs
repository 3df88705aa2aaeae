//! Making the changes of a plan.

use std::cell::Cell;

use futures_util::stream::{self, StreamExt};
use shortener_core::operations::{Operations, WriteOptions};
use shortener_core::wire::{CreateLink, Link, Problem, ProblemCode, UpdateLink};
use uuid::Uuid;

use super::batch;
use super::plan::{Action, Change, Outcome, Plan, Step};
use crate::again::patiently;

/// Links in a batch of creates: few, so that a table that is busy answers some batches wholly.
const BATCH: usize = 25;

/// Batches that are sent at the same time.
const BATCHES: usize = 8;

/// Updates and deletes that are made at the same time.
const CHANGES: usize = 16;

/// Makes the changes: creates, then updates, then deletes. One that fails does not stop the others, unless it shows that
/// no other can succeed. Answers the links that were updated or deleted; `progress` hears of each change.
pub(crate) async fn carry_out(operations: &dyn Operations, plan: &mut Plan, progress: &dyn Fn(u64)) -> Vec<Link> {
    let run = Run { operations, id: Uuid::new_v4(), hopeless: Cell::new(None), progress };
    let mut changed = Vec::new();
    let creates: Vec<&mut Change> = plan.changes.iter_mut().filter(|change| change.action == Action::Create).collect();
    run.create(creates).await;
    for action in [Action::Update, Action::Delete] {
        let changes = plan.changes.iter_mut().enumerate().filter(|(_, change)| change.action == action);
        let made: Vec<Option<Link>> =
            stream::iter(changes).map(|(at, change)| run.change(at, change)).buffered(CHANGES).collect().await;
        changed.extend(made.into_iter().flatten());
    }
    changed
}

/// The problem of a link that another owner declares.
pub(super) fn owned_by(other: &str, owner: Option<&str>) -> Problem {
    let detail = match owner {
        Some(owner) => format!("it is declared by owner '{other}', not by '{owner}'"),
        None => format!("it is declared by owner '{other}'"),
    };
    Problem::new(ProblemCode::StateConflict, detail)
}

/// One run over a plan.
struct Run<'a> {
    operations: &'a dyn Operations,
    /// Tells the changes of this run from those of any other, so that one sent twice is made once.
    id: Uuid,
    /// Why no further change can succeed.
    hopeless: Cell<Option<Problem>>,
    /// Hears of each change that is over.
    progress: &'a dyn Fn(u64),
}

impl Run<'_> {
    async fn create(&self, mut changes: Vec<&mut Change>) {
        let batches = stream::iter(changes.chunks_mut(BATCH));
        batches.for_each_concurrent(BATCHES, |batch| self.create_batch(batch)).await;
    }

    async fn create_batch(&self, batch: &mut [&mut Change]) {
        let wanted = |change: &&mut Change| match &change.step {
            Step::Create(request) => Some((**request).clone()),
            _ => None,
        };
        let requests: Vec<CreateLink> = batch.iter().filter_map(wanted).collect();
        let results = match self.given_up() {
            Some(problem) => Err(problem),
            None => batch::create(self.operations, &requests, &WriteOptions::default()).await,
        };
        match results {
            Ok(results) => {
                for (change, result) in batch.iter_mut().zip(results) {
                    self.settle(change, result.problem.map_or(Ok(()), Err));
                }
            }
            Err(problem) => batch.iter_mut().for_each(|change| self.settle(change, Err(problem.clone()))),
        }
    }

    async fn change(&self, at: usize, change: &mut Change) -> Option<Link> {
        let outcome = match self.given_up() {
            Some(problem) => Err(problem),
            None => self.make(at, change).await,
        };
        match outcome {
            Ok(link) => {
                self.settle(change, Ok(()));
                Some(link)
            }
            Err(problem) => {
                self.settle(change, Err(problem));
                None
            }
        }
    }

    async fn make(&self, at: usize, change: &Change) -> Result<Link, Problem> {
        let (operations, link) = (self.operations, change.link());
        let options = |step: &str, version| WriteOptions {
            idempotency_key: Some(format!("apply:{}:{at}:{step}", self.id.simple())),
            if_match: Some(version),
            ..WriteOptions::default()
        };
        match &change.step {
            Step::Update { version, is_deleted: true, update } => {
                let restore = options("restore", *version);
                let restored = patiently(|| operations.restore(&link, &restore)).await?;
                if **update == UpdateLink::default() {
                    return Ok(restored);
                }
                let options = options("update", restored.version);
                patiently(|| operations.update(&link, update, &options)).await
            }
            Step::Update { version, update, .. } => {
                let options = options("update", *version);
                patiently(|| operations.update(&link, update, &options)).await
            }
            Step::Delete { version } => {
                let options = options("delete", *version);
                patiently(|| operations.delete(&link, &options)).await
            }
            Step::Create(_) | Step::Nothing => Err(Problem::new(ProblemCode::Internal, "this is no change of a link")),
        }
    }

    fn settle(&self, change: &mut Change, outcome: Result<(), Problem>) {
        (self.progress)(1);
        match outcome {
            Ok(()) => change.outcome = Outcome::Done,
            Err(problem) => {
                if ends_everything(&problem) {
                    self.hopeless.set(Some(problem.clone()));
                }
                change.outcome = Outcome::Failed;
                change.problem = Some(in_words_of_a_plan(problem));
            }
        }
    }

    fn given_up(&self) -> Option<Problem> {
        let problem = self.hopeless.take();
        self.hopeless.set(problem.clone());
        problem
    }
}

/// Whether what failed one change fails every other.
fn ends_everything(problem: &Problem) -> bool {
    problem.retryable
        || matches!(problem.code, ProblemCode::Unauthenticated | ProblemCode::Internal | ProblemCode::StorageFull)
}

/// A conflict that arose after the plan was made says so; its link is shown by the next plan.
fn in_words_of_a_plan(problem: Problem) -> Problem {
    let detail = match problem.code {
        ProblemCode::VersionMismatch => "it was changed since the plan was made, and is left as it is now",
        ProblemCode::CodeTaken | ProblemCode::CodeRetired => "another link took the code since the plan was made",
        ProblemCode::NotFound => "it is gone since the plan was made",
        ProblemCode::OutcomeUnknown => "whether it was done is not known",
        _ => return Problem { link: None, ..problem },
    };
    Problem { detail: detail.to_owned(), link: None, hint: None, ..problem }
}
