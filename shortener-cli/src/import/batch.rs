//! One batch of rows: sent, and what was left open sent again, until every row is settled or trying has lasted too long.

use std::sync::Arc;

use shortener_core::operations::{Mode, Operations, WriteOptions};
use shortener_core::pace::Pace;
use shortener_core::service::Cost;
use shortener_core::wire::{BatchResult, CreateLink, Link, Problem, ProblemCode};
use tokio::task::JoinSet;

use super::judge::{Change, OnConflict, Settlement, Step, Verdict, Wanted};
use super::outcome::{Outcome, Reason};
use super::patience::{Endurance, asked};
use crate::interrupt::Interrupt;

/// Changes of a batch that are sent at the same time.
const UPDATES: usize = 16;

/// What the batches of one pass have in common.
#[derive(Debug)]
pub(crate) struct Work {
    /// Where the links go.
    pub(crate) operations: Arc<dyn Operations>,
    /// What to do about taken codes.
    pub(crate) on_conflict: OnConflict,
    /// Whether anything is written.
    pub(crate) mode: Mode,
    /// Names the import, so that a batch that is sent again is known.
    pub(crate) name: String,
    /// How many batches may be under way.
    pub(crate) pace: Pace,
    /// How long to go on without progress.
    pub(crate) endurance: Endurance,
    /// Whether to end.
    pub(crate) interrupt: Interrupt,
}

/// Rows that follow each other in the file.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Its number among those that are sent, from 0.
    pub(crate) sequence: u64,
    /// The number of its first row in the file, from 0.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Row>,
}

/// A row, and what is known of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) raw: String,
    pub(crate) wanted: Wanted,
    pub(crate) state: State,
}

/// What is known of a row.
#[derive(Debug)]
pub(crate) enum State {
    /// It is to be sent.
    Open,
    /// It is done since an earlier run.
    Done,
    /// It needs nothing to be sent.
    Decided(Settlement),
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) batch: Batch,
    /// For each row; none if it was left open or was done before.
    pub(crate) settlements: Vec<Option<Settlement>>,
    /// What keeps every row from being sent.
    pub(crate) stopped: Option<Problem>,
    /// What the rows would cost on DynamoDB, in a pass that writes nothing.
    pub(crate) cost: Cost,
}

/// What is left open of a batch.
type Open = Vec<(usize, Step)>;

/// What one round of requests has brought.
#[derive(Debug, Default)]
struct Round {
    settled: Vec<(usize, Settlement)>,
    next: Open,
    later: Open,
    /// Why the later ones are to be sent again.
    problem: Option<Problem>,
    never: Option<Problem>,
}

/// Sends the open rows of a batch.
pub(crate) async fn settle(work: Arc<Work>, mut batch: Batch) -> Settled {
    let mut settlements = Vec::with_capacity(batch.rows.len());
    let mut open = Open::new();
    for (at, row) in batch.rows.iter_mut().enumerate() {
        settlements.push(match std::mem::replace(&mut row.state, State::Done) {
            State::Open => {
                open.push((at, Step::Create(row.wanted.request.if_exists)));
                None
            }
            State::Done => None,
            State::Decided(settlement) => Some(settlement),
        });
    }
    let mut backoff = work.endurance.backoff();
    let mut stopped = None;
    while !open.is_empty() && stopped.is_none() {
        let round = work.round(&batch, open).await;
        if !round.settled.is_empty() {
            work.endurance.renew();
            backoff.reset();
        }
        round.settled.into_iter().for_each(|(at, settlement)| settlements[at] = Some(settlement));
        open = round.next;
        stopped = round.never;
        let Some(problem) = round.problem.filter(|_| stopped.is_none()) else { continue };
        tracing::debug!(first = batch.first, rows = round.later.len(), problem = problem.detail, "rows left open");
        let patient = tokio::select! {
            paused = backoff.pause_at_least(asked(&problem)) => paused.is_ok(),
            // What is open can be done by another run.
            () = work.interrupt.raised(1) => break,
        };
        match patient {
            true => open.extend(round.later),
            false if !work.endurance.is_fresh() => stopped = Some(problem),
            false => round.later.iter().for_each(|(at, _)| {
                settlements[*at] = Some(Settlement::because(Outcome::Failed, Reason::from(&problem)));
            }),
        }
    }
    let cost = if work.mode == Mode::DryRun { cost(&batch, &settlements) } else { Cost::default() };
    Settled { batch, settlements, stopped, cost }
}

/// What rows would cost that were sent.
fn cost(batch: &Batch, settlements: &[Option<Settlement>]) -> Cost {
    let rows = batch.rows.iter().zip(settlements);
    // What was decided without being sent has a reason.
    let was_sent = |settlement: &&Settlement| settlement.outcome.is_failure() || settlement.reason.is_none();
    rows.filter_map(|(row, settlement)| {
        Some(cost_of(&row.wanted.request, settlement.as_ref().filter(was_sent)?.outcome))
    })
    .sum()
}

