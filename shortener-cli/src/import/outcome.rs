//! What becomes of a row.

use serde::{Deserialize, Serialize};
use shortener_core::wire::{Problem, Violation};

use crate::comparison::Difference;

/// What became of a row, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub(crate) enum Outcome {
    /// The link is new.
    Created = 1,
    /// The link was there.
    Unchanged = 2,
    /// The link was there and is now what the row says.
    Updated = 3,
    /// Another link has the code, and was to be left alone.
    Skipped = 4,
    /// Another link has the code.
    Conflict = 5,
    /// The row breaks rules.
    Invalid = 6,
    /// Nobody knows: the table or the service failed.
    Failed = 7,
}

impl Outcome {
    /// Every outcome, in the order in which they are shown.
    pub(crate) const ALL: [Self; 7] =
        [Self::Created, Self::Unchanged, Self::Updated, Self::Skipped, Self::Conflict, Self::Invalid, Self::Failed];

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Updated => "updated",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    /// Whether the row is to be looked at by someone.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Conflict | Self::Invalid | Self::Failed)
    }

    /// The outcome that a byte stands for.
    pub(crate) fn of_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| *outcome as u8 == byte)
    }
}

/// How many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Totals {
    pub(crate) created: u64,
    pub(crate) unchanged: u64,
    pub(crate) updated: u64,
    pub(crate) skipped: u64,
    pub(crate) conflict: u64,
    pub(crate) invalid: u64,
    pub(crate) failed: u64,
}

impl Totals {
    /// Counts one more row.
    pub(crate) fn count(&mut self, outcome: Outcome) {
        *self.of_mut(outcome) += 1;
    }

    /// How many rows ended so.
    pub(crate) fn of(mut self, outcome: Outcome) -> u64 {
        *self.of_mut(outcome)
    }

    /// How many rows ended at all.
    pub(crate) fn sum(self) -> u64 {
        Outcome::ALL.into_iter().map(|outcome| self.of(outcome)).sum()
    }

    /// How many rows are to be looked at by someone.
    pub(crate) fn failures(self) -> u64 {
        self.conflict + self.invalid + self.failed
    }

    /// How many rows changed the table, or would.
    pub(crate) fn changes(self) -> u64 {
        self.created + self.updated
    }

    fn of_mut(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Updated => &mut self.updated,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Conflict => &mut self.conflict,
            Outcome::Invalid => &mut self.invalid,
            Outcome::Failed => &mut self.failed,
        }
    }
}

/// Why a row ended as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    /// Stable name: of the broken rule, or of the problem.
    pub(crate) code: String,
    /// The field that is wrong, if it is one alone.
    pub(crate) field: Option<String>,
    /// In words.
    pub(crate) detail: String,
}

impl Reason {
    /// A reason without a field.
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), field: None, detail: detail.into() }
    }

    /// The rules that a row breaks.
    pub(crate) fn of_violations(violations: &[Violation]) -> Self {
        let field = |violation: &Violation| violation.pointer.trim_start_matches('/').to_owned();
        match violations {
            [one] => Self { code: one.code.clone(), field: Some(field(one)), detail: one.detail.clone() },
            several => {
                let each = several.iter().map(|one| format!("{}: {}", field(one), one.detail));
                Self::new("invalid", each.collect::<Vec<_>>().join("; "))
            }
        }
    }
}

impl From<&Problem> for Reason {
    fn from(problem: &Problem) -> Self {
        match problem.errors.as_slice() {
            [] => Self::new(problem.code.as_str(), problem.detail.clone()),
            violations => Self::of_violations(violations),
        }
    }
}

/// A row as it is shown to people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RowNote {
    /// Where it stands in the file.
    pub(crate) line: u64,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Its code, or the one that its link has got; none where nobody knows.
    pub(crate) code: Option<String>,
    /// Its target.
    pub(crate) target: String,
    /// Stable name of what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// What differs between the row and the link that has its code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) differences: Vec<Difference>,
}
