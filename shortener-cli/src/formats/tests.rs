//! Files of every format, good and bad.

use std::io::Write;

use tempfile::NamedTempFile;

use super::*;

mod bad;
mod fuzz;
mod own;
mod products;
mod rejects;

/// A file with this content.
fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

/// All that a file gives, or why it cannot be read. The path is shown as `FILE`.
fn read(content: &[u8], options: &ReadOptions) -> Result<(Kind, Vec<Record>, Losses), String> {
    let file = file(content);
    let path = file.path().to_owned();
    let shown = |error: FileError| {
        let text = format!("{error}\nhint: {}\nexit: {}", error.hint, error.status as u8);
        text.replace(&path.display().to_string(), "FILE")
    };
    let mut source: Source = open(&Input::File(path.clone()), options).map_err(shown)?;
    let records = source.by_ref().collect::<Result<Vec<_>, _>>().map_err(shown)?;
    Ok((source.kind(), records, source.losses()))
}

/// The rows of a file in which none is wrong.
fn rows(content: &[u8]) -> Vec<Row> {
    let (_, records, _) = read(content, &ReadOptions::default()).unwrap();
    records.into_iter().map(|record| record.row.unwrap()).collect()
}

/// The rejects file of all records of a file.
fn rejected(content: &[u8], options: &ReadOptions) -> Vec<u8> {
    let file = file(content);
    let mut source = open(&Input::File(file.path().to_owned()), options).unwrap();
    let form: RejectsForm = source.rejects_form();
    let records: Vec<Record> = source.by_ref().map(Result::unwrap).collect();
    assert_eq!(source.rejects_form(), form);
    let mut writer = RejectsWriter::new(Vec::new(), form);
    for record in &records {
        writer.write(record.line, &record.raw, "why, \"said\"\nhe").unwrap();
    }
    let (count, bytes) = writer.finish().unwrap();
    assert!(count <= records.len() as u64);
    bytes
}

/// What remains of records when their places in the file do not matter.
fn without_places(records: Vec<Record>) -> Vec<(String, Result<Row, Vec<Violation>>)> {
    records.into_iter().map(|record| (record.raw, record.row)).collect()
}
