//! The rows of a file: what was read, what is twice in the file, and what is done already, side by side.

use std::io;
use std::iter::Peekable;

use shortener_core::wire::CreateLink;
use tokio::sync::mpsc;

use super::BATCH;
use super::batch::{Batch, Row, State};
use super::duplicates::{Annotation, Kind, Reader};
use super::judge::{Settlement, Wanted};
use super::ledger::Ledger;
use super::outcome::{Outcome, Reason, RowNote};
use super::reading::Collected;
use super::samples::note;
use super::spool::{Entry, SpoolReader};

/// Sends every batch in which something is to be done, until nobody takes it any more.
///
/// # Errors
/// The disk fails.
pub(crate) fn send(collected: &mut Collected, ledger: &Ledger, to: &mpsc::Sender<Batch>) -> io::Result<()> {
    let mut walk = Walk::new(collected)?;
    let (mut first, mut sequence) = (0, 0);
    loop {
        let mut rows = walk.by_ref().take(BATCH).collect::<io::Result<Vec<_>>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        let known = ledger.read(first, rows.len())?;
        for (row, _) in rows.iter_mut().zip(&known).filter(|(_, known)| known.is_some()) {
            row.state = State::Done;
        }
        let next = first + rows.len() as u64;
        if known.iter().any(Option::is_none) {
            if to.blocking_send(Batch { sequence, first, rows }).is_err() {
                return Ok(());
            }
            sequence += 1;
        }
        first = next;
    }
}

/// Sends each `step`th row whose link is there, in batches, until nobody takes them any more.
///
/// # Errors
/// The disk fails.
pub(crate) fn send_sample(
    collected: &mut Collected,
    ledger: &Ledger,
    step: u64,
    to: &mpsc::Sender<Vec<Row>>,
) -> io::Result<()> {
    let is_there = |outcome| matches!(outcome, Outcome::Created | Outcome::Unchanged | Outcome::Updated);
    let mut some = Vec::new();
    for (number, row) in (0..).zip(Walk::new(collected)?) {
        let row = row?;
        if number % step != 0 || !matches!(row.state, State::Open) {
            continue;
        }
        if ledger.read(number, 1)?.into_iter().flatten().any(is_there) {
            some.push(row);
        }
        if some.len() == BATCH && to.blocking_send(std::mem::take(&mut some)).is_err() {
            return Ok(());
        }
    }
    if !some.is_empty() {
        // Nobody waits for it if verification has failed already.
        let _ = to.blocking_send(some);
    }
    Ok(())
}

/// The first rows that cannot be links.
///
/// # Errors
/// The disk fails.
pub(crate) fn first_invalid(collected: &mut Collected, most: usize) -> io::Result<Vec<RowNote>> {
    let mut found = Vec::new();
    for row in Walk::new(collected)? {
        let row = row?;
        if let State::Decided(settlement) = &row.state
            && settlement.outcome == Outcome::Invalid
        {
            found.push(note(row.line, &row.wanted.request, settlement));
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

/// Goes through the rows in the order of the file.
#[derive(Debug)]
struct Walk<'a> {
    entries: SpoolReader,
    annotations: Peekable<Reader<'a, Annotation>>,
    number: u64,
}

impl<'a> Walk<'a> {
    fn new(collected: &'a mut Collected) -> io::Result<Self> {
        let annotations = collected.duplicates.read()?.peekable();
        Ok(Self { entries: collected.spool.read()?, annotations, number: 0 })
    }

    fn annotation(&mut self) -> io::Result<Option<Kind>> {
        let number = self.number;
        let is_next = |found: &io::Result<Annotation>| found.as_ref().map_or(true, |found| found.row == number);
        Ok(self.annotations.next_if(is_next).transpose()?.map(|annotation| annotation.kind))
    }
}

impl Iterator for Walk<'_> {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        let kind = self.annotation();
        self.number += 1;
        Some(entry.and_then(|entry| Ok(row(entry, kind?))))
    }
}

fn row(entry: Entry, kind: Option<Kind>) -> Row {
    let Entry { line, request, given, refused, raw } = entry;
    let decided =
        |outcome, code: &str, detail: String| State::Decided(Settlement::because(outcome, Reason::new(code, detail)));
    let mut occurrence = 1;
    let state = match (refused, kind) {
        (Some(reason), _) => State::Decided(Settlement::because(Outcome::Invalid, reason)),
        (None, Some(Kind::SameAs(line))) => decided(Outcome::Unchanged, "same_as", format!("the same as line {line}")),
        (None, Some(Kind::CodeOf(line))) => {
            let detail = format!("line {line} has the same code and says something else");
            decided(Outcome::Invalid, "duplicate_code", detail)
        }
        (None, Some(Kind::Occurrence(n))) => {
            occurrence = n;
            State::Open
        }
        (None, None) => State::Open,
    };
    let request = CreateLink { occurrence: Some(occurrence), ..request };
    Row { line, raw, wanted: Wanted { request, given }, state }
}
