//! What an import says at its end, as a document.

use serde::Serialize;
use shortener_core::service::Cost;

use super::outcome::{Outcome, RowNote, Totals};
use crate::formats::Losses;
use crate::report::{Column, Report, Shape};

/// What would be done: the answer to `--dry-run`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Plan {
    pub(crate) dry_run: bool,
    /// The file.
    pub(crate) file: String,
    /// Its format.
    pub(crate) format: String,
    /// How many rows it has.
    pub(crate) rows: u64,
    #[serde(flatten)]
    pub(crate) totals: Totals,
    /// What of the file cannot be kept, and in how many rows it is.
    pub(crate) losses: Losses,
    /// What it would cost on DynamoDB.
    pub(crate) cost: Price,
    /// The first rows of each outcome.
    pub(crate) first: Vec<RowNote>,
}

/// What an import would cost on DynamoDB, estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Price {
    /// Units of writes.
    pub(crate) write_units: u64,
    /// Units of strong reads.
    pub(crate) read_units: u64,
    /// US dollars by the list prices of us-east-1, to the millionth.
    pub(crate) dollars: f64,
}

impl Price {
    /// The price of a cost.
    pub(crate) fn of(cost: Cost) -> Self {
        let dollars = (cost.dollars() * 1e6).round() / 1e6;
        Self { write_units: cost.write_units, read_units: cost.read_units, dollars }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) dry_run: bool,
    /// The file.
    pub(crate) file: String,
    /// Its format.
    pub(crate) format: String,
    /// How many rows it has.
    pub(crate) rows: u64,
    #[serde(flatten)]
    pub(crate) totals: Totals,
    /// How long it took.
    pub(crate) elapsed_ms: u64,
    /// Where the rows are that failed; none if none did.
    pub(crate) report: Option<String>,
    /// What of the file could not be kept, and in how many rows it is.
    pub(crate) losses: Losses,
    /// What was found when links were read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<Verified>,
    /// The first rows that failed.
    pub(crate) failures: Vec<RowNote>,
}

/// What was found when links were read again.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Verified {
    /// How many rows were compared.
    pub(crate) rows: u64,
    /// How many of them differ from their links.
    pub(crate) differing: u64,
    /// The first of these.
    pub(crate) first: Vec<RowNote>,
}

impl Verified {
    /// Adds what was found.
    pub(crate) fn add(&mut self, rows: u64, differing: Vec<RowNote>) {
        self.rows += rows;
        self.differing += differing.len() as u64;
        self.first.extend(differing);
        if self.first.len() > 1_000 {
            self.first.sort_by_key(|row| row.line);
            self.first.truncate(super::samples::SHOWN);
        }
    }
}

/// How many rows would end how, for people.
#[derive(Debug, Serialize)]
pub(crate) struct Forecast(Vec<Line>);

/// How many rows would end in one way.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    outcome: &'static str,
    rows: u64,
}

impl Plan {
    /// How many rows would end how.
    pub(crate) fn forecast(&self) -> Forecast {
        let line = |outcome: Outcome| Line { outcome: outcome.as_str(), rows: self.totals.of(outcome) };
        Forecast(Outcome::ALL.into_iter().map(line).filter(|line| line.rows > 0).collect())
    }
}

impl Report for Forecast {
    type Line = Line;
    const FIELDS: &'static [&'static str] = &["outcome", "rows"];
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no rows";

    fn lines(&self) -> &[Line] {
        &self.0
    }

    fn columns() -> Vec<Column<Line>> {
        vec![
            Column { name: "OUTCOME", cell: |line, _| line.outcome.to_owned() },
            Column { name: "ROWS", cell: |line, _| grouped(line.rows) },
        ]
    }
}

const ROW_FIELDS: &[&str] = &["line", "outcome", "code", "target", "problem", "field", "detail", "differences"];

fn row_columns() -> Vec<Column<RowNote>> {
    vec![
        Column { name: "OUTCOME", cell: |row, _| row.outcome.as_str().to_owned() },
        Column { name: "LINE", cell: |row, _| row.line.to_string() },
        Column { name: "CODE", cell: |row, _| row.code.clone().unwrap_or_default() },
        Column { name: "TARGET", cell: |row, _| row.target.clone() },
        Column { name: "CHANGES", cell: |row, _| why(row) },
    ]
}

/// What is said of a row: why it failed, or what would change.
fn why(row: &RowNote) -> String {
    let differences = row.differences.iter().map(|difference| {
        let shown = |value| match crate::report::readable(value) {
            text if text.is_empty() => "none".to_owned(),
            text => text,
        };
        format!("{}: {} → {}", difference.field.replace('_', " "), shown(&difference.from), shown(&difference.to))
    });
    row.detail.iter().cloned().chain(differences).collect::<Vec<_>>().join("\n")
}

impl Report for Plan {
    type Line = RowNote;
    const FIELDS: &'static [&'static str] = ROW_FIELDS;
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no rows";

    fn lines(&self) -> &[RowNote] {
        &self.first
    }

    fn columns() -> Vec<Column<RowNote>> {
        row_columns()
    }
}

impl Report for Summary {
    type Line = RowNote;
    const FIELDS: &'static [&'static str] = ROW_FIELDS;
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no rows failed";

    fn lines(&self) -> &[RowNote] {
        &self.failures
    }

    fn columns() -> Vec<Column<RowNote>> {
        row_columns()
    }
}

/// The totals in words: `9,941 created, 52 skipped`.
pub(crate) fn in_words(totals: Totals) -> String {
    let words = |outcome: Outcome| format!("{} {}", grouped(totals.of(outcome)), outcome.as_str());
    let some: Vec<String> = Outcome::ALL.into_iter().filter(|outcome| totals.of(*outcome) > 0).map(words).collect();
    if some.is_empty() { "no rows".to_owned() } else { some.join(", ") }
}

/// A row that failed in words: `line 118: target: scheme 'ftp' is not allowed`.
pub(crate) fn failure_in_words(row: &RowNote) -> String {
    let field = row.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
    format!("line {}: {field}{}", row.line, row.detail.as_deref().unwrap_or(row.outcome.as_str()))
}

/// A number with a comma before every three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
