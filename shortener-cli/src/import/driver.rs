//! A pass over the rows: batches under way as many as the service bears, and what became of them told in the order of the file.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use shortener_core::service::Cost;
use shortener_core::wire::Problem;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::batch::{Batch, Row, Settled, Work, settle};
use super::judge::Settlement;
use super::ledger::{Ledger, Scribe};
use super::outcome::Outcome;
use super::reading::Collected;
use super::rejects::Rejects;
use super::rows;
use super::samples::Samples;

/// Batches that are read before they can be sent.
const QUEUE: usize = 1;

/// Batches that are settled and wait for an earlier one, for each that may be under way.
const WAITING: usize = 2;

/// How a pass ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Every row has an outcome.
    Whole,
    /// By a signal.
    Interrupted,
    /// More rows failed than allowed.
    TooMany,
    /// Nothing more can be sent.
    Stopped(Problem),
}

/// What a pass tells of the rows.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) ledger: Ledger,
    /// Makes the ledger last, in a pass that writes.
    pub(crate) scribe: Option<Scribe>,
    pub(crate) samples: Samples,
    /// Takes the rows that failed, in a pass that writes.
    pub(crate) rejects: Option<Rejects>,
    /// More failed rows than this end the pass.
    pub(crate) max_errors: Option<u64>,
    pub(crate) errors: u64,
    /// What the rows would cost on DynamoDB, in a pass that writes nothing.
    pub(crate) cost: Cost,
}

/// Carries out a pass; tells `progress` how many rows have ended.
///
/// # Errors
/// The disk is full.
pub(crate) async fn drive(
    work: Arc<Work>,
    mut collected: Box<Collected>,
    pass: &mut Pass,
    progress: impl Fn(u64),
) -> anyhow::Result<(Box<Collected>, Ended)> {
    let (to_driver, batches) = mpsc::channel(QUEUE);
    let ledger = pass.ledger.clone();
    let reader = tokio::task::spawn_blocking(move || {
        let read = rows::send(&mut collected, &ledger, &to_driver);
        (collected, read)
    });
    let ended = Driver { work, pass, running: JoinSet::new(), settled: BTreeMap::new(), next: 0, ended: None }
        .drive(batches, progress)
        .await;
    let (collected, read) = reader.await?;
    read?;
    Ok((collected, ended?))
}

struct Driver<'a> {
    work: Arc<Work>,
    pass: &'a mut Pass,
    running: JoinSet<Settled>,
    settled: BTreeMap<u64, Settled>,
    /// The number of the batch that is told next.
    next: u64,
    ended: Option<Ended>,
}

impl Driver<'_> {
    async fn drive(mut self, mut batches: mpsc::Receiver<Batch>, progress: impl Fn(u64)) -> anyhow::Result<Ended> {
        let mut more = true;
        while more || !self.running.is_empty() {
            let room = self.has_room();
            tokio::select! {
                biased;
                () = self.work.interrupt.raised(1), if self.ended.is_none() => self.end(Ended::Interrupted),
                Some(settled) = self.running.join_next() => self.take(settled, &progress).await?,
                batch = batches.recv(), if more && room => match batch {
                    Some(batch) => drop(self.running.spawn(settle(Arc::clone(&self.work), batch))),
                    None => more = false,
                },
            }
            if self.ended.is_some() {
                batches.close();
                more = false;
            }
        }
        // What follows a batch that was left open.
        for settled in std::mem::take(&mut self.settled).into_values() {
            self.tell(&settled)?;
        }
        Ok(self.ended.unwrap_or(Ended::Whole))
    }

    fn has_room(&self) -> bool {
        let pace = &self.work.pace;
        self.running.len() <= pace.width() && self.settled.len() < WAITING * pace.ceiling()
    }

    /// The first reason to end is the one that counts.
    fn end(&mut self, reason: Ended) {
        self.ended.get_or_insert(reason);
    }

    async fn take(&mut self, settled: Result<Settled, JoinError>, progress: &impl Fn(u64)) -> anyhow::Result<()> {
        let mut settled = settled?;
        self.pass.cost += settled.cost;
        if let Some(problem) = settled.stopped.take() {
            self.end(Ended::Stopped(problem));
        }
        let outcomes: Vec<Option<Outcome>> =
            settled.settlements.iter().map(|settlement| Some(settlement.as_ref()?.outcome)).collect();
        let first = settled.batch.first;
        self.pass.ledger.note(first, &outcomes)?;
        progress(outcomes.iter().flatten().count() as u64);
        if let Some(scribe) = &self.pass.scribe
            && !scribe.take((first, outcomes)).await
        {
            return Err(io::Error::other("the journal cannot be written").into());
        }
        self.settled.insert(settled.batch.sequence, settled);
        while let Some(settled) = self.settled.remove(&self.next) {
            self.next += 1;
            self.tell(&settled)?;
        }
        Ok(())
    }

    /// Tells of the rows of a batch, whose turn it is.
    fn tell(&mut self, settled: &Settled) -> io::Result<()> {
        for (row, settlement) in settled.batch.rows.iter().zip(&settled.settlements) {
            let Some(settlement) = settlement else { continue };
            self.pass.samples.take(row, settlement);
            if settlement.outcome.is_failure() {
                self.pass.fail(row, settlement)?;
            }
        }
        if self.pass.max_errors.is_some_and(|max| self.pass.errors > max) {
            self.end(Ended::TooMany);
        }
        Ok(())
    }
}

impl Pass {
    /// A pass that writes nothing.
    pub(crate) fn new(ledger: Ledger, max_errors: Option<u64>) -> Self {
        Self {
            ledger,
            scribe: None,
            samples: Samples::default(),
            rejects: None,
            max_errors,
            errors: 0,
            cost: Cost::default(),
        }
    }

    fn fail(&mut self, row: &Row, settlement: &Settlement) -> io::Result<()> {
        self.errors += 1;
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        let reason = settlement.reason.as_ref();
        let text = reason.map_or_else(String::new, |reason| match &reason.field {
            Some(field) => format!("{field}: {}", reason.detail),
            None => format!("{}: {}", reason.code, reason.detail),
        });
        rejects.push(row.line, &row.raw, &text)
    }
}
