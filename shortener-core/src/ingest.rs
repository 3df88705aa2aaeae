//! Counts clicks from the access logs of an edge: at least once delivered lines become counts that are exact over them.

pub mod line;
pub mod report;
pub mod source;

pub use line::{FileEnd, FileReport, LogLine, Rejection};
pub use report::IngestReport;
pub use source::{LogFile, LogSource, SourceError};
