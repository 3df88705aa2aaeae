//! Online backup: a snapshot copied into a new file while others write.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::super::TableError;
use super::error::file_meaning;
use super::schema::{create_file, sync_name};

/// Pages copied between two looks at the outcome.
const PAGES: i32 = 4_096;

/// Copies the table as it is now. The file gets its name only when it is whole and on the disk.
pub(super) fn backup(source: &mut Connection, to: &Path) -> Result<(), TableError> {
    if to.exists() {
        return Err(TableError::Invalid(format!("{} exists already", to.display())));
    }
    let partial = Partial(partial_path(to));
    create_file(&partial.0).map_err(file_meaning)?;
    copy(source, &partial.0)?;
    File::open(&partial.0).and_then(|file| file.sync_all()).map_err(file_meaning)?;
    fs::rename(&partial.0, to).map_err(file_meaning)?;
    sync_name(to).map_err(file_meaning)
}

fn partial_path(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(format!(".partial-{}", std::process::id()));
    name.into()
}

/// A file that is removed unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Usually it is gone, and a leftover harms nobody.
        let _ = fs::remove_file(&self.0);
    }
}

fn copy(source: &mut Connection, to: &Path) -> Result<(), TableError> {
    // An open read transaction pins the snapshot; without it each foreign commit would start the copy anew.
    let snapshot = source.transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let backup = Backup::new(&snapshot, &mut target)?;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(TableError::Locked),
        }
    }
}
