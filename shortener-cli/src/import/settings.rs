//! What an import is told.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::judge::OnConflict;
use super::reading::Additions;
use crate::formats::ReadOptions;

/// What an import is told.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The file; standard input where none.
    pub(crate) file: Option<PathBuf>,
    /// How it is read.
    pub(crate) read: ReadOptions,
    /// What to do about taken codes.
    pub(crate) on_conflict: OnConflict,
    /// What is added to every row.
    pub(crate) additions: Additions,
    /// More failed rows than this end the import.
    pub(crate) max_errors: Option<u64>,
    /// Where rows go that failed; beside the file where none.
    pub(crate) report: Option<PathBuf>,
    /// Whether to skip what an earlier run has done.
    pub(crate) resume: bool,
    /// How many links are read again at the end.
    pub(crate) verify: Option<Sample>,
    /// Most batches under way at once.
    pub(crate) concurrency: Option<usize>,
    /// How long to go on without progress.
    pub(crate) timeout: Duration,
}

/// How many links are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// All.
    All,
    /// So many, evenly spread.
    Some(u64),
}

impl FromStr for Sample {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            number => number.parse().map(Self::Some).map_err(|_| "give a number, or 'all'"),
        }
    }
}

impl Sample {
    /// Of how many rows one is read again.
    pub(super) fn step(self, rows: u64) -> u64 {
        match self {
            Self::All => 1,
            Self::Some(number) => rows.div_ceil(number.max(1)),
        }
    }
}
