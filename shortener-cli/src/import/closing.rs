//! What is said at the end of an import, and its exit status.

use std::path::PathBuf;

use super::document::{Plan, Price, Summary, Verified, failure_in_words, grouped, in_words};
use super::driver::{Ended, Pass};
use super::job::{File, Job, Made};
use super::journal::Journal;
use super::outcome::{RowNote, Totals};
use super::reading::Collected;
use super::verify::verify;
use crate::cli::Format;
use crate::config::Location;
use crate::exit::{ExitStatus, Stopped};
use crate::formats::Losses;
use crate::output::Output;

use shortener_core::wire::{Problem, ProblemCode, Violation};

/// Shows what would be done.
pub(super) fn show_plan(job: &Job<'_>, file: File, made: &Made) -> anyhow::Result<ExitStatus> {
    let output = &job.context.output;
    let plan = Plan {
        dry_run: true,
        file: file.name,
        format: file.format,
        rows: file.rows,
        totals: made.totals,
        losses: file.losses,
        cost: Price::of(made.cost),
        first: made.samples.all(),
    };
    if output.format == Format::Table {
        output.report(&plan.forecast())?;
        output.text("\n")?;
    }
    output.report(&plan)?;
    say_losses(output, &plan.losses);
    if let Location::Table(_) = job.context.config()?.location {
        let Price { write_units, read_units, dollars } = &plan.cost;
        let units = format!("{} write units and {} read units", grouped(*write_units), grouped(*read_units));
        output.note(&format!("it would cost about {units}, {dollars:.2} US dollars on demand"));
    }
    output.note(&format!("dry run, nothing written: {}: {}", plan.file, in_words(plan.totals)));
    Ok(match plan.totals {
        totals if totals.failures() > 0 => ExitStatus::Partial,
        totals if totals.changes() > 0 => ExitStatus::Drift,
        _ => ExitStatus::Ok,
    })
}

/// Says that too many rows failed, and which were the first.
pub(super) fn say_too_many(job: &Job<'_>, first: &[RowNote], rest: &str) {
    let max = grouped(job.settings.max_errors.unwrap_or(0));
    complain(&job.context.output, &format!("more rows failed than --max-errors {max} allows; {rest}"), first, None);
}

fn say_losses(output: &Output, losses: &Losses) {
    for (what, rows) in losses {
        let plural = if *rows == 1 { "" } else { "s" };
        output.note(&format!("not kept: {what} ({} row{plural})", grouped(*rows)));
    }
}

/// Reports failed rows as one problem.
fn complain(output: &Output, detail: &str, rows: &[RowNote], hint: Option<String>) {
    let violation = |row: &RowNote| Violation {
        pointer: format!("line {}", row.line),
        code: row.problem.clone().unwrap_or_else(|| row.outcome.as_str().to_owned()),
        detail: failure_in_words(row).split_once(": ").map_or_else(String::new, |(_, rest)| rest.to_owned()),
    };
    let errors: Vec<Violation> = rows.iter().map(violation).collect();
    let detail = match rows {
        [only] => format!("{detail}: {}", failure_in_words(only)),
        _ => detail.to_owned(),
    };
    output.problem(&Problem { errors, hint, ..Problem::new(ProblemCode::Invalid, detail) });
}

/// A writing pass that has ended, whose rejects and journal last.
#[derive(Debug)]
pub(super) struct Written {
    collected: Box<Collected>,
    pass: Pass,
    ended: Ended,
    journal: Option<Journal>,
    report: Option<PathBuf>,
    totals: Totals,
}

impl Written {
    /// Makes everything last.
    ///
    /// # Errors
    /// The disk is full.
    pub(super) async fn of(mut pass: Pass, driven: anyhow::Result<(Box<Collected>, Ended)>) -> anyhow::Result<Self> {
        let journal = match pass.scribe.take() {
            Some(scribe) => Some(scribe.finish().await?),
            None => None,
        };
        let (collected, ended) = driven?;
        let report = pass.rejects.take().map(super::rejects::Rejects::finish).transpose()?.flatten();
        let totals = pass.ledger.totals()?;
        Ok(Self { collected, pass, ended, journal, report, totals })
    }

