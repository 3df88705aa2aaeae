//! The engine on an embedded SQLite file.
//!
//! Writes of one process go through one thread, which commits whatever has queued up with one fsync. Processes take
//! turns by SQLite's own lock. Readers use a snapshot of the write-ahead log and wait for nobody.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::task::JoinSet;

use super::{
    Added, ChangeFeed, Changes, Consistency, Inserted, Item, Key, Page, Query, Table, TableError, Write, check_item,
    check_query, check_writes,
};
use read::Readers;
use rows::Rows;
use writer::Writer;

mod apply;
mod backup;
mod error;
mod query;
mod read;
mod rows;
mod schema;
mod writer;

/// Items of one request to the writer. Fewer are written several times slower, because a commit writes whole pages and
/// random keys share few; more would hold up other writes for longer than some tenths of a second.
const INSERTED_TOGETHER: usize = 10_000;

/// Items purged in one request to the writer.
const PURGED_TOGETHER: usize = 500;

/// Items that [`SqliteTable::status`] counts before it says “at least”.
const COUNTED: u64 = 100_000;

/// How to open a table file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Whether the file is made, written or only read.
    pub mode: OpenMode,
    /// How long a write waits for another process before it fails with [`TableError::Locked`].
    pub busy_timeout: Duration,
    /// Largest size of the file in bytes, beyond which writes fail with [`TableError::DiskFull`]; none is no limit.
    pub max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    /// Creates what is missing, waits 5 seconds, has no limit.
    fn default() -> Self {
        Self { mode: OpenMode::Create, busy_timeout: Duration::from_secs(5), max_bytes: None }
    }
}

/// What may become of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// It is created if it is missing, with its folders, readable by its owner only.
    Create,
    /// It must be there.
    Existing,
    /// It must be there, and every write fails with [`TableError::ReadOnly`].
    ReadOnly,
}

/// A table in one file. Several processes may open it at once.
#[derive(Debug)]
pub struct SqliteTable {
    path: PathBuf,
    readers: Arc<Readers>,
    /// None in a table opened for reading.
    writer: Option<Writer>,
}

/// What [`SqliteTable::status`] reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteStatus {
    /// The file.
    pub path: PathBuf,
    /// Size of the file and its log, in bytes.
    pub bytes: u64,
    /// Number of items.
    pub items: ItemCount,
    /// SQLite's journal mode, `wal`.
    pub journal_mode: String,
    /// Version of the schema.
    pub schema_version: i32,
    /// Transactions that this handle has committed.
    pub commits: u64,
}

/// A number of items that is not counted to the end, because that would read the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemCount {
    /// Exactly this many.
    Exactly(u64),
    /// This many or more.
    AtLeast(u64),
}

impl SqliteTable {
    /// Opens the table file at `path`.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] for a file that is no table of ours or of a newer schema, [`TableError::NoSuchTable`]
    /// for a missing one that should be there, [`TableError::ReadOnly`], [`TableError::AccessDenied`],
    /// [`TableError::Unavailable`], [`TableError::Locked`].
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, TableError> {
        schema::prepare(path, &options)?;
        let writer = match options.mode {
            OpenMode::ReadOnly => None,
            OpenMode::Create | OpenMode::Existing => Some(Writer::start(schema::connect_writer(path, &options)?)?),
        };
        let path = path.to_owned();
        Ok(Self { readers: Arc::new(Readers::new(path.clone(), options)), path, writer })
    }

    /// Copies the table as it is now into a new file, which opens as a table. Blocks the thread; others can write meanwhile.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if `to` exists; [`TableError::DiskFull`], [`TableError::AccessDenied`] and
    /// [`TableError::Unavailable`] for its folder.
    pub fn backup(&self, to: &Path) -> Result<(), TableError> {
        self.readers.with(|connection| backup::backup(connection, to))
    }

    /// Deletes up to `limit` items whose `purge_at` is at or before `now`, in batches, and returns how many.
    ///
    /// # Errors
    /// As a write.
    pub async fn purge(&self, now: Timestamp, limit: usize) -> Result<usize, TableError> {
        let mut purged = 0;
        while purged < limit {
            let wanted = (limit - purged).min(PURGED_TOGETHER);
            let done = self.writer()?.submit(move |open| apply::purge(open, now, wanted)).await?;
            purged += done;
            if done < wanted {
                break;
            }
        }
        Ok(purged)
    }

