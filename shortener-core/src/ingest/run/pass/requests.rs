//! How many requests there were, by the edge's own word, which comes some minutes late.

use std::collections::BTreeSet;

use super::super::{IngestError, LATE_HOURS};
use super::{Pass, with_causes};
use crate::service::HourFigures;
use crate::stats::Hour;

impl Pass<'_> {
    /// Asks once for all hours that are counted now or were counted and are not final.
    pub(super) async fn ask_for_requests(&mut self) {
        let (Some(meter), Some(distribution)) = (&self.ingest.meter, &self.files.distribution) else { return };
        let hours: BTreeSet<_> = self.todo.iter().copied().chain(self.counted_of_late()).collect();
        let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return };
        match meter.requests(distribution, *first..=*last).await {
            Ok(expected) => self.expected = expected,
            // The count is as true without it.
            Err(error) => tracing::warn!(error = %with_causes(&error), "how many requests there were is not known"),
        }
    }

    /// Stores what the edge says now of hours that were counted before and not in this run, where it is anything new.
    pub(super) async fn refresh_figures(&mut self) {
        let hours: Vec<_> = self.counted_of_late().filter(|hour| !self.done.contains_key(hour)).collect();
        if !self.ingest.writes() || self.expected.is_empty() {
            return;
        }
        if let Err(error) = self.store_changed(&hours).await {
            tracing::warn!(error = %with_causes(&error), "how many requests there were cannot be stored");
        }
    }

    async fn store_changed(&mut self, hours: &[Hour]) -> Result<(), IngestError> {
        let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return Ok(()) };
        let stored = self.ingest.figures_of(*first..=*last).await?;
        for hour in hours {
            let Some(requests) = self.expected.get(hour).copied() else { continue };
            let manifest = self.files.manifest(*hour);
            let figures = HourFigures { lines: manifest.figures.lines, requests };
            if stored.get(hour) != Some(&figures) {
                let is_stored = self.ingest.store_figures(*hour, manifest.generation, &figures).await?;
                self.report.written += u64::from(is_stored);
            }
        }
        Ok(())
    }

    /// Hours that were counted, and may be again.
    fn counted_of_late(&self) -> impl Iterator<Item = Hour> {
        let oldest = Hour::of(self.began).plus(-LATE_HOURS);
        let of_late = self.files.manifests.range(oldest..);
        of_late.filter(|(_, manifest)| manifest.is_counted()).map(|(hour, _)| *hour)
    }
}