    /// Reads links again if that is wanted, tells what was done, and removes the journal if nothing is left to do.
    pub(super) async fn close(self, job: &Job<'_>, file: File) -> anyhow::Result<ExitStatus> {
        let Self { collected, pass, ended, journal, report, totals } = self;
        if matches!(ended, Ended::Whole) && totals.failed == 0 {
            journal.map(Journal::remove).transpose()?;
        }
        let verified = match (&ended, job.settings.verify) {
            (Ended::Whole, Some(sample)) => Some(job.verify(collected, &pass, sample).await?),
            _ => None,
        };
        let summary = Summary {
            dry_run: false,
            file: file.name,
            format: file.format,
            rows: file.rows,
            totals,
            elapsed_ms: u64::try_from(job.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            report: report.map(|path| path.display().to_string()),
            losses: file.losses,
            verified,
            failures: pass.samples.failures(),
        };
        job.show(&summary)?;
        job.status(&summary, ended)
    }
}

impl Job<'_> {
    fn show(&self, summary: &Summary) -> anyhow::Result<()> {
        let output = &self.context.output;
        if output.format != Format::Table {
            output.report(summary)?;
        }
        say_losses(output, &summary.losses);
        let seconds = self.started.elapsed().as_secs_f64();
        output.note(&format!("imported {}: {} in {seconds:.1} s", summary.file, in_words(summary.totals)));
        if let Some(verified) = &summary.verified {
            let differing = grouped(verified.differing);
            output.note(&format!("verified {} rows: {differing} differ from their links", grouped(verified.rows)));
        }
        Ok(())
    }

    /// Says what went wrong, and answers the exit status.
    fn status(&self, summary: &Summary, ended: Ended) -> anyhow::Result<ExitStatus> {
        let done = format!("{} of {} rows are done", grouped(summary.totals.sum()), grouped(summary.rows));
        let again = format!("continue with: {}", self.command_to_resume());
        match ended {
            Ended::Whole => {}
            Ended::Interrupted => {
                return Err(Stopped::Halted { detail: format!("interrupted: {done}"), hint: again }.into());
            }
            Ended::Stopped(problem) => {
                let hint = problem.hint.iter().cloned().chain([again]).collect::<Vec<_>>().join("; ");
                let detail = format!("{}: {done}", problem.detail);
                return Err(Problem { detail, hint: Some(hint), ..problem }.into());
            }
            Ended::TooMany => {
                let rows = format!("after {} of {} rows", grouped(summary.totals.sum()), grouped(summary.rows));
                say_too_many(self, &summary.failures, &format!("stopped {rows}; {again}"));
                return Ok(ExitStatus::Partial);
            }
        }
        let failures = summary.totals.failures();
        if failures > 0 && !self.context.output.format.is_json() {
            self.complain_of(summary, failures);
        }
        let differing = summary.verified.as_ref().filter(|verified| verified.differing > 0);
        if let Some(verified) = differing.filter(|_| !self.context.output.format.is_json()) {
            let plural = if verified.differing == 1 { " differs" } else { "s differ" };
            let detail = format!("{} row{plural} from what was read again", grouped(verified.differing));
            complain(&self.context.output, &detail, &verified.first, None);
        }
        Ok(if failures > 0 || differing.is_some() { ExitStatus::Partial } else { ExitStatus::Ok })
    }

    fn complain_of(&self, summary: &Summary, failures: u64) {
        let report = summary.report.as_deref().unwrap_or_default();
        let plural = if failures == 1 { "" } else { "s" };
        let hint = if summary.totals.failed > 0 {
            format!("try the rows that failed again with: {}", self.command_to_resume())
        } else {
            format!("put {report} right, then import it")
        };
        let detail = format!("{} row{plural} failed, written to {report}", grouped(failures));
        complain(&self.context.output, &detail, &summary.failures, Some(hint));
    }

    /// The command that goes on with this import.
    fn command_to_resume(&self) -> String {
        let mut words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
        words.insert(0, "short".to_owned());
        if !self.settings.resume {
            words.push("--resume".to_owned());
        }
        let again = if self.settings.file.is_none() { " with the same input" } else { "" };
        format!("{}{again}", words.join(" "))
    }

    async fn verify(
        &self,
        collected: Box<Collected>,
        pass: &Pass,
        sample: super::settings::Sample,
    ) -> anyhow::Result<Verified> {
        let step = sample.step(collected.spool.rows);
        let work = self.work(shortener_core::operations::Mode::DryRun, &collected).await?;
        let progress = self.context.output.progress("verifying", Some(collected.spool.rows / step.max(1)));
        let verified = tokio::select! {
            verified = verify(work, collected, &pass.ledger, step, |rows| progress.advance(rows)) => verified,
            () = self.interrupt.raised(1) => Err(Stopped::Interrupted.into()),
        };
        progress.finish();
        verified
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_=./:,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_read_them() {
        for (word, shown) in
            [("links.csv", "links.csv"), ("my links", "'my links'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), shown);
        }
    }
}
