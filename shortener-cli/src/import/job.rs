//! One import from beginning to end.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use data_encoding::HEXLOWER;
use shortener_core::operations::Mode;
use shortener_core::pace::Pace;
use shortener_core::service::Cost;

use super::batch::Work;
use super::document::grouped;
use super::driver::{Ended, Pass, drive};
use super::journal::{Header, Journal, JournalError};
use super::judge::OnConflict;
use super::ledger::{Ledger, Scribe};
use super::outcome::Totals;
use super::patience::Endurance;
use super::reading::{Collected, Ending, Reading, collect};
use super::rejects::Rejects;
use super::samples::Samples;
use super::settings::Settings;
use super::source::{self, Opened};
use super::{closing, place};
use crate::confirm;
use crate::context::Context;
use crate::exit::{ExitStatus, Stopped};
use crate::formats::{Losses, RejectsForm};
use crate::interrupt::Interrupt;
use crate::output::Progress;

/// One import.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(super) settings: Settings,
    pub(super) context: &'a Context,
    pub(super) interrupt: Interrupt,
    pub(super) started: Instant,
}

/// A file that was read, and what is known of it.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) format: String,
    pub(super) losses: Losses,
    /// Where its rejected rows go.
    pub(super) report: PathBuf,
    pub(super) rows: u64,
    form: RejectsForm,
}

/// A pass that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) totals: Totals,
    pub(super) samples: Samples,
    pub(super) ended: Ended,
    pub(super) cost: Cost,
}

impl<'a> Job<'a> {
    /// An import that was not begun.
    pub(crate) fn new(settings: Settings, context: &'a Context, interrupt: Interrupt) -> Self {
        Self { settings, context, interrupt, started: Instant::now() }
    }

    /// Carries it out.
    ///
    /// # Errors
    /// The file cannot be read, its rows cannot be judged, or it was interrupted.
    pub(crate) async fn run(self) -> anyhow::Result<ExitStatus> {
        let read = tokio::select! {
            read = self.read() => read?,
            () = self.interrupt.raised(1) => return Err(Stopped::Interrupted.into()),
        };
        let Some((file, mut collected)) = read else { return Ok(ExitStatus::Partial) };
        if self.context.is_dry_run() || self.settings.on_conflict == OnConflict::Update {
            let made;
            (collected, made) = self.rehearse(collected).await?;
            if self.context.is_dry_run() {
                return closing::show_plan(&self, file, &made);
            }
            if matches!(made.ended, Ended::TooMany) {
                closing::say_too_many(&self, &made.samples.failures(), "nothing was written");
                return Ok(ExitStatus::Partial);
            }
            self.consent(made.totals.updated).await?;
        }
        self.write(file, collected).await
    }

    /// Reads and judges the file; none if too many of its rows are invalid, which was said.
    async fn read(&self) -> anyhow::Result<Option<(File, Box<Collected>)>> {
        let (path, options) = (self.settings.file.clone(), self.settings.read.clone());
        let opened = tokio::task::spawn_blocking(move || source::open(path.as_deref(), &options)).await??;
        let Opened { source, name, spooled } = opened;
        let (format, form) = (source.kind().name(), source.rejects_form());
        let report = source::report(self.settings.report.as_deref(), self.settings.file.as_deref(), form.extension())?;
        let reading = Reading {
            operations: self.context.shared_operations().await?,
            additions: self.settings.additions.clone(),
            endurance: Endurance::lasting(self.settings.timeout),
            max_errors: self.settings.max_errors,
        };
        let progress = self.context.output.progress("reading", None);
        let shown = progress.clone();
        let ending = collect(reading, source, move |rows| shown.advance(rows)).await;
        progress.finish();
        drop(spooled);
        match ending? {
            Ending::Whole(collected, source) => {
                let (losses, rows) = (source.losses(), collected.spool.rows);
                Ok(Some((File { name, format, losses, report, rows, form }, collected)))
            }
            Ending::TooMany(first) => {
                closing::say_too_many(self, &first, "nothing was written");
                Ok(None)
            }
        }
    }

