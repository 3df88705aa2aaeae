//! Links that CSV and NDJSON declare, one a record.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use shortener_core::when::DayEdge;
use shortener_core::wire::Violation;
use tempfile::NamedTempFile;

use super::Declaration;
use super::document::{Reader, decided_by};
use super::fault::{Fault, Position, UNREADABLE};
use super::fields::{Spoken, fixed};
use crate::formats::{self, Input, Kind, ReadOptions, Record, Row};

/// The links of a file.
pub(super) fn read(path: &Path, kind: Kind, faults: &mut Vec<Fault>) -> Vec<Declaration> {
    records(&Input::File(path.to_owned()), kind, faults)
}

/// The links of standard input, which is written to a file first, as it is read twice.
pub(super) fn read_stdin(kind: Kind, faults: &mut Vec<Fault>) -> Vec<Declaration> {
    let spooled = NamedTempFile::new().and_then(|mut file| {
        io::copy(&mut io::stdin().lock(), &mut file)?;
        file.flush()?;
        Ok(file)
    });
    match spooled {
        Ok(file) => records(&Input::Stdin(file.path().to_owned()), kind, faults),
        Err(error) => {
            let (file, detail) = ("standard input".to_owned(), format!("it cannot be kept: {}", error.kind()));
            let hint = Some("make room in the folder for temporary files, or give a file".to_owned());
            faults.push(Fault { file, at: None, code: UNREADABLE, detail, hint });
            Vec::new()
        }
    }
}

fn records(input: &Input, kind: Kind, faults: &mut Vec<Fault>) -> Vec<Declaration> {
    let options = ReadOptions { format: Some(kind), keep_domains: true, ..ReadOptions::default() };
    let mut source = match formats::open(input, &options) {
        Ok(source) => source,
        Err(error) => {
            faults.push(error.into());
            return Vec::new();
        }
    };
    let mut reader = Reader::new(&Arc::from(input.name()));
    let mut declared = Vec::new();
    for record in source.by_ref() {
        match record {
            Ok(record) => declared.extend(reader.record(record)),
            Err(error) => reader.faults.push(error.into()),
        }
    }
    // A field that is dropped in silence would never be what the file says.
    for lost in source.losses().into_keys() {
        let detail = format!("{lost} cannot be kept by a link");
        reader.faults.push(Fault { file: input.name(), at: None, code: "not_kept", detail, hint: None });
    }
    faults.append(&mut reader.faults);
    declared
}

impl Reader {
    fn record(&mut self, record: Record) -> Option<Declaration> {
        let at = Position::of_line(record.line);
        match record.row {
            Ok(Row { request, given }) => {
                let mut spoken = Spoken { request, ..Spoken::default() };
                self.fix_times(at, &mut spoken);
                let declared = self.declaration(at, spoken)?;
                Some(Declaration { given: decided_by(given), ..declared })
            }
            Err(violations) => {
                for Violation { pointer, detail, .. } in violations {
                    let field = pointer.trim_start_matches('/');
                    let detail = if field.is_empty() { detail } else { format!("{field}: {detail}") };
                    self.fault(at, "record", detail, None);
                }
                None
            }
        }
    }

    fn fix_times(&mut self, at: Position, spoken: &mut Spoken) {
        let request = &mut spoken.request;
        let times = [
            ("starts_at", &mut request.starts_at, DayEdge::Start),
            ("expires_at", &mut request.expires_at, DayEdge::End),
        ];
        for (field, time, edge) in times {
            let Some(text) = time.take() else { continue };
            match fixed(&text, edge) {
                Ok(moment) => *time = moment,
                Err(detail) => {
                    self.fault(at, "when", format!("{field}: {detail}"), None);
                    spoken.faulty = true;
                }
            }
        }
    }
}
