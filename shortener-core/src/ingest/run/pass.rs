//! One pass over the new files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::manifest::{Content, Name};
use super::super::{IngestReport, LogFile};
use super::files::Files;
use super::hour::{HourDone, Learned, Outcome};
use super::settle::settle;
use super::{Ingest, IngestError, LATE_HOURS, Reach, Recount};
use crate::pace::Backoff;
use crate::stats::{Hour, Reached, Source};
use crate::when::whole_milliseconds;

/// Most problems that a report names.
const MOST_PROBLEMS: usize = 100;

/// What a person does where the files are of several distributions.
const NAME_ONE: &str = "name one, by --distribution or by SHORT_DISTRIBUTION_ID of the function";

/// One pass over the new files.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    ingest: &'a Ingest,
    /// When the files were listed first.
    began: Timestamp,
    files: Files,
    reached: Option<Reached>,
    /// Hours to count, the oldest first.
    todo: BTreeSet<Hour>,
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
    report: IngestReport,
}

impl<'a> Pass<'a> {
    /// Lists the files and finds the new ones.
    pub(super) async fn begin(ingest: &'a Ingest) -> Result<Self, IngestError> {
        let began = whole_milliseconds(ingest.clock.now());
        let edge = Source::edge();
        let reached = ingest.patiently(|| ingest.sources.of(&edge)).await?;
        let hours = match ingest.options.reach {
            Reach::All => None,
            Reach::Recent => {
                let oldest = Hour::of(began).plus(-LATE_HOURS);
                let unfinished = reached.and_then(|reached| reached.complete_until).map(Hour::of);
                Some(unfinished.map_or(oldest, |hour| hour.min(oldest))..=Hour::of(began).plus(1))
            }
        };
        let files = ingest.files(hours, ingest.options.distribution.as_deref()).await?;
        let todo = hours_to_count(&files, ingest.options.recount);
        let report = IngestReport {
            files: files.listed.len() as u64,
            new_files: files.new_ones().count() as u64,
            ..IngestReport::default()
        };
        Ok(Self {
            ingest,
            began,
            reached,
            todo,
            report,
            files,
            tried: BTreeSet::new(),
            done: BTreeMap::new(),
            settled: BTreeSet::new(),
            learned: Learned::default(),
            expected: BTreeMap::new(),
            failure: None,
        })
    }

