//! One step of a batch: rows are looked for, judged by what is there, and inserted.

use std::collections::HashSet;

use super::super::create::Collision;
use super::super::record::LinkRecord;
use super::Batch;
use super::row::Row;
use crate::table::{Inserted, Item, Key, TableError, is_purgeable};
use crate::wire::Created;

/// What is at a row's code.
enum Found {
    Nothing,
    /// An item that may be collected.
    Garbage,
    Link(Box<LinkRecord>),
}

impl<'a> Batch<'a> {
    /// One step of every row: it is looked for or inserted. What it leaves in `rows` has no answer yet.
    pub(super) async fn step(&mut self, rows: &mut Vec<Row<'a>>) -> Result<(), TableError> {
        let mut fresh = self.look(rows).await?;
        let outcome = self.insert(&mut fresh).await;
        rows.append(&mut fresh);
        // The first of two rows with one code stays the first.
        rows.sort_by_key(|row| row.at);
        outcome
    }

    /// Reads the links of rows that may be there and judges what it finds. The answer is the rows to insert; in `rows` stay
    /// those that are to be looked for next.
    pub(super) async fn look(&mut self, rows: &mut Vec<Row<'a>>) -> Result<Vec<Row<'a>>, TableError> {
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
}
