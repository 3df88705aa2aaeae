//! What a count of logs came to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one count of logs came to; the answer of the function, and the output of `short ingest`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IngestReport {
    /// Files that were listed.
    pub files: u64,
    /// Files that no earlier count had seen.
    pub new_files: u64,
    /// Hours that were counted again.
    pub hours: u64,
    /// Hours that have new files and are left to the next count: the time was over, or another count took over.
    pub hours_left: u64,
    /// Lines that were counted, without duplicates, over the hours counted.
    pub lines: u64,
    /// Copies of lines that were counted once.
    pub duplicates: u64,
    /// Lines that could not be counted, by reason.
    pub rejected_lines: BTreeMap<String, u64>,
    /// Requests for codes that no link has.
    pub orphans: u64,
    /// Items written.
    pub written: u64,
    /// Counts that were stored already.
    pub unchanged: u64,
    /// Everything that was delivered up to this moment is counted: the logs' own lateness, of up to 24 hours, aside.
    pub as_of: Option<Timestamp>,
    /// Hours before this moment are final: no log of theirs can come any more.
    pub complete_until: Option<Timestamp>,
    /// What needs a person: files missing that were counted before, hours that cannot be counted.
    pub problems: Vec<String>,
}