    /// Counts what is new.
    pub(super) async fn run(mut self) -> Result<IngestReport, IngestError> {
        self.name_foreign_files();
        let lease = if self.todo.is_empty() { None } else { self.ingest.take_lease().await? };
        self.ask_for_requests().await;
        self.count().await;
        self.settle_all(true).await;
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

    async fn ask_for_requests(&mut self) {
        let (Some(meter), Some(distribution)) = (&self.ingest.meter, &self.files.distribution) else { return };
        let (Some(first), Some(last)) = (self.todo.first(), self.todo.last()) else { return };
        match meter.requests(distribution, *first..=*last).await {
            Ok(expected) => self.expected = expected,
            // The count is as true without it.
            Err(error) => tracing::warn!(error = %with_causes(&error), "how many requests there were is not known"),
        }
    }

    async fn count(&mut self) {
        while let Some(hour) = self.todo.pop_first() {
            if self.ingest.is_over() {
                self.todo.insert(hour);
                break;
            }
            if let Some(watch) = &self.ingest.watch {
                watch.hour(hour, self.todo.len());
            }
            self.tried.insert(hour);
            match self.try_hour(hour).await {
                Ok(Outcome::Counted(done)) => self.counted(hour, *done),
                Ok(Outcome::TakenOver) => tracing::info!(%hour, "another count has taken the hour over"),
                Ok(Outcome::Missing(files)) => self.problem(format!(
                    "hour {hour} has new files, but is not counted again: {files} that were counted before are not there any more"
                )),
                Ok(Outcome::OutOfTime) => {
                    self.tried.remove(&hour);
                    self.todo.insert(hour);
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

    /// Counts an hour, and again after a pause if something failed.
    async fn try_hour(&self, hour: Hour) -> Result<Outcome, IngestError> {
        let mut backoff = Backoff::new(self.ingest.options.patience);
        for _ in 0..MOST_TRIES {
            match self.ingest.count_hour(hour, &self.files, &self.learned).await {
                Err(error) if error.is_retryable() && !self.ingest.is_over() => {
                    tracing::warn!(%hour, error = %with_causes(&error), "the hour is counted again");
                    if backoff.pause().await.is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
        self.ingest.count_hour(hour, &self.files, &self.learned).await
    }

    fn counted(&mut self, hour: Hour, mut done: HourDone) {
        done.figures.expected = self.expected.get(&hour).copied().or(done.before.figures.expected);
        let figures = &done.figures;
        self.report.hours += 1;
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
        self.learned.marks.extend(done.files.iter().map(|(name, mark)| (*name, *mark)));
        for file in self.files.new_ones() {
            let Some((content, touched)) = done.files.get(&(file.hour, Name::of(file))) else { continue };
            if *content == Content::of(file) {
                self.todo.extend(touched.hours(file.hour).filter(|hour| !self.tried.contains(hour)));
            }
        }
        self.done.insert(hour, done);
    }

    /// Remembers the files of hours of which all are counted; at the end also those of which some are.
    async fn settle_all(&mut self, is_end: bool) {
        let hours: Vec<_> = self.done.keys().copied().filter(|hour| !self.settled.contains(hour)).collect();
        for hour in hours {
            let Some(settled) = settle(hour, &self.done, self.ingest.options.without_missing) else { continue };
            if !self.ingest.writes() {
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

    /// Hours with files that are not counted in full.
    fn left(&self) -> BTreeSet<Hour> {
        let named = self.files.new_ones().map(|file| file.hour).chain(self.done.keys().copied());
        let open = named.filter(|hour| !self.settled.contains(hour));
        open.chain(self.todo.iter().copied()).collect()
    }

    async fn finish(&mut self) {
        let left = self.left();
        self.report.hours_left = left.len() as u64;
        let final_until = Hour::of(self.horizon().unwrap_or(self.began)).plus(-LATE_HOURS);
        let complete_until = left.first().map_or(final_until, |hour| final_until.min(*hour)).start();
        // Of files that are left alone nobody knows whether they are ours.
        let complete_until = if self.are_files_known() {
            Some(complete_until)
        } else {
            self.reached.and_then(|reached| reached.complete_until)
        };
        if self.ingest.writes() {
            let now = self.ingest.clock.now();
            if let Err(error) = self.ingest.salts.destroy_due(now).await {
                self.problem(format!("salts of visitors cannot be destroyed: {error}"));
            }
            self.say_how_far(self.is_all_counted(), complete_until).await;
        }
    }

    /// Up to when what was delivered can have been seen: files that someone names may be old ones, or none.
    fn horizon(&self) -> Option<Timestamp> {
        match self.ingest.options.reach {
            Reach::Recent => Some(self.began),
            Reach::All => self.files.listed.iter().map(|file| file.hour.end().min(self.began)).max(),
        }
    }

    async fn say_how_far(&mut self, is_all: bool, complete_until: Option<Timestamp>) {
        let before = self.reached.map(|reached| reached.as_of);
        let as_of = if is_all { before.max(self.horizon()) } else { before };
        let Some(as_of) = as_of else { return };
        let reached = Reached { as_of, complete_until, stopped_at: None };
        (self.report.as_of, self.report.complete_until) = (Some(as_of), complete_until);
        if self.reached == Some(reached) {
            return;
        }
        let ingest = self.ingest;
        let edge = Source::edge();
        match ingest.patiently(|| ingest.sources.report(&edge, &reached)).await {
            Ok(()) => self.report.written += 1,
            Err(error) => self.problem(format!("how far counting is cannot be stored: {}", with_causes(&error))),
        }
    }

    fn name_foreign_files(&mut self) {
        let foreign = std::mem::take(&mut self.files.foreign);
        for (distribution, files) in &foreign {
            let files = if *files == 1 { "1 file".to_owned() } else { format!("{files} files") };
            let why = match &self.files.distribution {
                Some(wanted) => format!("only those of {wanted} are"),
                None => format!("there are several distributions, {NAME_ONE}"),
            };
            self.problem(format!("{files} of distribution {distribution} left alone: {why}"));
        }
        self.files.foreign = foreign;
    }

    /// Whether every file that is there is counted, but those that are none of ours.
    fn is_all_counted(&self) -> bool {
        self.are_files_known() && self.left().is_empty()
    }

    /// Whether it is known which files are meant.
    fn are_files_known(&self) -> bool {
        self.files.distribution.is_some() || self.files.foreign.is_empty()
    }

    fn problem(&mut self, problem: String) {
        tracing::warn!(problem, "counting logs");
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(problem);
        }
    }
}

/// The hours of new files, of which it is not known yet what they touch, or all hours that files are known to touch.
fn hours_to_count(files: &Files, recount: Recount) -> BTreeSet<Hour> {
    let new = files.new_ones().map(|file| file.hour);
    match recount {
        Recount::New => new.collect(),
        Recount::All => {
            let touched = |file: &LogFile| {
                let touched = files.touched(file).map(|touched| touched.hours(file.hour).collect::<Vec<_>>());
                touched.unwrap_or_else(|| vec![file.hour])
            };
            files.listed.iter().flat_map(touched).collect()
        }
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
