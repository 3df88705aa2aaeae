//! One pass over the new files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::manifest::{Content, Name};
use super::super::{IngestReport, LogFile};
use super::files::Files;
use super::hour::{HourDone, Learned, Outcome};
use super::problems::{MOST_BROKEN, of_foreign, of_missing};
use super::settle::settle;
use super::slow::{SlowHours, WHAT_TO_DO};
use super::{AHEAD_HOURS, Ingest, IngestError, LATE_HOURS, Reach, Recount};
use crate::pace::Backoff;
use crate::stats::Hour;
use crate::when::whole_milliseconds;

mod ending;
mod requests;

/// Most problems that a report names.
const MOST_PROBLEMS: usize = 100;

/// One pass over the new files.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    ingest: &'a Ingest,
    /// When the files were listed first.
    began: Timestamp,
    /// The same by the clock that deadlines go by.
    begun: Instant,
    files: Files,
    /// The last hour of which there can be lines.
    latest: Hour,
    /// The first hour that a run from a schedule looks at.
    since: Option<Hour>,
    /// Hours to count, the oldest first.
    todo: BTreeSet<Hour>,
    /// Those among them that do not fit into a run.
    slow: SlowHours,
    /// Hours that were looked at, with whatever outcome.
    tried: BTreeSet<Hour>,
    done: BTreeMap<Hour, HourDone>,
    /// Hours whose files are remembered as counted.
    settled: BTreeSet<Hour>,
    /// What was read of files.
    learned: Learned,
    /// Requests that the edge says it got, by hour.
    expected: BTreeMap<Hour, u64>,
    failure: Option<IngestError>,
    /// Files that are broken as a whole.
    broken: u64,
    report: IngestReport,
}

impl<'a> Pass<'a> {
    /// Lists the files and finds the new ones.
    pub(super) async fn begin(ingest: &'a Ingest) -> Result<Self, IngestError> {
        let (began, begun) = (whole_milliseconds(ingest.clock.now()), Instant::now());
        let (first, latest) = (ingest.at_first(), Hour::of(began).plus(AHEAD_HOURS));
        let since = match ingest.options.reach {
            Reach::All => None,
            Reach::Recent => {
                let oldest = Hour::of(began).plus(-LATE_HOURS);
                let reached = first.patiently(|| ingest.sources.edge()).await?;
                let unfinished = reached.and_then(|reached| reached.complete_until);
                Some(unfinished.map_or(oldest, |hour| hour.min(oldest)))
            }
        };
        let hours = since.map(|since| since..=latest);
        let files = first.files(hours, ingest.options.distribution.as_deref()).await?;
        let mut todo = hours_to_count(&files, ingest.options.recount);
        todo.extend(ingest.to_roll_up(&files));
        let slow = if todo.is_empty() { SlowHours::default() } else { ingest.slow_hours().await? };
        let report = IngestReport {
            files: files.listed.len() as u64,
            new_files: files.new_ones().count() as u64,
            ..IngestReport::default()
        };
        Ok(Self {
            ingest,
            began,
            begun,
            latest,
            since,
            todo,
            slow,
            report,
            files,
            tried: BTreeSet::new(),
            done: BTreeMap::new(),
            settled: BTreeSet::new(),
            learned: Learned::default(),
            expected: BTreeMap::new(),
            failure: None,
            broken: 0,
        })
    }

    /// Counts what is new.
    pub(super) async fn run(mut self) -> Result<IngestReport, IngestError> {
        self.name_foreign_files();
        let lease = if self.todo.is_empty() { None } else { self.ingest.take_lease().await? };
        self.ask_for_requests().await;
        self.count().await;
        self.settle_all(true).await;
        self.refresh_figures().await;
        if let Some(lease) = lease {
            self.ingest.give_back(lease).await;
        }
        match self.failure.take() {
            Some(failure) if self.done.is_empty() => return Err(failure),
            _ => {}
        }
        self.finish().await;
        Ok(self.report)
    }

    async fn count(&mut self) {
        while let Some(hour) = self.slow.take_next(&mut self.todo) {
            if self.ingest.is_over() {
                self.todo.insert(hour);
                break;
            }
            if let Some(watch) = &self.ingest.watch {
                watch.hour(hour, self.todo.len());
            }
            self.tried.insert(hour);
            let begun = Instant::now();
            match self.try_hour(hour).await {
                Ok(Outcome::Counted(done)) => self.counted(hour, *done),
                Ok(Outcome::TakenOver) => tracing::info!(%hour, "another count has taken the hour over"),
                Ok(Outcome::Missing(gone)) => {
                    let is_new = self.has_new_files(hour);
                    self.problem(of_missing(hour, is_new, self.files.distribution.as_deref(), &gone));
                }
                Ok(Outcome::OutOfTime) => {
                    self.out_of_time(hour, begun);
                    break;
                }
                Err(error) => {
                    self.problem(format!("hour {hour} cannot be counted: {}", with_causes(&error)));
                    self.failure = Some(error);
                }
            }
            self.settle_all(false).await;
        }
    }

