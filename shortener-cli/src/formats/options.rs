//! How a file is to be read.

use jiff::tz::TimeZone;

use super::{Kind, TargetField};

/// What the person who has the file knows of it.
#[derive(Debug, Clone)]
pub(crate) struct ReadOptions {
    /// Whose file it is; found out where absent.
    pub(crate) format: Option<Kind>,
    /// Columns or keys and the fields that they are, before anything that is known of the format.
    pub(crate) mapping: Vec<(String, TargetField)>,
    /// The time zone of times that name none, such as those of YOURLS.
    pub(crate) time_zone: TimeZone,
    /// What separates the cells of a line; found out where absent.
    pub(crate) delimiter: Option<u8>,
    /// Keep the domains of a foreign file. Otherwise its links go to the default domain. Our own files keep theirs.
    pub(crate) keep_domains: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { format: None, mapping: Vec::new(), time_zone: TimeZone::UTC, delimiter: None, keep_domains: false }
    }
}
