//! What the process exits with, and the failures that are no problem of the service.

use std::process::ExitCode;

use shortener_core::wire::{Problem, ProblemCode};

/// The exit status; scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitStatus {
    /// Done.
    Ok = 0,
    /// A failure that no other number names.
    Failure = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// There is no such link, key or domain.
    NotFound = 3,
    /// The key or the credentials are missing or not enough.
    Auth = 4,
    /// The code is taken, or the thing was changed meanwhile.
    Conflict = 5,
    /// The request breaks rules.
    Rejected = 6,
    /// The service or the table cannot be reached; trying again can succeed.
    Unavailable = 7,
    /// Some of several things failed.
    Partial = 8,
    /// What is there differs from what was described.
    Drift = 9,
    /// Interrupted, or a confirmation was declined.
    Interrupted = 130,
}

impl ExitStatus {
    /// Every status with what it means, for the help.
    pub(crate) const ALL: [(Self, &str); 11] = [
        (Self::Ok, "done"),
        (Self::Failure, "any other failure: damaged or read-only file, missing table, full disk"),
        (Self::Usage, "wrong command line or configuration, missing or unreadable input, no --yes without a terminal"),
        (Self::NotFound, "there is no such link, key or domain"),
        (Self::Auth, "the key or the credentials are missing, wrong, or do not allow this"),
        (Self::Conflict, "the code is taken or retired, or the thing was changed meanwhile"),
        (Self::Rejected, "the request breaks rules"),
        (Self::Unavailable, "the service or table cannot be reached, or is busy or locked: try again later"),
        (Self::Partial, "some of several things failed, the others are done"),
        (Self::Drift, "what is there differs from what was described"),
        (Self::Interrupted, "interrupted, or the confirmation was declined"),
    ];

    /// The status of a problem.
    pub(crate) fn of(problem: &Problem) -> Self {
        match problem.code {
            ProblemCode::Unauthenticated | ProblemCode::Forbidden => Self::Auth,
            ProblemCode::NotFound => Self::NotFound,
            ProblemCode::CodeTaken
            | ProblemCode::CodeRetired
            | ProblemCode::StateConflict
            | ProblemCode::VersionMismatch => Self::Conflict,
            ProblemCode::Malformed
            | ProblemCode::CursorInvalid
            | ProblemCode::TooLarge
            | ProblemCode::Invalid
            | ProblemCode::IdempotencyKeyReused => Self::Rejected,
            ProblemCode::Unavailable | ProblemCode::OutcomeUnknown if problem.retryable => Self::Unavailable,
            ProblemCode::Unavailable
            | ProblemCode::OutcomeUnknown
            | ProblemCode::MethodNotAllowed
            | ProblemCode::UnsupportedMediaType
            | ProblemCode::Internal
            | ProblemCode::StorageFull => Self::Failure,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command stopped before it had an answer of the service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// The command line or the configuration is wrong.
    #[error("{detail}")]
    Usage {
        /// What is wrong.
        detail: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A confirmation was declined.
    #[error("declined; nothing was changed")]
    Declined,
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Ctrl-C after a part was done.
    #[error("{detail}")]
    Halted {
        /// What was done.
        detail: String,
        /// How to go on.
        hint: String,
    },
}

impl Stopped {
    /// The command line is wrong, and this is what to do.
    pub(crate) fn usage(detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { detail: detail.into(), hint: Some(hint.into()) }
    }

    /// Its exit status.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Usage { .. } => ExitStatus::Usage,
            Self::Declined | Self::Interrupted | Self::Halted { .. } => ExitStatus::Interrupted,
        }
    }

    /// The same as a problem, for `--json`.
    pub(crate) fn problem(&self) -> Problem {
        let hint = match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Halted { hint, .. } => Some(hint.clone()),
            Self::Declined | Self::Interrupted => None,
        };
        Problem { hint, ..Problem::new(ProblemCode::Malformed, self.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_has_its_status() {
        let statuses: Vec<(&str, u8)> = ProblemCode::ALL
            .iter()
            .map(|code| (code.as_str(), ExitStatus::of(&Problem::new(*code, "x")) as u8))
            .collect();
        let expected = [
            ("malformed", 6),
            ("cursor_invalid", 6),
            ("unauthenticated", 4),
            ("forbidden", 4),
            ("not_found", 3),
            ("method_not_allowed", 1),
            ("code_taken", 5),
            ("code_retired", 5),
            ("state_conflict", 5),
            ("version_mismatch", 5),
            ("too_large", 6),
            ("unsupported_media_type", 1),
            ("invalid", 6),
            ("idempotency_key_reused", 6),
            ("internal", 1),
            ("unavailable", 7),
            ("outcome_unknown", 7),
            ("storage_full", 1),
        ];
        assert_eq!(statuses, expected);
        let lasting = Problem { retryable: false, ..Problem::new(ProblemCode::Unavailable, "x") };
        assert_eq!(ExitStatus::of(&lasting), ExitStatus::Failure);
    }
}