    /// Leaves an hour to a later run.
    fn out_of_time(&mut self, hour: Hour, begun: Instant) {
        self.tried.remove(&hour);
        self.todo.insert(hour);
        if self.slow.out_of_time(hour, begun, self.begun) {
            self.problem(format!("hour {hour} takes longer than a run may: later ones try it last; {WHAT_TO_DO}"));
        }
    }

    /// Counts an hour, and again after a pause if something failed.
    async fn try_hour(&self, hour: Hour) -> Result<Outcome, IngestError> {
        let mut backoff = Backoff::new(self.ingest.options.patience);
        for _ in 0..MOST_TRIES {
            match self.ingest.count_hour(hour, self.latest, &self.files, &self.learned).await {
                Err(error) if error.is_retryable() && !self.ingest.is_over() => {
                    tracing::warn!(%hour, error = %with_causes(&error), "the hour is counted again");
                    if backoff.pause().await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
        self.ingest.count_hour(hour, self.latest, &self.files, &self.learned).await
    }

    fn counted(&mut self, hour: Hour, mut done: HourDone) {
        done.figures.expected = self.expected.get(&hour).copied();
        let figures = &done.figures;
        self.report.hours += u64::from(hour <= self.latest);
        self.report.lines += figures.lines;
        self.report.duplicates += figures.duplicates;
        self.report.orphans += figures.orphans;
        for (reason, lines) in &figures.rejected {
            *self.report.rejected_lines.entry(reason.clone()).or_default() += lines;
        }
        self.report.written += done.recorded.written;
        self.report.unchanged += done.recorded.unchanged;
        for problem in std::mem::take(&mut done.problems) {
            self.problem(problem);
        }
        for what in std::mem::take(&mut done.broken) {
            self.broken += 1;
            if self.broken <= MOST_BROKEN {
                self.problem(what);
            }
        }
        self.learned.marks.extend(done.files.iter().map(|(name, mark)| (*name, *mark)));
        for file in self.files.new_ones() {
            let Some((content, touched)) = done.files.get(&(file.hour, Name::of(file))) else { continue };
            if [Content::of(file), Content::UNFINISHED].contains(content) {
                self.todo.extend(touched.hours(file.hour).filter(|hour| !self.tried.contains(hour)));
            }
        }
        self.slow.counted(hour);
        self.done.insert(hour, done);
    }

    /// Remembers the files of hours of which all are counted; at the end also those of which some are.
    async fn settle_all(&mut self, is_end: bool) {
        let hours: Vec<_> = self.done.keys().copied().filter(|hour| !self.settled.contains(hour)).collect();
        for hour in hours {
            let Some(settled) = settle(hour, &self.done, self.ingest.options.without_missing) else { continue };
            if !self.ingest.stores(hour, self.latest) {
                if settled.is_complete {
                    self.settled.insert(hour);
                }
                continue;
            }
            if !settled.is_complete && !is_end {
                continue;
            }
            match self.ingest.remember(hour, &settled.manifest).await {
                Ok(is_stored) => {
                    self.report.written += u64::from(is_stored);
                    if is_stored && settled.is_complete {
                        self.settled.insert(hour);
                    }
                }
                Err(error) => {
                    self.problem(format!("hour {hour} is counted, but cannot be remembered: {}", with_causes(&error)));
                }
            }
        }
    }

    /// Whether a new file is named for an hour, or is known to touch it.
    fn has_new_files(&self, hour: Hour) -> bool {
        self.files.new_ones().any(|file| {
            let known = self.learned.marks.get(&(file.hour, Name::of(file)));
            file.hour == hour || known.is_some_and(|(_, touched)| touched.has(file.hour, hour))
        })
    }

    fn name_foreign_files(&mut self) {
        let foreign = std::mem::take(&mut self.files.foreign);
        for (distribution, files) in &foreign {
            self.problem(of_foreign(distribution, *files, self.files.distribution.as_deref()));
        }
        self.files.foreign = foreign;
    }

    fn problem(&mut self, problem: String) {
        tracing::warn!(problem, "counting logs");
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(problem);
        }
    }
}

/// The hours of new files, of which it is not known yet what they touch, and those that a file touched which is another one
/// now; or all hours that files are known to touch.
fn hours_to_count(files: &Files, recount: Recount) -> BTreeSet<Hour> {
    let of = |file: &LogFile| {
        let own = files.touched(file).is_none().then_some(file.hour);
        own.into_iter().chain(files.touched_before(file)).collect::<Vec<_>>()
    };
    match recount {
        Recount::New => files.new_ones().flat_map(of).collect(),
        Recount::All => files.listed.iter().flat_map(of).collect(),
    }
}

/// How often an hour is begun.
const MOST_TRIES: u32 = 3;

/// An error and its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
