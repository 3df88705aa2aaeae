//! Remembers which files are counted.

use std::collections::BTreeMap;

use super::super::manifest::{Manifest, Name};
use super::hour::{HourDone, Mark};
use super::{Ingest, IngestError};
use crate::stats::Hour;
use crate::table::{Condition, TableError, Write};

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
    let (generation, rolled_up) = (this.generation, this.rolled_up);
    let mut manifest = Manifest { generation, figures, domains, rolled_up, ..this.before.clone() };
    let own = || this.files.iter().filter(|((named, _), _)| *named == hour);
    if forget_missing {
        manifest.files.retain(|name, _| this.files.contains_key(&(hour, *name)));
    }
    let mut is_complete = true;
    for ((_, name), mark) in own() {
        let before = manifest.files.get(name);
        if before == Some(mark) || is_counted((hour, *name), *mark, before, done) {
            manifest.files.insert(*name, *mark);
        } else {
            is_complete = false;
        }
    }
    Some(Settled { manifest, is_complete })
}

/// Whether every hour that a file touches, or touched when it was another one, is counted with the file as it is.
fn is_counted(file: (Hour, Name), mark: Mark, before: Option<&Mark>, done: &BTreeMap<Hour, HourDone>) -> bool {
    let (content, touched) = mark;
    let touched_before = before.map(|(_, touched)| *touched).unwrap_or_default();
    touched.hours(file.0).chain(touched_before.hours(file.0)).all(|hour| {
        let counted = done.get(&hour).and_then(|done| done.files.get(&file));
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
}
