//! Where access logs are.

use std::fmt::Debug;
use std::io::Read;
use std::ops::RangeInclusive;

use async_trait::async_trait;

use super::left_alone::LeftAlone;
use crate::stats::Hour;

/// A log file, as its source lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogFile {
    /// Its name without any folder: `DISTRIBUTION.yyyy-mm-dd-hh.ID`, perhaps with `.gz` or another ending.
    pub name: String,
    /// The hour in its name: of the requests in it, even where it comes late.
    pub hour: Hour,
    /// The distribution in its name.
    pub distribution: String,
    /// Where its source finds it: a path, or a key.
    pub location: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What changes when its content does: an entity tag, or a moment of modification.
    pub tag: String,
}

/// Logs cannot be listed or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// They cannot be reached now: try again later.
    #[error("{place} cannot be read")]
    Unavailable {
        /// Which folder, bucket or file.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no such place, or it cannot be read as it was named.
    #[error("{place}: {reason}")]
    Refused {
        /// Which folder, bucket or file.
        place: String,
        /// Why.
        reason: String,
    },
    /// A file was named that is no log, by its name.
    #[error("{place}: its name is not that of an access log: DISTRIBUTION.yyyy-mm-dd-hh.ID, and perhaps .gz")]
    NoLog {
        /// Which file.
        place: String,
    },
    /// Credentials are missing, cannot be loaded, or are refused.
    #[error("{place}: {reason}")]
    NoCredentials {
        /// Which bucket or file.
        place: String,
        /// Why.
        reason: String,
    },
    /// The credentials do not allow it.
    #[error("{place}: {reason}")]
    Denied {
        /// Which bucket or file.
        place: String,
        /// Why.
        reason: String,
    },
}

/// A place where access logs are.
#[async_trait]
pub trait LogSource: Send + Sync + Debug {
    /// Lists the files whose names have an hour in `hours`, in any order; all files where it is none.
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError>;

    /// What the last listing of all files left alone.
    fn left_alone(&self) -> LeftAlone {
        LeftAlone::default()
    }

    /// Opens a listed file.
    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError>;
}

impl LogFile {
    /// Distribution and hour in the name of a file; none if it is no name of a log.
    pub fn parse_name(name: &str) -> Option<(&str, Hour)> {
        let (distribution, rest) = name.split_once('.')?;
        let (hour, _) = rest.split_once('.')?;
        (!distribution.is_empty()).then_some(())?;
        Some((distribution, Hour::parse(hour)?))
    }
}
