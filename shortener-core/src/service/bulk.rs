//! Creates that are named by their content, many at once: what an import sends.
//!
//! The rules are those of the single create: this module only reads and inserts for many rows at a time, and leaves what
//! is not the plain case to be created alone.

use std::collections::HashMap;
use std::sync::Arc;

use super::create::Plan;
use super::directory::Directory;
use super::record::LinkRecord;
use super::{Caller, Service, ServiceError};
use crate::operations::{Mode, WriteOptions};
use crate::table::{Key, TableError};
use crate::wire::{CreateLink, Created, Link, Problem};

mod row;
mod step;

use row::Row;

/// How often a batch is tried whose reads or inserts fail for now, or have an unknown outcome.
const TRIES: u32 = 4;

/// Most steps of a batch: more than the codes of all attempts take, each looked for and inserted.
const STEPS: u32 = 64;

/// How one create of a batch ended.
pub(super) type Outcome = Result<(Link, Created), Problem>;

/// What became of the rows, by their positions.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    /// Rows with an answer.
    pub(super) done: Vec<(usize, Outcome)>,
    /// Rows that are to be created alone: an item that may be collected has their code, or the table takes no bulk.
    pub(super) alone: Vec<usize>,
}

/// A batch on its way.
struct Batch<'a> {
    service: &'a Service,
    caller: &'a Caller,
    directory: &'a Directory,
    options: &'a WriteOptions,
    bulk: Bulk,
    /// What a dry run would have inserted so far.
    planned: HashMap<Key, LinkRecord>,
}

/// Whether a create can be made in bulk: named by its content, so that sending it again is harmless.
pub(super) fn is_row(request: &CreateLink) -> bool {
    request.occurrence.is_some() && !request.reissue
}

impl Service {
    /// Creates the links of `requests` at `positions`. Of two rows with the same code the first one wins.
    pub(super) async fn create_rows(
        &self,
        caller: &Caller,
        requests: &[CreateLink],
        positions: &[usize],
        options: &WriteOptions,
    ) -> Bulk {
        let directory = match self.ready_for_rows().await {
            Ok(directory) => directory,
            Err(error) => {
                let problem = Problem::from(error);
                let done = positions.iter().map(|at| (*at, Err(problem.clone()))).collect();
                return Bulk { done, alone: Vec::new() };
            }
        };
        let mut batch = Batch {
            service: self,
            caller,
            directory: &directory,
            options,
            bulk: Bulk::default(),
            planned: HashMap::new(),
        };
        let mut rows = Vec::with_capacity(positions.len());
        for at in positions.iter().copied() {
            match batch.row(at, &requests[at]).await {
                Ok(row) => rows.push(row),
                Err(refusal) => batch.finish(at, Err(refusal.into())),
            }
        }
        batch.carry_out(rows).await;
        batch.bulk
    }

    /// Reads what every row needs.
    async fn ready_for_rows(&self) -> Result<Arc<Directory>, ServiceError> {
        self.secret().await?;
        self.directory().await
    }
}

impl<'a> Batch<'a> {
    fn finish(&mut self, at: usize, outcome: Outcome) {
        self.bulk.done.push((at, outcome));
    }

    fn finish_with(&mut self, at: usize, plan: &Plan<'_>, record: LinkRecord, created: Created) {
        let link = record.into_view(&plan.entry.base_url, self.service.now());
        self.finish(at, Ok((link, created)));
    }

    fn is_dry(&self) -> bool {
        self.options.mode == Mode::DryRun
    }

    /// Steps on until every row has an answer.
    async fn carry_out(&mut self, mut rows: Vec<Row<'a>>) {
        let mut failures = 0;
        for _ in 0..STEPS {
            let Err(error) = self.step(&mut rows).await else {
                if rows.is_empty() {
                    return;
                }
                continue;
            };
            if !error.is_retryable() {
                break;
            }
            failures += 1;
            if failures == TRIES {
                return self.give_up(rows, error).await;
            }
            tracing::debug!(%error, failures, rows = rows.len(), "a batch is tried again");
            tokio::time::sleep(self.service.jitter(failures)).await;
        }
        self.bulk.alone.extend(rows.iter().map(|row| row.at));
    }

    /// Answers for rows that failed too often: by what is there, else that it failed.
    async fn give_up(&mut self, mut rows: Vec<Row<'a>>, error: TableError) {
        let looked = self.look(&mut rows).await;
        let is_known = looked.is_ok();
        let problem = Problem::from(error);
        let unknown = TableError::OutcomeUnknown(problem.detail.clone().into());
        let unknown = Problem::from(unknown);
        for row in looked.unwrap_or_default().into_iter().chain(rows) {
            let in_doubt = row.was_sent && !is_known;
            self.finish(row.at, Err(if in_doubt { unknown.clone() } else { problem.clone() }));
        }
    }
}
