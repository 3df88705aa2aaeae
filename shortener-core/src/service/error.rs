//! What the service says no with, and how each reads as a problem.

use crate::error::InvalidValue;
use crate::link::{ShortCode, TargetUrl};
use crate::table::TableError;
use crate::wire::{Link, Problem, ProblemCode, Violation};

/// Why the service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The request breaks rules.
    #[error("the request breaks rules")]
    Invalid(Vec<Violation>),
    /// The range of statistics that is asked for is too long.
    #[error("a range has at most {most}")]
    RangeTooLong {
        /// What is possible.
        most: &'static str,
        /// How to ask instead.
        hint: &'static str,
    },
    /// A header or parameter has no meaning.
    #[error("{0}")]
    Malformed(String),
    /// No valid key.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Another link has the code.
    #[error("code '{0}' is already taken")]
    CodeTaken(ShortCode, Box<Link>),
    /// A deleted or expired link still holds the code; none if the caller may not see it.
    #[error("code '{0}' is retired")]
    CodeRetired(ShortCode, Box<Link>),
    /// No free code was found.
    #[error("no free code was found in {0} attempts")]
    NoFreeCode(u8),
    /// The thing was changed meanwhile; a link is shown as it is now.
    #[error("it was changed meanwhile: its version is {found}, not {expected}")]
    VersionMismatch {
        /// The version asked for.
        expected: u64,
        /// The version found.
        found: u64,
        /// The link as it is now.
        link: Option<Box<Link>>,
    },
    /// The state of the thing does not allow this.
    #[error("{detail}")]
    StateConflict {
        /// What is in the way.
        detail: String,
        /// What to do about it.
        hint: String,
    },
    /// The idempotency key was used with another request.
    #[error("the idempotency key was used before with another request")]
    IdempotencyKeyReused,
    /// The cursor is none of this list and filter.
    #[error("the cursor does not belong to this list and filter")]
    CursorInvalid,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] TableError),
}

impl ServiceError {
    /// One broken rule.
    pub(crate) fn violation(pointer: &str, invalid: &InvalidValue) -> Self {
        Self::Invalid(vec![Violation::at(pointer, invalid)])
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let detail = error.to_string();
        let problem = |code| Self::new(code, detail.clone());
        match error {
            ServiceError::Invalid(violations) => Self::invalid(violations),
            ServiceError::RangeTooLong { hint, .. } => {
                Self::invalid(vec![Violation::at("/since", &InvalidValue::new("range_too_long", detail))])
                    .with_hint(hint)
            }
            ServiceError::Malformed(_) => problem(ProblemCode::Malformed),
            ServiceError::Unauthenticated(_) => problem(ProblemCode::Unauthenticated)
                .with_hint("send a valid key in the header X-Api-Key (the command reads SHORT_API_KEY)"),
            ServiceError::Forbidden(_) => {
                problem(ProblemCode::Forbidden).with_hint("use a key whose role and scope allow this")
            }
            ServiceError::NotFound(_) => problem(ProblemCode::NotFound),
            ServiceError::CodeTaken(_, link) => problem(ProblemCode::CodeTaken)
                .with_link(*link)
                .with_hint("choose another code, or ask for the existing link with if_exists=return"),
            ServiceError::CodeRetired(_, link) => problem(ProblemCode::CodeRetired)
                .with_link(*link)
                .with_hint("restore or extend the link that has it, choose another code, or reissue it explicitly"),
            ServiceError::NoFreeCode(_) => problem(ProblemCode::Unavailable).with_hint("use longer codes"),
            ServiceError::VersionMismatch { link, .. } => {
                let problem = problem(ProblemCode::VersionMismatch)
                    .with_hint("read it again and repeat the change on the new version");
                match link {
                    Some(link) => problem.with_link(*link),
                    None => problem,
                }
            }
            ServiceError::StateConflict { hint, .. } => problem(ProblemCode::StateConflict).with_hint(hint),
            ServiceError::IdempotencyKeyReused => {
                problem(ProblemCode::IdempotencyKeyReused).with_hint("use a new idempotency key for another request")
            }
            ServiceError::CursorInvalid => {
                problem(ProblemCode::CursorInvalid).with_hint("begin again without a cursor")
            }
            ServiceError::Store(error) => error.into(),
        }
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        Self { about_the_store: true, ..of_table(&error) }
    }
}

fn of_table(error: &TableError) -> Problem {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    let detail = format!("{error}{cause}");
    let problem = |code| Problem::new(code, detail.clone());
    let unavailable =
        |hint: &str| Problem { retry_after_seconds: Some(1), ..problem(ProblemCode::Unavailable).with_hint(hint) };
    let fatal = |hint: &str| Problem { retryable: false, ..problem(ProblemCode::Unavailable).with_hint(hint) };
    match error {
        TableError::Conflict | TableError::Throttled | TableError::Locked => unavailable("try again in a moment"),
        TableError::Unavailable(_) => unavailable(
            "check that the table can be reached (its file, or endpoint, region and network), then try again",
        ),
        TableError::OutcomeUnknown(_) => problem(ProblemCode::OutcomeUnknown)
            .with_hint("repeat the request with the same idempotency key to learn its outcome"),
        TableError::NoSuchTable(_) => fatal("check the name, or create it with 'short table create'"),
        TableError::NoCredentials(_) => problem(ProblemCode::Unauthenticated).with_hint(TableError::ABOUT_CREDENTIALS),
        TableError::AccessDenied(_) => {
            problem(ProblemCode::Forbidden).with_hint("check the permissions of the user or role")
        }
        TableError::BadItem(_) => problem(ProblemCode::Internal).with_hint("restore the item from a backup"),
        TableError::Corrupt(_) => problem(ProblemCode::Internal).with_hint("restore a backup, or name another file"),
        TableError::ReadOnly => fatal("make the file and its folder writable, or name another file"),
        TableError::DiskFull => problem(ProblemCode::StorageFull).with_hint("free some space, then try again"),
        TableError::ItemTooLarge { .. } => problem(ProblemCode::TooLarge),
        TableError::ConditionFailed { .. } | TableError::Invalid(_) | TableError::Engine(_) => {
            problem(ProblemCode::Internal)
        }
    }
}

/// The violation of a target that is too long.
pub(super) fn target_too_long(target: &TargetUrl, max: usize) -> InvalidValue {
    InvalidValue::new(
        "target_too_long",
        format!("the target has {} bytes, over the limit of {max}", target.as_str().len()),
    )
}
