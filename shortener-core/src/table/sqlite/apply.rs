//! Writes, as statements inside the writer's transaction.

use std::sync::LazyLock;

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

use super::super::keys::{Index, attribute};
use super::super::{Action, Added, Inserted, Item, Key, TableError, Write, apply_add, check_item};
use super::read;

/// Changes that are kept for the change feed. Older ones are reported as “everything”, so nothing else need remember them.
pub(super) const KEPT_CHANGES: u64 = 10_000;

static REPLACE: LazyLock<String> = LazyLock::new(|| format!("REPLACE INTO {}", columns_and_values()));
static INSERT: LazyLock<String> =
    LazyLock::new(|| format!("INSERT INTO {} ON CONFLICT DO NOTHING", columns_and_values()));

fn columns_and_values() -> String {
    let mut columns = vec![attribute::PK, attribute::SK, "body", attribute::PURGE_AT];
    columns.extend(Index::ALL.iter().flat_map(|index| [index.partition_attribute(), index.sort_attribute()]));
    let values = vec!["?"; columns.len()];
    format!("items ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// Applies a transaction. After an error the caller rolls back to before it.
pub(super) fn write_all(connection: &Connection, writes: &[Write]) -> Result<(), TableError> {
    for (index, write) in writes.iter().enumerate() {
        let is_read = write.condition.is_some() || matches!(write.action, Action::Update { .. });
        let existing = if is_read { read::get(connection, write.key())? } else { None };
        if write.condition.is_some_and(|condition| !condition.holds(existing.as_ref())) {
            return Err(TableError::ConditionFailed { index, existing: existing.map(Box::new) });
        }
        match write.apply(existing.as_ref()) {
            Some(item) => replace(connection, &item)?,
            None => _ = delete(connection, write.key())?,
        }
    }
    Ok(())
}

/// Inserts items whose key is free.
pub(super) fn insert_all(connection: &Connection, items: &[Item]) -> Result<Vec<Inserted>, TableError> {
    let insert = |item: &Item| {
        let is_new = execute(connection, &INSERT, item)? > 0;
        if is_new {
            record(connection, &item.key)?;
        }
        Ok(if is_new { Inserted::Inserted } else { Inserted::Exists })
    };
    items.iter().map(insert).collect()
}

/// Adds to a counter.
pub(super) fn add(
    connection: &Connection,
    key: &Key,
    attribute: &str,
    n: i64,
    ceiling: i64,
) -> Result<Added, TableError> {
    let existing = read::get(connection, key)?;
    let Some((item, sum)) = apply_add(key, existing, attribute, n, ceiling)? else {
        return Ok(Added::AtCeiling);
    };
    replace(connection, &item)?;
    Ok(Added::Now(sum))
}

/// Deletes up to `limit` items that may be collected at `now`.
pub(super) fn purge(connection: &Connection, now: Timestamp, limit: usize) -> Result<usize, TableError> {
    let (pk, sk, purge_at) = (attribute::PK, attribute::SK, attribute::PURGE_AT);
    let sql = format!("SELECT {pk}, {sk} FROM items WHERE {purge_at} <= ? LIMIT ?");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let keys = read::keys(connection, &sql, [now.as_second(), limit])?;
    keys.iter().try_fold(0, |count, key| Ok(count + delete(connection, key)?))
}

/// Drops changes that nobody can ask for any more.
pub(super) fn forget_changes(connection: &Connection) -> Result<(), TableError> {
    let sql = "DELETE FROM changes WHERE sequence <= (SELECT max(sequence) FROM changes) - ?";
    connection.prepare_cached(sql)?.execute([KEPT_CHANGES.cast_signed()])?;
    Ok(())
}

fn replace(connection: &Connection, item: &Item) -> Result<(), TableError> {
    check_item(item)?;
    execute(connection, &REPLACE, item)?;
    record(connection, &item.key)
}

/// Returns how many items were deleted: one or none.
fn delete(connection: &Connection, key: &Key) -> Result<usize, TableError> {
    let deleted =
        connection.prepare_cached("DELETE FROM items WHERE pk = ? AND sk = ?")?.execute([&key.pk, &key.sk])?;
    if deleted > 0 {
        record(connection, key)?;
    }
    Ok(deleted)
}

/// Notes a change; its sequence number is the next.
fn record(connection: &Connection, key: &Key) -> Result<(), TableError> {
    connection.prepare_cached("INSERT INTO changes (pk, sk) VALUES (?, ?)")?.execute([&key.pk, &key.sk])?;
    Ok(())
}

fn execute(connection: &Connection, sql: &str, item: &Item) -> Result<usize, TableError> {
    let body = serde_json::to_string(&item.attributes).map_err(|error| TableError::Invalid(error.to_string()))?;
    let mut values = vec![text(&item.key.pk), text(&item.key.sk), text(&body)];
    values.push(sql_value(item.attributes.get(attribute::PURGE_AT)));
    for index in Index::ALL {
        // Sparse: an item that lacks one of the two is not in the index.
        let pair = item.attributes.get(index.partition_attribute()).zip(item.attributes.get(index.sort_attribute()));
        values.push(sql_value(pair.map(|(partition, _)| partition)));
        values.push(sql_value(pair.map(|(_, sort)| sort)));
    }
    Ok(connection.prepare_cached(sql)?.execute(params_from_iter(values))?)
}

fn text(text: &str) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
}

/// A scalar attribute as a column; everything else is in no index.
pub(super) fn sql_value(value: Option<&Value>) -> ToSqlOutput<'_> {
    match value {
        Some(Value::String(string)) => text(string),
        Some(Value::Number(number)) => number.as_i64().map_or(ToSqlOutput::Borrowed(ValueRef::Null), ToSqlOutput::from),
        _ => ToSqlOutput::Borrowed(ValueRef::Null),
    }
}
