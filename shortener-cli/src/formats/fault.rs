//! What is wrong with the content of a file, before it is known which file that is.

use std::io;

use crate::exit::ExitStatus;

use super::FileError;

/// A [`FileError`] without the file. It travels through readers inside an [`io::Error`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub(super) struct Fault {
    line: Option<u64>,
    column: Option<u64>,
    detail: String,
    hint: String,
    status: ExitStatus,
}

impl Fault {
    /// The content is wrong.
    pub(super) fn content(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line: None, column: None, detail: detail.into(), hint: hint.into(), status: ExitStatus::Rejected }
    }

    /// Another file or flag was meant.
    pub(super) fn usage(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: ExitStatus::Usage, ..Self::content(detail, hint) }
    }

    /// At a line, from 1.
    #[must_use]
    pub(super) fn on(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// At a line and a column in characters, both from 1.
    #[must_use]
    pub(super) fn at(mut self, line: u64, column: u64) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// At a line, unless the place is known better.
    #[must_use]
    pub(super) fn or_on(mut self, line: u64) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// With the file.
    pub(super) fn of_file(self, file: &str) -> FileError {
        let Self { line, column, detail, hint, status } = self;
        FileError { file: file.to_owned(), line, column, detail, hint, status }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(fault) => fault,
            Err(error) => Self::usage(format!("cannot be read: {}", error.kind()), "check the file and its disk"),
        }
    }
}

impl From<csv::Error> for Fault {
    fn from(error: csv::Error) -> Self {
        let words = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            _ => Self::content(words, "check the file"),
        }
    }
}
