//! The end of a pass: what is left, and how far counting is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::super::LogFile;
use super::super::IngestError;
use super::super::claim::{Findings, claim};
use super::super::problems::{MOST_BROKEN, of_more_broken};
use super::{Pass, with_causes};
use crate::stats::Hour;
use crate::stats::progress::EdgeReached;

impl Pass<'_> {
    /// Hours with files that are not counted in full.
    fn left(&self) -> BTreeSet<Hour> {
        let named = self.files.new_ones().map(|file| file.hour).chain(self.done.keys().copied());
        let open = named.filter(|hour| !self.settled.contains(hour));
        open.chain(self.todo.iter().copied()).collect()
    }

    /// The same without those that another run has counted meanwhile.
    async fn left_by_all(&self) -> BTreeSet<Hour> {
        let mut left = self.left();
        let (Some(first), Some(last)) = (left.first(), left.last()) else { return left };
        match self.ingest.files(Some(*first..=*last), self.files.distribution.as_deref()).await {
            Ok(files) => {
                let new: BTreeSet<_> = files.new_ones().map(|file| file.hour).collect();
                left.retain(|hour| self.todo.contains(hour) || new.contains(hour));
            }
            Err(error) => tracing::warn!(error = %with_causes(&error), "what others have counted is not known"),
        }
        left
    }

    /// Says what is left, and how far counting is.
    pub(super) async fn finish(&mut self) {
        if let Some(more @ 1..) = self.broken.checked_sub(MOST_BROKEN) {
            self.problem(of_more_broken(more));
        }
        let left = self.left_by_all().await;
        self.report.hours_left = left.len() as u64;
        if self.ingest.writes() {
            let now = self.ingest.clock.now();
            if let Err(error) = self.ingest.salts.destroy_due(now).await {
                self.problem(format!("salts of visitors cannot be destroyed: {error}"));
            }
            match self.ingest.remember_slow(&self.slow).await {
                Ok(is_written) => self.report.written += u64::from(is_written),
                Err(error) => self.problem(format!("hours to try last cannot be stored: {}", with_causes(&error))),
            }
            if let Err(error) = self.say_how_far(left).await {
                self.problem(format!("how far counting is cannot be stored: {}", with_causes(&error)));
            }
        }
    }

    async fn say_how_far(&mut self, left: BTreeSet<Hour>) -> Result<(), IngestError> {
        let ingest = self.ingest;
        // Read now, for others may have gone on since this run began.
        let before = ingest.patiently(|| ingest.sources.edge()).await?;
        let findings = self.findings(left, before.as_ref());
        let Some(reached) = claim(before.clone(), &findings, |hour| self.has_dealt_with(hour)) else { return Ok(()) };
        (self.report.as_of, self.report.complete_until) =
            (Some(reached.as_of), reached.complete_until.map(Hour::start));
        if before.as_ref() != Some(&reached) {
            ingest.patiently(|| ingest.sources.report_edge(&reached)).await?;
            self.report.written += 1;
        }
        Ok(())
    }

    fn findings(&self, left: BTreeSet<Hour>, before: Option<&EdgeReached>) -> Findings {
        Findings {
            reach: self.ingest.options.reach,
            began: self.began,
            shown: self.shown(),
            are_files_known: self.files.distribution.is_some() || self.files.foreign.is_empty(),
            has_counted: self.report.hours > 0,
            left,
            not_rolled_up_since: self.not_rolled_up_since(before.and_then(|before| before.not_rolled_up_since)),
        }
    }

    /// The first hour that waits to be rolled up, as far as this run knows.
    fn not_rolled_up_since(&self, said: Option<Hour>) -> Option<Hour> {
        let manifests = &self.files.manifests;
        let others = said.filter(|hour| !manifests.contains_key(hour) && !self.done.contains_key(hour));
        let left =
            manifests.iter().filter(|(hour, manifest)| manifest.rolled_up.waits && !self.done.contains_key(hour));
        let left = left.map(|(hour, _)| *hour);
        let counted = self.done.iter().filter(|(_, done)| done.rolled_up.waits).map(|(hour, _)| *hour);
        others.into_iter().chain(left).chain(counted).min()
    }

    /// Up to when the listed files show that something was delivered. Those of the future show nothing.
    fn shown(&self) -> Option<Timestamp> {
        let past = self.files.listed.iter().filter(|file| file.hour <= Hour::of(self.began));
        let of = |file: &LogFile| match self.files.touched(file) {
            // It was counted before, perhaps when its hour had just begun.
            Some(_) => file.hour.start(),
            None => file.hour.end().min(self.began),
        };
        past.map(of).max()
    }

    /// Whether an hour that an earlier run has left is left no more, unless this run leaves it as well.
    fn has_dealt_with(&self, hour: Hour) -> bool {
        let is_looked_at = self.since.is_some_and(|since| since <= hour);
        let mut named = self.files.listed.iter().map(|file| file.hour);
        let is_between = named.clone().any(|named| named <= hour) && named.any(|named| named >= hour);
        is_looked_at || self.settled.contains(&hour) || (self.ingest.options.without_missing && is_between)
    }
}
