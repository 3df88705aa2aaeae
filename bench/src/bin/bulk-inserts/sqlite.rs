//! The embedded table, and a bare loop on a file of its schema.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, params};
use shortener_core::table::keys::attribute;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};
use shortener_core::table::{Inserted, Item, Table};
use tokio::task::JoinSet;

use super::{BATCH, Failure, Outcome, Watch, rows};

/// Rows in one transaction of the bare loop.
const TRANSACTION: u32 = 1_000;

/// Calls of `insert_many` under way.
const IN_FLIGHT: usize = 8;

/// A folder that is gone with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("bulk-inserts-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn file(&self) -> PathBuf {
        self.0.join("links.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies among the temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A prepared INSERT in transactions of 1,000, durable as ours.
pub(crate) fn bare(count: u32) -> Result<Outcome, Failure> {
    let folder = Folder::new()?;
    drop(SqliteTable::open(&folder.file(), SqliteOptions::default())?);
    let watch = Watch::start();
    let mut connection = Connection::open(folder.file())?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 32_000)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    for first in (0..count).step_by(TRANSACTION as usize) {
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO items (pk, sk, body, created_pk, created_sk, target_pk, target_sk) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?;
            for number in first..count.min(first + TRANSACTION) {
                let Item { key, attributes } = rows::item(number);
                let text = |name: &str| attributes.get(name).and_then(serde_json::Value::as_str);
                insert.execute(params![
                    key.pk,
                    key.sk,
                    serde_json::to_string(&attributes)?,
                    text(attribute::CREATED_PK),
                    text(attribute::CREATED_SK),
                    text(attribute::TARGET_PK),
                    text(attribute::TARGET_SK),
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok(watch.stop(count))
}

/// The engine, a few calls at a time.
pub(crate) fn ours(count: u32) -> Result<Outcome, Failure> {
    let folder = Folder::new()?;
    let table = Arc::new(SqliteTable::open(&folder.file(), SqliteOptions::default())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    let watch = Watch::start();
    let inserted = runtime.block_on(load(table, count))?;
    assert_eq!(inserted, count as usize);
    Ok(watch.stop(count))
}

/// What is done once more with rows that are there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Again {
    /// They are inserted.
    Insert,
    /// They are read.
    Read,
}

/// The engine over a table that holds all rows.
pub(crate) fn again(count: u32, again: Again) -> Result<Outcome, Failure> {
    let folder = Folder::new()?;
    let table = Arc::new(SqliteTable::open(&folder.file(), SqliteOptions::default())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build()?;
    runtime.block_on(load(Arc::clone(&table), count))?;
    let watch = Watch::start();
    runtime.block_on(async {
        match again {
            Again::Insert => assert_eq!(load(table, count).await?, 0),
            Again::Read => {
                for first in (0..count).step_by(BATCH as usize) {
                    let keys = (first..count.min(first + BATCH)).map(|number| rows::item(number).key);
                    let found = table.get_many(&keys.collect::<Vec<_>>()).await?;
                    assert!(found.iter().all(Option::is_some));
                }
            }
        }
        Ok::<_, Failure>(())
    })?;
    Ok(watch.stop(count))
}

/// Inserts all rows in batches, with a few under way; returns how many were new.
pub(crate) async fn load<T: Table + 'static>(table: Arc<T>, count: u32) -> Result<usize, Failure> {
    let (mut running, mut new) = (JoinSet::new(), 0);
    for first in (0..count).step_by(BATCH as usize) {
        if running.len() >= IN_FLIGHT {
            new += running.join_next().await.transpose()?.transpose()?.unwrap_or(0);
        }
        let items: Vec<Item> = (first..count.min(first + BATCH)).map(rows::item).collect();
        let table = Arc::clone(&table);
        running.spawn(async move {
            let outcomes = table.insert_many(&items).await?;
            Ok::<_, shortener_core::table::TableError>(
                outcomes.iter().filter(|done| **done == Inserted::Inserted).count(),
            )
        });
    }
    while let Some(done) = running.join_next().await {
        new += done??;
    }
    Ok(new)
}