    pub(super) async fn work(&self, mode: Mode, collected: &Collected) -> anyhow::Result<Arc<Work>> {
        let ceiling = place::most_under_way(&self.context.config()?.location);
        Ok(Arc::new(Work {
            operations: self.context.shared_operations().await?,
            on_conflict: self.settings.on_conflict,
            mode,
            name: format!("import-{}", HEXLOWER.encode(&collected.spool.digest[..16])),
            pace: Pace::new(self.settings.concurrency.unwrap_or(ceiling)),
            endurance: Endurance::lasting(self.settings.timeout),
            interrupt: self.interrupt.clone(),
        }))
    }

    /// Finds out what would be done.
    async fn rehearse(&self, collected: Box<Collected>) -> anyhow::Result<(Box<Collected>, Made)> {
        let work = self.work(Mode::DryRun, &collected).await?;
        let ledger = Ledger::new(collected.spool.rows)?;
        let mut pass = Pass::new(ledger, self.settings.max_errors);
        let progress = self.context.output.progress("planning", Some(collected.spool.rows));
        let driven = drive(work, collected, &mut pass, |rows| progress.advance(rows)).await;
        progress.finish();
        match driven? {
            (_, Ended::Interrupted) => Err(Stopped::Interrupted.into()),
            (_, Ended::Stopped(problem)) => Err(problem.into()),
            (collected, ended) => {
                let totals = pass.ledger.totals()?;
                Ok((collected, Made { totals, samples: pass.samples, ended, cost: pass.cost }))
            }
        }
    }

    /// Asks before links are overwritten.
    async fn consent(&self, links: u64) -> anyhow::Result<()> {
        if links == 0 {
            return Ok(());
        }
        let plural = if links == 1 { "" } else { "s" };
        let question = format!("overwrite {} link{plural}?", grouped(links));
        tokio::select! {
            answer = self.context.confirmation().ask(question) => answer,
            () = self.interrupt.raised(1) => {
                confirm::restore_terminal();
                Err(Stopped::Interrupted.into())
            }
        }
    }

    async fn write(&self, file: File, collected: Box<Collected>) -> anyhow::Result<ExitStatus> {
        let ledger = Ledger::new(file.rows)?;
        let journal = self.journal(&file, &collected, &ledger)?;
        let work = self.work(Mode::Apply, &collected).await?;
        let progress = self.context.output.progress("importing", Some(file.rows));
        progress.advance(ledger.totals()?.sum());
        let mut pass = Pass::new(ledger, self.settings.max_errors);
        pass.rejects = Some(Rejects::new(&file.report, file.form.clone())?);
        pass.scribe = Some(Scribe::start(journal));
        let driven = tokio::select! {
            driven = drive(work, collected, &mut pass, |rows| progress.advance(rows)) => driven,
            never = self.say_that_it_ends(&progress) => match never {},
        };
        progress.finish();
        let written = closing::Written::of(pass, driven).await?;
        written.close(self, file).await
    }

    /// Waits for a signal, and says that what is under way is still finished.
    async fn say_that_it_ends(&self, progress: &Progress) -> Infallible {
        self.interrupt.raised(1).await;
        progress.finish();
        self.context.output.note("finishing what is under way; interrupt again to end at once");
        std::future::pending().await
    }

    /// Opens the journal, and enters into the ledger what an earlier run has done.
    fn journal(&self, file: &File, collected: &Collected, ledger: &Ledger) -> anyhow::Result<Journal> {
        let path = source::journal_of(&file.report);
        let header = Header::new(
            HEXLOWER.encode(&collected.spool.digest),
            file.rows,
            place::name(&self.context.config()?.location),
            self.settings.on_conflict.as_str(),
        );
        let opened = if self.settings.resume {
            Journal::resume(&path, &header, |first, rows| ledger.note(first, rows))
        } else {
            if Journal::belongs_to(&path, &header) {
                self.context.output.note("an earlier run was not finished: --resume skips what it has done");
            }
            Journal::create(&path, &header)
        };
        opened.map_err(|error| {
            let hint = match error {
                JournalError::Io { .. } => "name another place by --report",
                JournalError::Busy(_) => "wait for it, or name another place by --report",
                JournalError::Foreign(_) | JournalError::Other { .. } => {
                    "repeat what was begun, or leave --resume out to begin anew: nothing is imported twice"
                }
            };
            Stopped::usage(error.to_string(), hint).into()
        })
    }
}
