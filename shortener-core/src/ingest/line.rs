//! One request in an access log of CloudFront.
//!
//! Formats: the legacy standard log (tab-separated, `#Fields`), and standard logging v2 as `w3c`, `json` and `plain`.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html>

use std::collections::BTreeMap;

pub use super::reading::{read_log, read_log_as};

/// A request as the log has it: values are percent-encoded, and empty where the log has `-` or no such field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogLine<'a> {
    /// When the edge answered, in seconds since 1970.
    pub second: i64,
    /// `x-edge-request-id`: the same in every copy of the line, and in no other line.
    pub request_id: &'a [u8],
    /// `x-host-header`: the host that the visitor asked for, or `cs-host` where the log has only that.
    pub host: &'a [u8],
    /// `cs-method`, as the visitor spelled it.
    pub method: &'a [u8],
    /// `cs-uri-stem`: the path, or `*`.
    pub path: &'a [u8],
    /// `cs-uri-query`, without its question mark.
    pub query: &'a [u8],
    /// `sc-status`; 0 where the visitor hung up.
    pub status: u16,
    /// `x-edge-response-result-type`, or `x-edge-result-type` where the log has only that.
    pub result: &'a [u8],
    /// `cs(Referer)`.
    pub referrer: &'a [u8],
    /// `cs(User-Agent)`.
    pub user_agent: &'a [u8],
    /// `c-country`.
    pub country: &'a [u8],
    /// `c-ip`: never kept.
    pub address: &'a [u8],
}

/// Why a line, or the rest of a file, is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// The file ends within its compression or its last line.
    Truncated,
    /// The file is not what its name says: broken compression, or binary.
    Corrupt,
    /// There is no header of fields before the line, or one without a field that counting needs, and the line is not
    /// one of a log without headers.
    NoFields,
    /// The line has another number of fields than its header, or is no JSON object.
    Malformed,
    /// Date or time is none.
    BadTime,
    /// There is no request id, so that copies of the line could not be told.
    NoRequestId,
    /// The method, status or path is none.
    BadRequest,
    /// The line is longer than any that CloudFront writes.
    TooLong,
    /// The moment is outside the hours that the file's name stands for.
    OutsideFile,
    /// The moment has not come yet: a clock is wrong, that of the edge or ours.
    Future,
}

impl Rejection {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::NoFields => "no_fields",
            Self::Malformed => "malformed",
            Self::BadTime => "bad_time",
            Self::NoRequestId => "no_request_id",
            Self::BadRequest => "bad_request",
            Self::TooLong => "too_long",
            Self::OutsideFile => "outside_file",
            Self::Future => "future",
        }
    }
}

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileEnd {
    /// At its end.
    Complete,
    /// Before its end, for this reason; the lines before are counted.
    Broken(Rejection),
}

/// What was in a file. Empty lines and directives (`#…`) are no lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Lines that were handed over.
    pub lines: u64,
    /// Lines that were not, by reason; a broken end counts as one.
    pub rejected: BTreeMap<Rejection, u64>,
    /// How it ended.
    pub end: FileEnd,
}

impl FileReport {
    /// Of a file in which nothing was read yet.
    pub fn new() -> Self {
        Self { lines: 0, rejected: BTreeMap::new(), end: FileEnd::Complete }
    }

    /// Counts a line that is not handed over.
    pub fn reject(&mut self, reason: Rejection) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// Says how it ended before its end, and counts that.
    pub(super) fn break_off(&mut self, reason: Rejection) {
        self.reject(reason);
        self.end = FileEnd::Broken(reason);
    }
}

impl Default for FileReport {
    fn default() -> Self {
        Self::new()
    }
}
