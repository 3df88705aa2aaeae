//! Counts clicks from the access logs of an edge: at least once delivered lines become counts that are exact over them.

mod accumulate;
mod duplicates;
pub mod line;
mod manifest;
pub mod report;
pub mod run;
pub mod source;

pub use line::{FileEnd, FileReport, LogLine, Rejection, read_log};
pub use report::IngestReport;
pub use run::{Ingest, IngestError, IngestOptions, Lease, Reach, Watch};
pub use source::{LogFile, LogSource, SourceError};
