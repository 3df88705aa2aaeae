//! The links of a file that are asked for.

use std::collections::BinaryHeap;
use std::hash::{DefaultHasher, Hash, Hasher};

use shortener_core::link::{Domain, ShortCode, TargetUrl};

use super::Row;
use crate::formats::{FileError, Record, Source};

/// The links of a file, in its order, and what was no such link.
#[derive(Debug)]
pub(crate) struct Rows {
    source: Source,
    /// Records that name no code, or that cannot be read.
    pub(crate) without_code: u64,
    /// Why the file could not be read to its end.
    pub(crate) failed: Option<FileError>,
}

impl Rows {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, without_code: 0, failed: None }
    }

    /// At most so many links, spread evenly over the file and the same ones with each run, in its order.
    pub(crate) fn sample(&mut self, size: usize) -> Vec<Row> {
        let mut kept: BinaryHeap<(u64, u64, Ordered)> = BinaryHeap::with_capacity(size.min(4096) + 1);
        for row in self.by_ref() {
            kept.push((lot(&row), row.line, Ordered(row)));
            if kept.len() > size {
                kept.pop();
            }
        }
        let mut rows: Vec<Row> = kept.into_iter().map(|(_, _, Ordered(row))| row).collect();
        rows.sort_by_key(|row| row.line);
        rows
    }
}

impl Iterator for Rows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            match self.source.next()? {
                Ok(record) => match row(record) {
                    Some(row) => return Some(row),
                    None => self.without_code += 1,
                },
                Err(error) => {
                    self.failed = Some(error);
                    return None;
                }
            }
        }
    }
}

fn row(record: Record) -> Option<Row> {
    let request = record.row.ok()?.request;
    Some(Row {
        line: record.line,
        code: ShortCode::parse(request.code.as_deref()?).ok()?,
        domain: request.domain.as_deref().map_or(Ok(Domain::default_domain()), Domain::parse).ok()?,
        target: TargetUrl::parse(&request.target).ok()?,
    })
}

/// A number that says whether a link is in the sample: the smallest are.
fn lot(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    (row.domain.as_str(), row.code.as_str()).hash(&mut hasher);
    hasher.finish()
}

/// A row where only what stands before it decides on the order.
#[derive(Debug, PartialEq, Eq)]
struct Ordered(Row);

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.line.cmp(&other.0.line)
    }
}
