//! Any bytes as a file of links.

use shortener_core::link::{ShortCode, TargetUrl};

use super::*;

/// How the first byte of an input says to read the rest.
fn options(first: u8) -> ReadOptions {
    let kinds =
        [None, Some(Kind::Csv), Some(Kind::Ndjson), Some(Kind::YourlsBulk), Some(Kind::Yourls), Some(Kind::Chhoto)];
    let delimiters = [None, Some(b','), Some(b';'), Some(b'\t')];
    ReadOptions {
        format: kinds[usize::from(first) % kinds.len()],
        delimiter: delimiters[usize::from(first) / kinds.len() % delimiters.len()],
        keep_domains: first & 0x80 != 0,
        ..ReadOptions::default()
    }
}

#[test]
fn a_file_gives_rows_that_can_be_made_and_given_back() {
    shortener_core::fuzz_target!("import", |input: &[u8]| {
        let Some((first, content)) = input.split_first() else { return };
        let options = options(*first);
        let Ok((kind, records, _)) = read(content, &options) else { return };
        let (_, again, _) = read(content, &options).unwrap();
        assert_eq!(again, records, "a file that is read twice says the same");
        records.iter().filter_map(|record| record.row.as_ref().ok()).for_each(row);
        given_back(content, kind, records, &options);
    });
}

/// A record's request has no control characters where none may be, and its raw text is bounded.
fn row(row: &Row) {
    let _ = (TargetUrl::parse(&row.request.target), row.request.code.as_deref().map(ShortCode::parse));
    assert!(serde_json::to_string(&row.request).unwrap().len() < 8 * MAX_RECORD_BYTES);
}

/// The rejects of a file, were they all its records, are read like the file, and rejected again they stay the same.
fn given_back(content: &[u8], kind: Kind, records: Vec<Record>, options: &ReadOptions) {
    let options = ReadOptions { format: options.format.or(Some(kind)), ..options.clone() };
    let Ok((_, read_so, _)) = read(content, &options) else { return };
    if read_so != records || records.is_empty() {
        return;
    }
    let once = rejected(content, &options);
    // A file that begins with a record in which the format itself is broken is none that could be read, or is taken for one
    // whose records go over several lines.
    if is_broken(&records[0]) {
        return;
    }
    let (again_kind, again, _) = match read(&once, &options) {
        Err(_) if records[0].row.is_err() => return,
        read => read.unwrap_or_else(|error| panic!("{error}")),
    };
    assert_eq!(again_kind, kind);
    if records.iter().any(is_broken) {
        // The reason cannot be taken out of what is no JSON, and where that ends is said of other text then.
        return assert_eq!(rows(again), rows(records));
    }
    assert_eq!(without_places(again), without_places(records), "{}", String::from_utf8_lossy(&once));
    assert_eq!(rejected(&once, &options), once);
}

/// What records ask for, or by which codes they are refused.
fn rows(records: Vec<Record>) -> Vec<Result<Row, Vec<(String, String)>>> {
    let code = |violation: Violation| (violation.pointer, violation.code);
    let row = |record: Record| record.row.map_err(|violations| violations.into_iter().map(code).collect());
    records.into_iter().map(row).collect()
}

fn is_broken(record: &Record) -> bool {
    record.row.as_ref().is_err_and(|violations| violations.iter().any(|found| found.code == "json_invalid"))
}
