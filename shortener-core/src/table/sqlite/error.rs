//! What the failures of SQLite mean to a caller of the table.

use rusqlite::{Error, ErrorCode};

use super::super::TableError;

/// The meaning of a failure that left nothing written.
pub(super) fn meaning(error: &Error) -> TableError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => TableError::Locked,
        Some(ErrorCode::DiskFull) => TableError::DiskFull,
        Some(ErrorCode::ReadOnly) => TableError::ReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => TableError::Corrupt(text),
        Some(ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
            TableError::AccessDenied(text)
        }
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => TableError::Unavailable(text.into()),
        _ => TableError::Engine(text.into()),
    }
}

/// The meaning of a failed COMMIT. After a failed write or fsync the log may or may not hold the transaction when it
/// is recovered; every other failure leaves it out.
pub(super) fn commit_meaning(error: &Error) -> TableError {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => TableError::OutcomeUnknown(error.to_string().into()),
        _ => meaning(error),
    }
}

impl From<Error> for TableError {
    fn from(error: Error) -> Self {
        meaning(&error)
    }
}

/// The meaning of a failure of the file system.
pub(super) fn file_meaning(error: std::io::Error) -> TableError {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => TableError::AccessDenied(error.to_string()),
        std::io::ErrorKind::ReadOnlyFilesystem => TableError::ReadOnly,
        std::io::ErrorKind::StorageFull => TableError::DiskFull,
        _ => TableError::Unavailable(error.into()),
    }
}

/// The same failure once more, for everyone whose request was in the transaction.
pub(super) fn copy(error: &TableError) -> TableError {
    match error {
        TableError::Locked => TableError::Locked,
        TableError::DiskFull => TableError::DiskFull,
        TableError::ReadOnly => TableError::ReadOnly,
        TableError::BadItem(text) => TableError::BadItem(text.clone()),
        TableError::Corrupt(text) => TableError::Corrupt(text.clone()),
        TableError::AccessDenied(text) => TableError::AccessDenied(text.clone()),
        TableError::Unavailable(source) => TableError::Unavailable(source.to_string().into()),
        TableError::OutcomeUnknown(source) => TableError::OutcomeUnknown(source.to_string().into()),
        other => TableError::Engine(other.to_string().into()),
    }
}
