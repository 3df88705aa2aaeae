//! The file: how it is created, recognised and opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::TableError;
use super::super::keys::{Index, SortType, attribute};
use super::error::file_meaning;
use super::{OpenMode, SqliteOptions};

/// `shrt`, in the file's header: tells our files from those of other programs.
pub(super) const APPLICATION_ID: i32 = 0x7368_7274;

/// Version of the schema, in the file's header.
pub(super) const VERSION: i32 = 1;

/// Statements kept prepared by each connection; queries have a few dozen forms.
const STATEMENTS: usize = 64;

/// Pages of 4 KiB in the log before it is copied into the file: many, because bulk imports rewrite the same pages.
const CHECKPOINT_PAGES: u32 = 32_000;

/// Bytes that the log keeps on disk after a checkpoint.
const LOG_BYTES: u32 = 128 * 1024 * 1024;

/// Creates the file where that is asked for, and checks that it is a table of a version we know.
pub(super) fn prepare(path: &Path, options: &SqliteOptions) -> Result<(), TableError> {
    if path.is_dir() {
        return Err(TableError::Corrupt(format!("{} is a directory", path.display())));
    }
    if options.mode == OpenMode::Create {
        create_file(path).map_err(file_meaning)?;
    } else if !path.exists() {
        return Err(TableError::NoSuchTable(path.display().to_string()));
    }
    let mut connection = connect(path, options)?;
    if options.mode != OpenMode::ReadOnly && connection.is_readonly("main")? {
        return Err(TableError::ReadOnly);
    }
    if options.mode == OpenMode::Create && is_empty(&connection)? {
        // First, so that no process can write into a table whose name may be lost.
        sync_name(path).map_err(file_meaning)?;
        initialise(&mut connection, options.busy_timeout)?;
    }
    check(&connection, path)
}

/// Opens a connection. What it may write is decided by the caller.
pub(super) fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, TableError> {
    let access = match options.mode {
        OpenMode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        OpenMode::Create | OpenMode::Existing => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let mut connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    if options.mode == OpenMode::ReadOnly && is_sealed(&connection, path) {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        connection = Connection::open_with_flags(immutable(path), flags)?;
    }
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Whether a file can be read but its folder not written, as on read-only media: SQLite cannot share the file's log
/// then, and nobody has one open.
fn is_sealed(connection: &Connection, path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let unreadable = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let refused = unreadable
        .is_err_and(|error| matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)));
    refused && File::open(path).is_ok() && fs::metadata(log).map_or(true, |log| log.len() == 0)
}

/// The address of a file that nobody changes, which SQLite reads without its log.
fn immutable(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1")
}

/// Opens the connection that writes: a commit returns when its bytes are on the disk.
pub(super) fn connect_writer(path: &Path, options: &SqliteOptions) -> Result<Connection, TableError> {
    let connection = connect(path, options)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    // Negative is KiB: 16 MiB hold the inner pages of some ten million items and what one transaction of a bulk load
    // changes; other pages come from the operating system's cache.
    connection.pragma_update(None, "cache_size", -16_384)?;
    if let Some(bytes) = options.max_bytes {
        let page_bytes: u64 = pragma(&connection, "page_size")?;
        connection.pragma_update(None, "max_page_count", (bytes / page_bytes).max(1))?;
    }
    Ok(connection)
}

/// One value of a pragma.
pub(super) fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> Result<T, TableError> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

/// Creates an empty file that only its owner reads: it will hold hashes of API keys. The log takes over its mode.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut create = OpenOptions::new();
    create.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
    match create.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes the file's name durable, and those of its folders, any of which may be new; SQLite does so for its log only.
pub(super) fn sync_name(path: &Path) -> io::Result<()> {
    let sync = |folder: &Path| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()
    };
    let mut folders = path.ancestors().skip(1);
    folders.next().map_or(Ok(()), sync)?;
    for folder in folders {
        // Who may not read a folder has not made one in it, or can do no more about it.
        let _ = sync(folder);
    }
    Ok(())
}

fn is_empty(connection: &Connection) -> Result<bool, TableError> {
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(objects == 0 && pragma::<i32>(connection, "application_id")? == 0)
}

fn initialise(connection: &mut Connection, patience: Duration) -> Result<(), TableError> {
    switch_to_log(connection, patience)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have been first.
    if is_empty(&transaction)? {
        transaction.execute_batch(&definition())?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(transaction.commit()?)
}

/// Sets write-ahead logging, which the file remembers. SQLite does not wait for a lock here by itself.
fn switch_to_log(connection: &Connection, patience: Duration) -> Result<(), TableError> {
    let begin = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begin.elapsed() < patience => {
                sleep(Duration::from_millis(5));
            }
            result => return Ok(result?),
        }
    }
}

fn check(connection: &Connection, path: &Path) -> Result<(), TableError> {
    let wrong = |what: String| Err(TableError::Corrupt(format!("{}: {what}", path.display())));
    if pragma::<i32>(connection, "application_id")? != APPLICATION_ID {
        return wrong("an SQLite file of another program".to_owned());
    }
    match pragma::<i32>(connection, "user_version")? {
        VERSION => Ok(()),
        version => wrong(format!("schema version {version}, this program knows {VERSION}")),
    }
}

/// The statements that make the schema. `body` is the truth; the other columns are copied out of it, for the indexes.
///
/// The table keeps its row ids: without them whole items would be the inner nodes of its tree, five to a page. Indexes end
/// with the primary key, so that equal sort values have an order of their own and keys-only queries read no item.
pub(super) fn definition() -> String {
    let columns = Index::ALL.map(|index| {
        let sort_type = match index.sort_type() {
            SortType::Text => "TEXT",
            SortType::Number => "INTEGER",
        };
        format!("{} TEXT, {} {sort_type}, ", index.partition_attribute(), index.sort_attribute())
    });
    let (pk, sk, purge_at) = (attribute::PK, attribute::SK, attribute::PURGE_AT);
    let indexes = Index::ALL.map(|index| {
        let (partition, sort) = (index.partition_attribute(), index.sort_attribute());
        format!("CREATE INDEX {index} ON items ({partition}, {sort}, {pk}, {sk}) WHERE {partition} IS NOT NULL;\n")
    });
    let (columns, indexes) = (columns.concat(), indexes.concat());
    format!(
        "CREATE TABLE items ({pk} TEXT NOT NULL, {sk} TEXT NOT NULL, body TEXT NOT NULL, {columns}{purge_at} INTEGER,
             PRIMARY KEY ({pk}, {sk}));
         {indexes}
         CREATE INDEX by_purge_at ON items ({purge_at}) WHERE {purge_at} IS NOT NULL;
         CREATE TABLE changes (sequence INTEGER PRIMARY KEY, {pk} TEXT NOT NULL, {sk} TEXT NOT NULL);"
    )
}
