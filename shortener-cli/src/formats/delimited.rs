//! Text with delimiters: CSV and its relatives.

use std::collections::VecDeque;

use csv::StringRecord;
use shortener_core::wire::Violation;

use super::fault::Fault;
use super::field::{Meaning, TargetField};
use super::header::{self, Column};
use super::rejects::RejectsForm;
use super::row::{Draft, Lost, Reading};
use super::source::{Records, TextInput};
use super::value::Given;
use super::{IMPORT_ERROR, Kind, Losses, ReadOptions, Record, own, products};

mod cells;
mod tee;

use tee::Tee;

/// Reads records that are lines of cells.
pub(super) struct Delimited {
    reader: csv::Reader<Tee<TextInput>>,
    cells: StringRecord,
    /// Where the record begins that is read next, in bytes of text.
    offset: u64,
    line: u64,
    /// Whether a carriage return was the last byte, so that a line feed after it ends no other line.
    returned: bool,
    kind: Kind,
    delimiter: u8,
    /// The first line, or what it would be.
    header: String,
    columns: Vec<Column>,
    target_name: String,
    /// Whether cells were neutralised for spreadsheets.
    neutralised: bool,
    /// The file is one of rejects: the last cell of each record is the reason.
    has_reasons: bool,
    reading: Reading,
    lost: Lost,
    ready: VecDeque<Record>,
}

impl Delimited {
    /// Reads the header, unless its names are `implied` by the format.
    ///
    /// # Errors
    /// There is none, or it lacks what it must name.
    pub(super) fn new(
        text: TextInput,
        (kind, delimiter): (Kind, u8),
        implied: Option<&[&str]>,
        options: &ReadOptions,
    ) -> Result<Self, Fault> {
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(Tee::new(text));
        let mut this = Self {
            reader,
            cells: StringRecord::new(),
            offset: 0,
            line: 1,
            returned: false,
            kind,
            delimiter,
            header: String::new(),
            columns: Vec::new(),
            target_name: String::new(),
            neutralised: false,
            has_reasons: false,
            reading: Reading::foreign(options),
            lost: Lost::default(),
            ready: VecDeque::new(),
        };
        let mut names: Vec<String> = match implied {
            Some(names) => {
                this.header = names.join(char::from(delimiter).encode_utf8(&mut [0; 4]));
                names.iter().map(|name| (*name).to_owned()).collect()
            }
            None => this.header()?,
        };
        if kind.is_generic() && own::is_own(&names) {
            this.reading = Reading::own(options);
            this.neutralised = own::is_neutralised(&names, this.delimiter);
        }
        if names.last().is_some_and(|name| name == IMPORT_ERROR) {
            names.pop();
            this.has_reasons = true;
        }
        this.columns = header::columns(&names, kind, options)?;
        let target = this.columns.iter().find(|column| matches!(column.meaning, Meaning::Is(TargetField::Target)));
        this.target_name = target.map(|column| column.name.clone()).unwrap_or_default();
        Ok(this)
    }

    fn header(&mut self) -> Result<Vec<String>, Fault> {
        let Some((_, raw)) = self.advance().map_err(|fault| fault.or_on(1))? else {
            return Err(Fault::content("holds no header and no record", "check the command that wrote it"));
        };
        let names: Vec<String> = self.cells.iter().map(|name| name.trim().to_owned()).collect();
        let has_reasons = names.len() > 1 && names.last().is_some_and(|name| name == IMPORT_ERROR);
        self.header = if has_reasons { self.without_last_cell(raw) } else { raw };
        Ok(names)
    }

