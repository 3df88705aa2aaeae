//! Why a table did not do what was asked.

use std::error::Error as StdError;

use super::{Item, MAX_ITEM_BYTES};

/// Why a table did not do what was asked; each variant is something the caller acts on.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A condition did not hold; nothing was written.
    #[error("the condition of write {index} does not hold")]
    ConditionFailed {
        /// Which of the writes, from 0.
        index: usize,
        /// The item found at that key.
        existing: Option<Box<Item>>,
    },
    /// Another transaction holds one of the items; nothing was written, and trying again can succeed.
    #[error("another transaction is writing the same item")]
    Conflict,
    /// An item is larger than [`MAX_ITEM_BYTES`].
    #[error("the item has {bytes} bytes, over the limit of {MAX_ITEM_BYTES}")]
    ItemTooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The store refuses for now because of load; nothing was written.
    #[error("the table is throttling requests")]
    Throttled,
    /// The store cannot be reached or does not answer; nothing was written.
    #[error("the table cannot be reached")]
    Unavailable(#[source] Source),
    /// A write was sent and its reply was lost: it may or may not have been applied.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown(#[source] Source),
    /// There is no such table or file.
    #[error("there is no table '{0}'")]
    NoSuchTable(String),
    /// Credentials are missing, or cannot be loaded.
    #[error("the table cannot be used without credentials")]
    NoCredentials(#[source] Source),
    /// Credentials were refused or do not allow this operation.
    #[error("access to the table was denied: {0}")]
    AccessDenied(String),
    /// Another process holds the file's write lock for too long; nothing was written.
    #[error("the table file is locked by another process")]
    Locked,
    /// One item is not what its key says; the rest of the table is unaffected.
    #[error("an item is damaged: {0}")]
    BadItem(String),
    /// The file is no table of ours, or is damaged.
    #[error("the table file is damaged or not a table: {0}")]
    Corrupt(String),
    /// The file cannot be written.
    #[error("the table file is read-only")]
    ReadOnly,
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    DiskFull,
    /// The request is none that the contract allows; a defect of the caller.
    #[error("invalid table request: {0}")]
    Invalid(String),
    /// Anything else.
    #[error("the table failed")]
    Engine(#[source] Source),
}

/// A boxed cause.
pub type Source = Box<dyn StdError + Send + Sync>;

impl TableError {
    /// What to do where credentials of AWS are missing, of a table or of anything else.
    pub const ABOUT_CREDENTIALS: &str = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; \
        where a sign-in has expired, sign in again";

    /// The error of a write, or of a read after it, where an earlier attempt may have been applied: that this one failed says
    /// nothing of that one.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        match self {
            unknown @ Self::OutcomeUnknown(_) => unknown,
            error => Self::OutcomeUnknown(error.into()),
        }
    }

    /// Whether the same request can succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Throttled | Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Locked)
    }
}
