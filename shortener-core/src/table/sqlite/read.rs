//! Reads, and the connections that make them. In write-ahead logging no reader waits for a writer.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Params, Row};

use super::super::{Attributes, Changes, Item, Key, TableError};
use super::SqliteOptions;
use super::apply::KEPT_CHANGES;
use super::schema::connect;

/// Connections kept open while idle.
const IDLE: usize = 8;

/// Connections that read. One is opened when all are in use.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    options: SqliteOptions,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: SqliteOptions) -> Self {
        Self { path, options, idle: Mutex::default() }
    }

    /// Runs `read` on a connection of its own. One that met an error is closed, not used again.
    pub(super) fn with<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, TableError>) -> Result<T, TableError> {
        let idle = self.idle().pop();
        let mut connection = idle.map_or_else(|| self.connect(), Ok)?;
        let answer = read(&mut connection)?;
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn connect(&self) -> Result<Connection, TableError> {
        let connection = connect(&self.path, &self.options)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One item.
pub(super) fn get(connection: &Connection, key: &Key) -> Result<Option<Item>, TableError> {
    let mut statement = connection.prepare_cached("SELECT body FROM items WHERE pk = ? AND sk = ?")?;
    let mut rows = statement.query([&key.pk, &key.sk])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Item { key: key.clone(), attributes: body(row, 0, key)? }))
}

/// Many items, all as of one moment.
pub(super) fn get_many(connection: &mut Connection, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
    let snapshot = connection.transaction()?;
    keys.iter().map(|key| get(&snapshot, key)).collect()
}

/// The keys that a statement selects.
pub(super) fn keys(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<Key>, TableError> {
    let mut statement = connection.prepare_cached(sql)?;
    let keys = statement.query_map(params, |row| Ok(Key { pk: row.get(0)?, sk: row.get(1)? }))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// What changed after `since`, all as of one moment.
pub(super) fn changes_since(connection: &mut Connection, since: u64) -> Result<Changes, TableError> {
    let snapshot = connection.transaction()?;
    let latest: i64 =
        snapshot.prepare_cached("SELECT coalesce(max(sequence), 0) FROM changes")?.query_row([], |row| row.get(0))?;
    let latest = u64::try_from(latest).unwrap_or(0);
    if since == latest || since == u64::MAX {
        return Ok(Changes { latest, keys: Some(Vec::new()) });
    }
    // A point in the future was taken before the file was replaced by an older one.
    if since > latest || latest - since > KEPT_CHANGES {
        return Ok(Changes { latest, keys: None });
    }
    let sql = "SELECT DISTINCT pk, sk FROM changes WHERE sequence > ?";
    Ok(Changes { latest, keys: Some(keys(&snapshot, sql, [since.cast_signed()])?) })
}

/// The attributes in a row's column.
pub(super) fn body(row: &Row<'_>, column: usize, key: &Key) -> Result<Attributes, TableError> {
    let corrupt = |error: String| TableError::BadItem(format!("{} / {}: {error}", key.pk, key.sk));
    let text = row.get_ref(column)?.as_str().map_err(|error| corrupt(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))
}