    /// What can be told of the file without reading it through. Blocks the thread for some milliseconds.
    ///
    /// # Errors
    /// As a read.
    pub fn status(&self) -> Result<SqliteStatus, TableError> {
        let count = format!("SELECT count(*) FROM (SELECT 1 FROM items LIMIT {COUNTED})");
        let (items, journal_mode, schema_version) = self.readers.with(|connection| {
            let items: u64 = connection.query_row(&count, [], |row| row.get(0))?;
            Ok((items, schema::pragma(connection, "journal_mode")?, schema::pragma(connection, "user_version")?))
        })?;
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        Ok(SqliteStatus {
            path: self.path.clone(),
            bytes: size(&self.path) + size(Path::new(&log)),
            items: if items < COUNTED { ItemCount::Exactly(items) } else { ItemCount::AtLeast(items) },
            journal_mode,
            schema_version,
            commits: self.writer.as_ref().map_or(0, Writer::commits),
        })
    }

    /// Reads the whole file and its indexes through. Blocks the thread.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] says what is damaged.
    pub fn check_integrity(&self) -> Result<(), TableError> {
        let verdict: String = self.readers.with(|connection| schema::pragma(connection, "integrity_check"))?;
        if verdict == "ok" { Ok(()) } else { Err(TableError::Corrupt(verdict)) }
    }

    fn writer(&self) -> Result<&Writer, TableError> {
        self.writer.as_ref().ok_or(TableError::ReadOnly)
    }

    /// Makes a read that may take milliseconds, away from the threads that serve requests.
    async fn read<T, F>(&self, read: F) -> Result<T, TableError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, TableError> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        // A read that nobody waits for any more is not begun: callers who give up and ask again would otherwise leave more to
        // read behind than can be.
        let mut task = JoinSet::new();
        task.spawn_blocking(move || readers.with(read));
        match task.join_next().await {
            Some(Ok(read)) => read,
            Some(Err(error)) => Err(TableError::Unavailable(error.into())),
            None => Err(TableError::Unavailable("the read was not begun".into())),
        }
    }
}

#[async_trait]
impl Table for SqliteTable {
    async fn get(&self, key: &Key, _consistency: Consistency) -> Result<Option<Item>, TableError> {
        // A few microseconds: less than handing it to another thread takes.
        self.readers.with(|connection| read::get(connection, key))
    }

    async fn write(&self, writes: &[Write]) -> Result<(), TableError> {
        check_writes(writes)?;
        let writes = writes.to_vec();
        self.writer()?.submit(move |open| apply::write_all(open, &writes)).await
    }

    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
        items.iter().try_for_each(check_item)?;
        let mut outcomes = Vec::with_capacity(items.len());
        for chunk in items.chunks(INSERTED_TOGETHER) {
            let rows = Rows::of(chunk)?;
            outcomes.extend(self.writer()?.submit_bulk(move |open| apply::insert_all(open, &rows)).await?);
        }
        Ok(outcomes)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let keys = keys.to_vec();
        self.read(move |connection| read::get_many(connection, &keys)).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        check_query(query)?;
        let query = query.clone();
        self.read(move |connection| query::page(connection, &query)).await
    }

    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError> {
        let (key, attribute) = (key.clone(), attribute.to_owned());
        self.writer()?.submit(move |open| apply::add(open, &key, &attribute, n, ceiling)).await
    }
}

impl ChangeFeed for SqliteTable {
    fn changes_since(&self, since: u64) -> Result<Changes, TableError> {
        self.readers.with(|connection| read::changes_since(connection, since))
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_read_that_nobody_waits_for_any_more_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let table = SqliteTable::open(&folder.path().join("links.db"), SqliteOptions::default()).unwrap();
        let runtime =
            tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let begun = Arc::new(AtomicU32::new(0));
            let read = || {
                let begun = Arc::clone(&begun);
                table.read(move |_| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                })
            };
            let (release, released) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || released.recv());
            for _ in 0..100 {
                let mut abandoned = Box::pin(read());
                tokio::select! { biased; _ = abandoned.as_mut() => unreachable!(), () = ready(()) => {} }
            }
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();
            read().await.unwrap();
            assert_eq!(begun.load(Ordering::SeqCst), 1);
        });
    }
}
