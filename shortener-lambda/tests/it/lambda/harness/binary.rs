//! The binaries under test: those that cargo builds beside the tests, or others, such as those of an image.

use std::path::PathBuf;

/// Names a directory whose binaries are tested in place of those of this tree.
const ELSEWHERE: &str = "SHORT_BINARIES_UNDER_TEST";

/// A binary of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Lambda,
    Ingest,
}

impl Binary {
    /// Where it is.
    pub(crate) fn path(self) -> PathBuf {
        let (name, built) = match self {
            Self::Lambda => ("shortener-lambda", env!("CARGO_BIN_EXE_shortener-lambda")),
            Self::Ingest => ("shortener-ingest", env!("CARGO_BIN_EXE_shortener-ingest")),
        };
        let elsewhere = std::env::var_os(ELSEWHERE);
        elsewhere.map_or_else(|| PathBuf::from(built), |directory| PathBuf::from(directory).join(name))
    }
}
