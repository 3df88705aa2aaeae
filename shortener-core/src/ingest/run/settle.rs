//! Remembers which files are counted.

use std::collections::BTreeMap;

use super::super::manifest::{Manifest, Name};
use super::hour::{HourDone, Mark};
use super::{Ingest, IngestError};
use crate::service::HourFigures;
use crate::stats::Hour;
use crate::table::{Condition, Item, TableError, Write, keys};

/// What an hour's files have come to.
#[derive(Debug)]
pub(super) struct Settled {
    /// What is to be stored of the hour.
    pub(super) manifest: Manifest,
    /// Whether every file that is named for the hour is counted in every hour that it touches.
    pub(super) is_complete: bool,
}

/// Which files named for `hour` are counted in every hour that they touch, by the counts of this run.
pub(super) fn settle(hour: Hour, done: &BTreeMap<Hour, HourDone>, forget_missing: bool) -> Option<Settled> {
    let this = done.get(&hour)?;
    let (figures, domains) = (this.figures.clone(), this.domains.clone());
    let mut manifest = Manifest { generation: this.generation, figures, domains, ..this.before.clone() };
    let own = || this.files.iter().filter(|((named, _), _)| *named == hour);
    if forget_missing {
        manifest.files.retain(|name, _| this.files.contains_key(&(hour, *name)));
    }
    let mut is_complete = true;
    for ((_, name), mark) in own() {
        if manifest.files.get(name) == Some(mark) || is_counted(hour, *name, *mark, done) {
            manifest.files.insert(*name, *mark);
        } else {
            is_complete = false;
        }
    }
    Some(Settled { manifest, is_complete })
}

/// Whether every hour that a file touches is counted with the file as it is.
fn is_counted(named: Hour, name: Name, mark: Mark, done: &BTreeMap<Hour, HourDone>) -> bool {
    let (content, touched) = mark;
    touched.hours(named).all(|hour| {
        let counted = done.get(&hour).and_then(|done| done.files.get(&(named, name)));
        counted.is_some_and(|(other, _)| *other == content)
    })
}

impl Ingest {
    /// Stores what is known of an hour, if no other run has begun to count it since; says whether it is stored.
    pub(super) async fn remember(&self, hour: Hour, manifest: &Manifest) -> Result<bool, IngestError> {
        let below = Condition::GenerationBelow(manifest.generation + 1);
        let write = [Write::put(manifest.encode(hour)?).when(below)];
        match self.patiently(|| self.table.write(&write)).await {
            Ok(()) => self.remember_figures(hour, manifest).await.map(|()| true),
            Err(IngestError::Table(TableError::ConditionFailed { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stores how complete the count of an hour is, for whoever reads statistics.
    async fn remember_figures(&self, hour: Hour, manifest: &Manifest) -> Result<(), IngestError> {
        let Some(requests) = manifest.figures.expected else { return Ok(()) };
        let figures = HourFigures { lines: manifest.figures.lines, requests };
        let mut item = Item::encode(keys::ingest_figures(hour), &figures)?;
        item.attributes.insert(keys::attribute::GENERATION.to_owned(), manifest.generation.into());
        let write = [Write::put(item).when(Condition::GenerationBelow(manifest.generation + 1))];
        match self.patiently(|| self.table.write(&write)).await {
            // Another run has stored what it knows, which is more.
            Ok(()) | Err(IngestError::Table(TableError::ConditionFailed { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