    /// Reads the next record into `cells`, and answers its line and how it stands in the file.
    fn advance(&mut self) -> Result<Option<(u64, String)>, Fault> {
        if !self.reader.read_record(&mut self.cells)? {
            return Ok(None);
        }
        let end = self.reader.position().byte();
        let bytes = self.reader.get_mut().take(self.offset, end);
        self.offset = end;
        // A record can begin with the rest of the line end before it, and with empty lines.
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let line = self.line + line_ends(&bytes[..blank], &mut self.returned);
        self.line = line + line_ends(&bytes[blank..], &mut self.returned);
        let text = std::str::from_utf8(&bytes[blank..]).unwrap_or_default();
        let raw = text.trim_end_matches(['\n', '\r']).to_owned();
        // Only the end of the file can end a record within quotation marks.
        if raw.contains('"') && cells::walk(&raw, self.delimiter).open {
            let hint = "close it, or double the quotation marks that are part of a cell";
            return Err(Fault::content("a quoted cell of this record is never closed", hint).on(line));
        }
        Ok(Some((line, raw)))
    }

    /// The record as it was before it was rejected.
    fn without_last_cell(&self, mut record: String) -> String {
        record.truncate(cells::walk(&record, self.delimiter).last_delimiter.unwrap_or_default());
        record
    }

    fn read(&mut self) -> Result<bool, Fault> {
        let Some((line, mut raw)) = self.advance()? else { return Ok(false) };
        let mut count = self.cells.len();
        if self.has_reasons {
            raw = self.without_last_cell(raw);
            count -= 1;
        }
        if raw == self.header {
            let hint = "remove the line; files that were put together have a header each";
            return Err(Fault::content("the header is here a second time", hint).on(line));
        }
        if count != self.columns.len() {
            let detail = format!("{count} cells, but the header has {} columns", self.columns.len());
            let violation = Violation { pointer: String::new(), code: "column_count".to_owned(), detail };
            self.ready.push_back(Record { line, raw, row: Err(vec![violation]) });
            return Ok(true);
        }
        let mut draft = Draft::new(&self.reading, &mut self.lost);
        for (column, cell) in self.columns.iter().zip(&self.cells) {
            let cell = if self.neutralised { own::restore(cell) } else { cell };
            draft.take(&column.name, column.meaning, Given::cell(cell));
        }
        products::judge(self.kind, &mut draft);
        let mut rows = draft.finish(&self.target_name);
        if let Some(last) = rows.pop() {
            self.ready.extend(rows.into_iter().map(|row| Record { line, raw: raw.clone(), row }));
            self.ready.push_back(Record { line, raw, row: last });
        }
        Ok(true)
    }
}

impl Records for Delimited {
    fn next(&mut self) -> Result<Option<Record>, Fault> {
        while self.ready.is_empty() && self.read().map_err(|fault| fault.or_on(self.line))? {}
        Ok(self.ready.pop_front())
    }

    fn losses(&self) -> Losses {
        self.lost.losses()
    }

    fn rejects_form(&self) -> RejectsForm {
        RejectsForm::Delimited { header: self.header.clone(), delimiter: self.delimiter }
    }
}

/// How many lines end in bytes, each by a line feed, a carriage return, or both; `returned` says whether a carriage return
/// is before them.
fn line_ends(bytes: &[u8], returned: &mut bool) -> u64 {
    let mut count = 0;
    for byte in bytes {
        count += u64::from(*byte == b'\r' || (*byte == b'\n' && !*returned));
        *returned = *byte == b'\r';
    }
    count
}

/// What separates the cells of a header: the first of the usual ones that makes columns that are understood, else the one
/// that makes most columns.
pub(super) fn delimiter_of(head: &[u8], understood: impl Fn(&[String]) -> bool) -> u8 {
    let candidates = [b',', b';', b'\t', b'|'].map(|delimiter| (delimiter, names(head, delimiter)));
    let known = candidates.iter().find(|(_, names)| understood(names));
    let widest = || candidates.iter().rev().max_by_key(|(_, names)| names.len());
    known.or_else(widest).map_or(b',', |(delimiter, _)| *delimiter)
}

/// The names in a header.
pub(super) fn names(head: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(head);
    let mut names = StringRecord::new();
    let _ = reader.read_record(&mut names);
    names.iter().map(|name| name.trim().to_owned()).collect()
}
