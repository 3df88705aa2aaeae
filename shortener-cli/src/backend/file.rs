//! Opening an embedded file, and what is wrong with one that cannot be opened.

use std::fs;
use std::io;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use shortener_core::operations::Mode;
use shortener_core::table::TableError;
use shortener_core::table::memory::MemoryTable;
use shortener_core::table::sqlite::{OpenMode, SqliteOptions, SqliteTable};
use shortener_core::wire::{Problem, ProblemCode};

use super::{Access, Store};
use crate::config::FileLocation;

/// Opens the file, which is made where the command makes it. A dry run takes an empty table in memory for a file that it
/// would make, and leaves what is missing missing.
///
/// # Errors
/// It cannot be opened, or could not be made.
pub(super) fn open(file: &FileLocation, access: Access, mode: Mode) -> Result<Store, Problem> {
    let makes = match access {
        Access::Read => file.is_default,
        Access::Fill => false,
        Access::Write => true,
    };
    let opened = match (makes, mode) {
        (true, Mode::DryRun) if is_unmade(&file.path) => {
            could_be_made(&file.path).map(|()| Store::Memory(Arc::new(MemoryTable::new())))
        }
        (true, Mode::Apply) => open_table(&file.path, access, OpenMode::Create),
        (true, Mode::DryRun) | (false, _) => open_table(&file.path, access, OpenMode::Existing),
    };
    opened.map_err(|error| about_file(file, error))
}

fn open_table(path: &Path, access: Access, mode: OpenMode) -> Result<Store, TableError> {
    let open = |mode| SqliteTable::open(path, SqliteOptions { mode, ..SqliteOptions::default() });
    let opened = match open(mode) {
        Err(TableError::ReadOnly | TableError::AccessDenied(_)) if access == Access::Read => open(OpenMode::ReadOnly),
        other => other,
    };
    opened.map(|table| Store::File(Arc::new(table)))
}

/// Whether a table would be made at the path: no file is there, or one without a byte.
fn is_unmade(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.is_file() && found.len() == 0)
}

/// Whether a file could be made at the path with the folders that are missing, as far as this shows without trying.
fn could_be_made(path: &Path) -> Result<(), TableError> {
    let there = path.ancestors().find(|place| place.as_os_str().is_empty() || place.exists());
    let place = there.filter(|place| !place.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if place != path && !place.is_dir() {
        return Err(TableError::Unavailable(io::Error::from(ErrorKind::NotADirectory).into()));
    }
    may_write(place).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => TableError::AccessDenied(error.to_string()),
        ErrorKind::ReadOnlyFilesystem => TableError::ReadOnly,
        _ => TableError::Unavailable(error.into()),
    })
}

#[cfg(unix)]
fn may_write(place: &Path) -> io::Result<()> {
    use rustix::fs::Access;
    let wanted = if place.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK };
    Ok(rustix::fs::access(place, wanted)?)
}

/// Elsewhere only trying would show it.
#[cfg(not(unix))]
fn may_write(_place: &Path) -> io::Result<()> {
    Ok(())
}

/// The problem of a file, named, with advice that is about files.
fn about_file(file: &FileLocation, error: TableError) -> Problem {
    let path = file.path.display();
    if file.path.is_dir() {
        return Problem { retryable: false, ..Problem::new(ProblemCode::Unavailable, format!("{path} is a folder")) }
            .with_hint(format!("name a file in it, such as {path}/links.db"));
    }
    if is_denied(&file.path, &error) {
        return Problem::new(ProblemCode::Forbidden, format!("cannot open {path}: permission denied"))
            .with_hint("give this user access to the file and its folder, or name another file by --file");
    }
    if let TableError::Unavailable(_) = error {
        let why = if file.path.ancestors().skip(1).any(Path::is_file) {
            "its folder is a file"
        } else {
            "it cannot be reached"
        };
        return Problem {
            retryable: false,
            ..Problem::new(ProblemCode::Unavailable, format!("cannot open {path}: {why}"))
        }
        .with_hint("check the path, or name another file by --file");
    }
    let mut problem = Problem::from(error);
    if !problem.detail.contains(&path.to_string()) {
        problem.detail = format!("{path}: {}", problem.detail);
    }
    problem
}

/// Whether the system denies access: of a file that cannot be opened, SQLite does not say why.
fn is_denied(path: &Path, error: &TableError) -> bool {
    let cannot_read = || fs::File::open(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
    match error {
        TableError::AccessDenied(_) => true,
        TableError::Unavailable(_) => cannot_read(),
        _ => false,
    }
}
