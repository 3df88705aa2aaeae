//! What is wrong with declarations, and where.

use std::fmt;

use shortener_core::wire::{Problem, ProblemCode, Violation};

use crate::exit::ExitStatus;
use crate::formats::FileError;

/// The rule that a file can be read.
pub(super) const UNREADABLE: &str = "unreadable";

/// A place in a file, from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: u64,
    /// None where a format only has lines.
    pub(crate) column: Option<u64>,
}

impl Position {
    pub(crate) fn new(line: u64, column: u64) -> Self {
        Self { line, column: Some(column) }
    }

    pub(crate) fn of_line(line: u64) -> Self {
        Self { line, column: None }
    }
}

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The file, or `standard input`.
    pub(crate) file: String,
    /// Where in it.
    pub(crate) at: Option<Position>,
    /// Stable name of the rule.
    pub(crate) code: &'static str,
    /// What is wrong; lower case, no full stop.
    pub(crate) detail: String,
    /// What to do about it, where that does not go without saying.
    pub(crate) hint: Option<String>,
}

impl Fault {
    /// The place and what is wrong there.
    fn sentence(&self) -> String {
        format!("{}: {}", Place { file: &self.file, at: self.at }, self.detail)
    }

    /// The fault alone.
    pub(crate) fn problem(&self) -> Problem {
        Problem { hint: self.hint.clone(), ..Problem::new(ProblemCode::Invalid, self.sentence()) }
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        let at = error.line.map(|line| Position { line, column: error.column });
        let hint = Some(error.hint).filter(|hint| !hint.is_empty());
        let code = if error.status == ExitStatus::Usage { UNREADABLE } else { "content" };
        Self { file: error.file, at, code, detail: error.detail, hint }
    }
}

/// A file and a position in it, as compilers write them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) at: Option<Position>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(Position { line, column: Some(column) }) => write!(f, "{}:{line}:{column}", self.file),
            Some(Position { line, column: None }) => write!(f, "{}:{line}", self.file),
            None => f.write_str(self.file),
        }
    }
}

/// All faults as one problem, for programs.
pub(crate) fn problem(faults: &[Fault]) -> Problem {
    if let [only] = faults {
        return only.problem();
    }
    let violation =
        |fault: &Fault| Violation { pointer: String::new(), code: fault.code.to_owned(), detail: fault.sentence() };
    let errors = faults.iter().map(violation).collect();
    let detail = format!("{} things are wrong with what is declared", faults.len());
    Problem { errors, ..Problem::new(ProblemCode::Invalid, detail) }
}
