//! Counts clicks from the access logs of an edge: at least once delivered lines become counts that are exact over them.

mod accumulate;
mod columns;
mod duplicates;
pub mod fields;
pub mod folder;
pub mod format;
pub mod line;
mod lines;
mod manifest;
mod moment;
mod object;
mod reading;
pub mod report;
pub mod run;
pub mod source;
#[cfg(feature = "testing")]
pub mod testing;
mod utm;

pub use folder::Folder;
pub use format::{CONFIGURED_FIELDS, LogFormat};
pub use line::{FileEnd, FileReport, LogLine, Rejection, read_log, read_log_as};
pub use report::IngestReport;
pub use run::{Ingest, IngestError, IngestOptions, Lease, Reach, Watch};
pub use source::{LogFile, LogSource, SourceError};
