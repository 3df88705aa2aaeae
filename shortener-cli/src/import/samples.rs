//! The first rows of each outcome, for people.

use shortener_core::wire::CreateLink;

use super::batch::Row;
use super::judge::Settlement;
use super::outcome::{Outcome, RowNote};

/// Rows of each outcome that are shown.
pub(crate) const SHOWN: usize = 5;

/// The first rows of each outcome.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    rows: Vec<RowNote>,
    counts: [usize; Outcome::ALL.len()],
}

impl Samples {
    /// Takes a row, if it is among the first.
    pub(crate) fn take(&mut self, row: &Row, settlement: &Settlement) {
        let count = &mut self.counts[settlement.outcome as usize - 1];
        if *count < SHOWN {
            *count += 1;
            self.rows.push(note(row.line, &row.wanted.request, settlement));
        }
    }

    /// Those that were taken, by outcome and line.
    pub(crate) fn all(&self) -> Vec<RowNote> {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| (row.outcome, row.line));
        rows
    }

    /// The failures among them, in the order of the file.
    pub(crate) fn failures(&self) -> Vec<RowNote> {
        let mut rows: Vec<_> = self.rows.iter().filter(|row| row.outcome.is_failure()).cloned().collect();
        rows.sort_by_key(|row| row.line);
        rows
    }
}

/// A row as it is shown to people.
pub(crate) fn note(line: u64, request: &CreateLink, settlement: &Settlement) -> RowNote {
    let Settlement { outcome, code, reason, differences } = settlement.clone();
    let (problem, field, detail) =
        reason.map_or((None, None, None), |reason| (Some(reason.code), reason.field, Some(reason.detail)));
    let problem = problem.filter(|_| outcome.is_failure());
    RowNote {
        line,
        outcome,
        code: code.or_else(|| request.code.clone()),
        target: request.target.clone(),
        problem,
        field,
        detail,
        differences,
    }
}
