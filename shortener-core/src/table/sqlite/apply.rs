//! Writes, as statements inside the writer's transaction.

use std::cell::Cell;
use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::LazyLock;

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use super::super::keys::{self, attribute};
use super::super::{Action, Added, Inserted, Item, Key, TableError, Write, apply_add, check_item};
use super::read;
use super::rows::{self, Rows};

/// Changes that are kept for the change feed. Older ones are reported as “everything”, so nothing else need remember them.
pub(super) const KEPT_CHANGES: u64 = 10_000;

/// Insertions of one transaction whose keys are noted for the change feed. A transaction of more is a bulk load, of which
/// followers would soon be told “everything” anyway: it says so at once and saves the notes.
const NOTED_INSERTIONS: usize = 1_000;

static REPLACE: LazyLock<String> = LazyLock::new(|| format!("REPLACE INTO items {}", rows::columns_and_values()));
static INSERT: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO items {} ON CONFLICT DO NOTHING", rows::columns_and_values()));

/// The transaction that the writer has open.
pub(super) struct Transaction<'a> {
    connection: &'a Connection,
    insertions: Cell<usize>,
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, insertions: Cell::new(0) }
    }

    /// Notes a change, whose sequence number is the next; not one of a count, of which there are many and no copies.
    fn note(&self, key: &Key) -> Result<(), TableError> {
        if keys::is_count(key) {
            return Ok(());
        }
        self.connection.prepare_cached("INSERT INTO changes (pk, sk) VALUES (?, ?)")?.execute([&key.pk, &key.sk])?;
        Ok(())
    }

    /// Notes a key that is new; when there are too many of them, that anything may have changed, by a gap in the sequence
    /// that no follower can fill.
    fn note_insertion(&self, pk: ValueRef<'_>, sk: ValueRef<'_>) -> Result<(), TableError> {
        let before = self.insertions.replace(self.insertions.get() + 1);
        let step = match before.cmp(&NOTED_INSERTIONS) {
            Ordering::Less => 1,
            Ordering::Equal => KEPT_CHANGES.cast_signed() + 1,
            Ordering::Greater => return Ok(()),
        };
        let sql = "INSERT INTO changes (sequence, pk, sk) SELECT coalesce(max(sequence), 0) + ?, ?, ? FROM changes";
        let [pk, sk] = [pk, sk].map(ToSqlOutput::Borrowed);
        self.connection.prepare_cached(sql)?.execute(params![step, pk, sk])?;
        Ok(())
    }
}

/// Makes several writes. After an error the caller rolls back to before it.
pub(super) fn write_all(transaction: &Transaction<'_>, writes: &[Write]) -> Result<(), TableError> {
    for (index, write) in writes.iter().enumerate() {
        let is_read = write.condition.is_some() || matches!(write.action, Action::Update { .. });
        let existing = if is_read { read::get(transaction, write.key())? } else { None };
        if write.condition.is_some_and(|condition| !condition.holds(existing.as_ref())) {
            return Err(TableError::ConditionFailed { index, existing: existing.map(Box::new) });
        }
        match write.apply(existing.as_ref()) {
            Some(item) => replace(transaction, &item)?,
            None => _ = delete(transaction, write.key())?,
        }
    }
    Ok(())
}

/// Inserts items whose key is free.
pub(super) fn insert_all(transaction: &Transaction<'_>, rows: &Rows) -> Result<Vec<Inserted>, TableError> {
    let mut outcomes = Vec::with_capacity(rows.len());
    rows.execute(&mut transaction.prepare_cached(&INSERT)?, |pk, sk, inserted| {
        if inserted == 0 {
            outcomes.push(Inserted::Exists);
            return Ok(());
        }
        outcomes.push(Inserted::Inserted);
        transaction.note_insertion(pk, sk)
    })?;
    Ok(outcomes)
}

/// Adds to a counter.
pub(super) fn add(
    transaction: &Transaction<'_>,
    key: &Key,
    attribute: &str,
    n: i64,
    ceiling: i64,
) -> Result<Added, TableError> {
    let existing = read::get(transaction, key)?;
    let Some((item, sum)) = apply_add(key, existing, attribute, n, ceiling)? else {
        return Ok(Added::AtCeiling);
    };
    replace(transaction, &item)?;
    Ok(Added::Now(sum))
}

/// Deletes up to `limit` items that may be collected at `now`.
pub(super) fn purge(transaction: &Transaction<'_>, now: Timestamp, limit: usize) -> Result<usize, TableError> {
    let (pk, sk, purge_at) = (attribute::PK, attribute::SK, attribute::PURGE_AT);
    let sql = format!("SELECT {pk}, {sk} FROM items WHERE {purge_at} <= ? LIMIT ?");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let keys = read::keys(transaction, &sql, [now.as_second(), limit])?;
    keys.iter().try_fold(0, |count, key| Ok(count + delete(transaction, key)?))
}

/// Drops changes that nobody can ask for any more.
pub(super) fn forget_changes(connection: &Connection) -> Result<(), TableError> {
    let sql = "DELETE FROM changes WHERE sequence <= (SELECT max(sequence) FROM changes) - ?";
    connection.prepare_cached(sql)?.execute([KEPT_CHANGES.cast_signed()])?;
    Ok(())
}

fn replace(transaction: &Transaction<'_>, item: &Item) -> Result<(), TableError> {
    check_item(item)?;
    transaction.prepare_cached(&REPLACE)?.execute(rows::params(item)?)?;
    transaction.note(&item.key)
}

/// Returns how many items were deleted: one or none.
fn delete(transaction: &Transaction<'_>, key: &Key) -> Result<usize, TableError> {
    let deleted =
        transaction.prepare_cached("DELETE FROM items WHERE pk = ? AND sk = ?")?.execute([&key.pk, &key.sk])?;
    if deleted > 0 {
        transaction.note(key)?;
    }
    Ok(deleted)
}
