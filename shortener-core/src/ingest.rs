//! Counts clicks from the access logs of an edge: at least once delivered lines become counts that are exact over them.

mod accumulate;
mod broken;
mod columns;
mod duplicates;
pub mod fields;
pub mod folder;
pub mod format;
#[cfg(test)]
mod fuzz;
pub mod left_alone;
pub mod line;
mod lines;
mod manifest;
pub mod meter;
mod moment;
mod object;
mod reading;
pub mod report;
#[cfg(feature = "s3")]
pub mod requests;
pub mod run;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "s3")]
mod service_error;
pub mod source;
#[cfg(feature = "testing")]
pub mod testing;
mod utm;

pub use folder::Folder;
pub use format::{CONFIGURED_FIELDS, LogFormat};
pub use left_alone::LeftAlone;
pub use line::{FileEnd, FileReport, LogLine, NoColumns, Rejection, read_log, read_log_as};
pub use meter::RequestMeter;
pub use report::IngestReport;
#[cfg(feature = "s3")]
pub use requests::CloudWatch;
pub use run::{Ingest, IngestError, IngestOptions, Lease, Reach, Recount, RollUp, Watch};
#[cfg(feature = "s3")]
pub use s3::{S3Logs, S3Place, S3Settings};
pub use source::{LogFile, LogSource, SourceError};
