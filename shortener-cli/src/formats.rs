//! The files that links come from: one record at a time, whatever the format, in memory that does not grow with the file.
//!
//! [`open`] finds out what a file is and answers a [`Source`] of [`Record`]s. Two readers under it know how bytes become
//! records (text with delimiters, JSON, SQL, SQLite); `products` says in tables what the columns and keys of each product
//! mean; `row` makes a request of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use shortener_core::wire::{CreateLink, Problem, ProblemCode, Violation};

use crate::comparison::Fields;
use crate::exit::ExitStatus;

mod bytes;
mod delimited;
mod fault;
mod field;
mod header;
mod json;
mod kind;
mod moment;
mod options;
mod own;
mod position;
mod products;
mod rejects;
mod row;
mod source;
mod sql;
mod sqlite;
mod text;
mod value;

pub(crate) use field::TargetField;
pub(crate) use kind::Kind;
pub(crate) use options::ReadOptions;
pub(crate) use own::{Compression, OwnForm, OwnWriter, neutralise};
pub(crate) use rejects::{RejectsForm, RejectsWriter};
pub(crate) use source::{Source, open};

/// The key or column of a rejects file that says why a record was rejected. It is never read.
pub(crate) const IMPORT_ERROR: &str = "import_error";

/// The most bytes that one record may have.
pub(crate) const MAX_RECORD_BYTES: usize = 1 << 20;

/// One record of a file that is a link, or was meant to be one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// The line on which it begins, from 1; its number where the format has no lines.
    pub(crate) line: u64,
    /// The record as it stands in the file, so that it can be given back in the file's own form.
    pub(crate) raw: String,
    /// What it says, or what is wrong with it.
    pub(crate) row: Result<Row, Vec<Violation>>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The link.
    pub(crate) request: CreateLink,
    /// Which of its fields the record speaks of.
    pub(crate) given: Fields,
}

/// Why a file cannot be read to its end. Nothing has been written when it is met.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", self.place())]
pub(crate) struct FileError {
    /// The file, or `standard input`.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: Option<u64>,
    /// The column in characters, from 1.
    pub(crate) column: Option<u64>,
    /// What is wrong.
    pub(crate) detail: String,
    /// What to do next.
    pub(crate) hint: String,
    /// [`ExitStatus::Usage`] if another file or flag was meant, [`ExitStatus::Rejected`] if its content is wrong.
    pub(crate) status: ExitStatus,
}

impl FileError {
    fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            (Some(line), None) => format!("{}:{line}", self.file),
            _ => self.file.clone(),
        }
    }

    /// The same as a problem.
    pub(crate) fn problem(&self) -> Problem {
        let code = if self.status == ExitStatus::Usage { ProblemCode::Malformed } else { ProblemCode::Invalid };
        Problem::new(code, self.to_string()).with_hint(&*self.hint)
    }
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input, all of which was written to this file: what it is can only be found out by reading it twice.
    Stdin(PathBuf),
}

impl Input {
    /// The file to read.
    pub(crate) fn path(&self) -> &std::path::Path {
        match self {
            Self::File(path) | Self::Stdin(path) => path,
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin(_) => "standard input".to_owned(),
        }
    }
}

/// What a format holds that no link of ours can keep: a sentence for each field, and in how many records it was.
pub(crate) type Losses = BTreeMap<String, u64>;

#[cfg(test)]
mod tests;
