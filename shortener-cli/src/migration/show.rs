//! What people and programs see of the findings.

use serde::Serialize;

use super::{Finding, Heard, Totals};
use crate::cli::Format;
use crate::context::Context;
use crate::exit::ExitStatus;
use crate::output::{Header, Mark};
use crate::report::{Report, Shape};

/// All findings that are not alike, for programs.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    findings: Vec<Finding>,
    totals: Totals,
}

impl Report for Findings {
    type Line = Finding;
    const FIELDS: &'static [&'static str] =
        &["line", "code", "domain", "target", "old", "new", "reasons", "unanswered"];
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[Finding] {
        &self.findings
    }
}

/// Shows findings as they come; as one document, all at the end.
#[derive(Debug)]
pub(crate) struct Display<'a> {
    context: &'a Context,
    kept: Vec<Finding>,
    header: Header,
}

impl<'a> Display<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context, kept: Vec::new(), header: Header::Shown }
    }

    /// Shows a finding unless everything is as it should be.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn show(&mut self, finding: Finding) -> anyhow::Result<()> {
        if finding.is_alike() {
            return Ok(());
        }
        let output = &self.context.output;
        match output.format {
            Format::Json => self.kept.push(finding),
            Format::Table => output.marked(&lines(&finding))?,
            Format::Ndjson | Format::Csv | Format::Tsv => {
                output.page(&Findings { findings: vec![finding], totals: Totals::default() }, self.header)?;
                self.header = Header::Omitted;
            }
        }
        Ok(())
    }

    /// Shows the totals and answers with what to exit.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn conclude(self, totals: Totals) -> anyhow::Result<ExitStatus> {
        let output = &self.context.output;
        match output.format {
            Format::Json => output.report(&Findings { findings: self.kept, totals })?,
            Format::Table => output.marked(&[(Mark::None, totals.to_string())])?,
            Format::Ndjson | Format::Csv | Format::Tsv => output.note(&totals.to_string()),
        }
        Ok(status(&totals))
    }
}

/// 9 if something differs, 7 if no host answered at all, 8 if something is not known, 0 if everything is alike.
fn status(totals: &Totals) -> ExitStatus {
    match totals {
        Totals { differing: 1.., .. } => ExitStatus::Drift,
        Totals { alike: 0, unanswered: 1.., .. } => ExitStatus::Unavailable,
        Totals { unanswered: 1.., .. } => ExitStatus::Partial,
        _ => ExitStatus::Ok,
    }
}

fn lines(finding: &Finding) -> Vec<(Mark, String)> {
    let name = if finding.domain.is_default() {
        finding.code.to_string()
    } else {
        format!("{}/{}", finding.domain, finding.code)
    };
    if let Some(why) = &finding.unanswered {
        return vec![(Mark::Unknown, format!("{name}: {why}"))];
    }
    let reasons = finding.reasons.iter().map(|reason| reason.words()).collect::<Vec<_>>().join(", ");
    vec![
        (Mark::Refused, format!("{name}: {reasons}")),
        (Mark::None, format!("  old   {}", heard(finding.old.as_ref()))),
        (Mark::None, format!("  new   {}", heard(finding.new.as_ref()))),
        (Mark::None, format!("  file  {} (line {})", finding.target, finding.line)),
    ]
}

fn heard(heard: Option<&Heard>) -> String {
    match heard {
        Some(Heard { status, location: Some(location) }) => format!("{status} → {location}"),
        Some(Heard { status, location: None }) => status.to_string(),
        None => String::new(),
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { alike, differing, unanswered, without_code } = self;
        write!(f, "{alike} alike, {differing} differing, {unanswered} without an answer")?;
        if *without_code > 0 {
            write!(f, ", {without_code} without a code")?;
        }
        Ok(())
    }
}
