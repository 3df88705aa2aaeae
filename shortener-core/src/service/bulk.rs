//! Creates that are named by their content, many at once: what an import sends.
//!
//! The rules are those of the single create: this module only reads and inserts for many rows at a time, and leaves what
//! is not the plain case to be created alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::create::{Collision, Plan};
use super::directory::Directory;
use super::record::LinkRecord;
use super::{Caller, Service, ServiceError};
use crate::operations::{Mode, WriteOptions};
use crate::table::{Inserted, Item, Key, TableError, is_purgeable};
use crate::wire::{CreateLink, Created, Link, Problem};

mod row;

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

/// What is at a row's code.
enum Found {
    Nothing,
    /// An item that may be collected.
    Garbage,
    Link(Box<LinkRecord>),
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

    /// One step of every row: it is looked for or inserted. What it leaves in `rows` has no answer yet.
    async fn step(&mut self, rows: &mut Vec<Row<'a>>) -> Result<(), TableError> {
        let mut fresh = self.look(rows).await?;
        let outcome = self.insert(&mut fresh).await;
        rows.append(&mut fresh);
        // The first of two rows with one code stays the first.
        rows.sort_by_key(|row| row.at);
        outcome
    }

    /// Reads the links of rows that may be there and judges what it finds. The answer is the rows to insert; in `rows` stay
    /// those that are to be looked for next.
    async fn look(&mut self, rows: &mut Vec<Row<'a>>) -> Result<Vec<Row<'a>>, TableError> {
        let keys: Vec<Key> = rows.iter().filter(|row| row.may_be_there).map(Row::key).collect();
        let found = if keys.is_empty() { Vec::new() } else { self.service.table.get_many(&keys).await? };
        let mut found = found.into_iter();
        let (mut fresh, mut next, mut taken) = (Vec::with_capacity(rows.len()), Vec::new(), HashSet::new());
        for mut row in std::mem::take(rows) {
            let item = if row.may_be_there { found.next().flatten() } else { None };
            match self.found(&row, item) {
                Ok(Found::Nothing) if taken.insert(row.key()) => fresh.push(row),
                // A row before it in this step has the same code.
                Ok(Found::Nothing) => {
                    row.may_be_there = true;
                    next.push(row);
                }
                Ok(Found::Garbage) => self.bulk.alone.push(row.at),
                Ok(Found::Link(existing)) => next.extend(self.judge(row, *existing).await),
                Err(error) => self.finish(row.at, Err(error.into())),
            }
        }
        *rows = next;
        Ok(fresh)
    }

    fn found(&self, row: &Row<'a>, item: Option<Item>) -> Result<Found, TableError> {
        match item {
            Some(item) if !is_purgeable(&item, self.service.now()) => {
                Ok(Found::Link(Box::new(LinkRecord::decode(&item)?)))
            }
            Some(_) if !self.is_dry() => Ok(Found::Garbage),
            _ => Ok(self
                .planned
                .get(&row.key())
                .map_or(Found::Nothing, |planned| Found::Link(Box::new(planned.clone())))),
        }
    }

    /// Judges the link that has a row's code. The answer is the row with its next code, if it gets one.
    async fn judge(&mut self, mut row: Row<'a>, existing: LinkRecord) -> Option<Row<'a>> {
        let inserted_before = row.was_sent && existing.body == row.record.body;
        match self.service.judge_collision(self.caller, &row.plan, &row.record, existing) {
            Ok((Collision::Ours(existing), created)) => {
                let created = if inserted_before { Created::New } else { created };
                self.finish_with(row.at, &row.plan, *existing, created);
                None
            }
            Ok((Collision::Next, _)) => match self.move_on(&mut row).await {
                Ok(()) => Some(row),
                Err(refusal) => {
                    self.finish(row.at, Err(refusal.into()));
                    None
                }
            },
            Err(refusal) => {
                self.finish(row.at, Err(refusal.into()));
                None
            }
        }
    }

    /// Inserts the links of rows, or plans to. In `rows` stay those whose link was there, or may be there now.
    async fn insert(&mut self, rows: &mut Vec<Row<'a>>) -> Result<(), TableError> {
        if self.is_dry() {
            for row in rows.drain(..) {
                self.planned.insert(row.key(), row.record.clone());
                self.finish_with(row.at, &row.plan, row.record, Created::New);
            }
            return Ok(());
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.insert_entries(rows).await?;
        let retention = self.service.settings().retention_days;
        let items = rows.iter().map(|row| row.record.encode(retention)).collect::<Result<Vec<_>, _>>()?;
        let inserted = self.service.table.insert_many(&items).await;
        for row in rows.iter_mut() {
            row.may_be_there = true;
            row.was_sent |= inserted.is_err();
        }
        let inserted = inserted?;
        for (row, inserted) in std::mem::take(rows).into_iter().zip(inserted) {
            match inserted {
                Inserted::Inserted => self.finish_with(row.at, &row.plan, row.record, Created::New),
                Inserted::Exists => rows.push(row),
            }
        }
        Ok(())
    }

    /// Inserts what lists links beside the indexes, before the links: who reads an entry looks whether its link has it.
    async fn insert_entries(&self, rows: &[Row<'a>]) -> Result<(), TableError> {
        self.service.register_all_tags(rows.iter().flat_map(|row| &row.record.body.tags)).await?;
        let entry = |key| Item { key, attributes: serde_json::Map::new() };
        let entries: Vec<Item> = rows.iter().flat_map(|row| row.record.entries()).map(entry).collect();
        if !entries.is_empty() {
            self.service.table.insert_many(&entries).await?;
        }
        Ok(())
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