fn cost_of(request: &CreateLink, outcome: Outcome) -> Cost {
    match outcome {
        Outcome::Created => Cost::of_create(request),
        Outcome::Unchanged | Outcome::Skipped | Outcome::Conflict => Cost::of_existing(request),
        Outcome::Updated => {
            // A transaction, which costs twice, of the link and an event of its history; the link is read once more.
            let (create, existing) = (Cost::of_create(request), Cost::of_existing(request));
            let write_units = existing.write_units + 2 * (create.write_units + 1);
            Cost { write_units, read_units: 2 * existing.read_units }
        }
        Outcome::Invalid | Outcome::Failed => Cost::default(),
    }
}

impl Work {
    async fn round(&self, batch: &Batch, open: Open) -> Round {
        let mut round = Round::default();
        let (mut creates, mut changes) = (Vec::new(), Vec::new());
        for (at, step) in open {
            match step {
                Step::Create(if_exists) => creates.push((at, if_exists)),
                Step::Update(change) => changes.push((at, change)),
            }
        }
        if !creates.is_empty() {
            let requests: Vec<CreateLink> = creates
                .iter()
                .map(|(at, if_exists)| CreateLink { if_exists: *if_exists, ..batch.rows[*at].wanted.request.clone() })
                .collect();
            match self.create(batch, &requests, &creates).await {
                Ok(results) => {
                    for ((at, if_exists), result) in creates.into_iter().zip(results) {
                        let verdict = batch.rows[at].wanted.after_create(if_exists, self.on_conflict, result);
                        round.note(at, Step::Create(if_exists), verdict);
                    }
                }
                Err(problem) if problem.retryable => {
                    round.later = creates.into_iter().map(|(at, if_exists)| (at, Step::Create(if_exists))).collect();
                    round.problem = Some(problem);
                }
                Err(problem) => round.never = Some(problem),
            }
        }
        for some in changes.chunks(UPDATES) {
            self.change(batch, some, &mut round).await;
        }
        round
    }

    /// Sends creates at the pace that the service bears.
    async fn create<T>(
        &self,
        batch: &Batch,
        requests: &[CreateLink],
        which: &[(usize, T)],
    ) -> Result<Vec<BatchResult>, Problem> {
        let rows: Vec<u8> = which.iter().flat_map(|(at, _)| at.to_le_bytes()).collect();
        let key = format!("{}-{}-{:08x}", self.name, batch.first, crc32fast::hash(&rows));
        let options = WriteOptions { idempotency_key: Some(key), if_match: None, mode: self.mode };
        let permit = self.pace.acquire().await;
        let answer = self.operations.create_batch(requests, &options).await;
        match &answer {
            Ok(results) if !results.iter().filter_map(|result| result.problem.as_ref()).any(is_load) => {
                permit.succeeded();
            }
            Err(problem) if !is_load(problem) => drop(permit),
            _ => permit.throttled(),
        }
        answer
    }

    async fn change(&self, batch: &Batch, changes: &[(usize, Box<Change>)], round: &mut Round) {
        if self.mode == Mode::DryRun {
            let would = |change: &Change| Settlement {
                code: Some(change.link.code.to_string()),
                differences: change.differences.clone(),
                ..Settlement::new(Outcome::Updated)
            };
            round.settled.extend(changes.iter().map(|(at, change)| (*at, would(change))));
            return;
        }
        let mut sent = JoinSet::new();
        for (at, change) in changes {
            let key = format!("{}-{}-{at}-{}", self.name, batch.first, change.version);
            let options = WriteOptions { idempotency_key: Some(key), if_match: Some(change.version), mode: self.mode };
            let (operations, change, at) = (Arc::clone(&self.operations), change.clone(), *at);
            sent.spawn(async move {
                let result = operations.update(&change.link, &change.update, &options).await;
                (at, change, result)
            });
        }
        let answers: Vec<(usize, Box<Change>, Result<Link, Problem>)> = sent.join_all().await;
        for (at, change, result) in answers {
            let verdict = batch.rows[at].wanted.after_update(&change, result);
            round.note(at, Step::Update(change), verdict);
        }
    }
}

impl Round {
    fn note(&mut self, at: usize, sent: Step, verdict: Verdict) {
        match verdict {
            Verdict::Settled(settlement) => self.settled.push((at, settlement)),
            Verdict::Then(step) => self.next.push((at, step)),
            Verdict::Later(problem) => {
                self.later.push((at, sent));
                self.problem = Some(problem);
            }
            Verdict::Never(problem) => self.never = Some(problem),
        }
    }
}

/// Whether a problem may be gone with less load.
fn is_load(problem: &Problem) -> bool {
    problem.code == ProblemCode::Unavailable && problem.retryable
}
