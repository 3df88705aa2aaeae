//! Items as rows: the body is the truth, the other columns are copied out of it for the indexes.

use std::ops::Range;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Params, params_from_iter};
use serde_json::Value;

use super::super::keys::{Index, attribute};
use super::super::{Item, TableError};

/// Columns beside the body: the key, the time of collection, and two for each index.
const COLUMNS: usize = 3 + 2 * Index::ALL.len();

/// The columns of `items` and as many placeholders, the body last.
pub(super) fn columns_and_values() -> String {
    let mut columns = vec![attribute::PK, attribute::SK, attribute::PURGE_AT];
    columns.extend(Index::ALL.iter().flat_map(|index| [index.partition_attribute(), index.sort_attribute()]));
    columns.push("body");
    let values = vec!["?"; columns.len()];
    format!("({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// The values of one item's row.
pub(super) fn params(item: &Item) -> Result<impl Params + use<'_>, TableError> {
    let values = columns(item).map(ToSqlOutput::Borrowed);
    let body = ToSqlOutput::Owned(rusqlite::types::Value::Text(
        serde_json::to_string(&item.attributes).map_err(|error| TableError::Invalid(error.to_string()))?,
    ));
    Ok(params_from_iter(values.into_iter().chain([body])))
}

/// Rows of many items in one piece of memory, made before they go to the thread that writes: all wait for that one.
#[derive(Debug, Default)]
pub(super) struct Rows {
    text: Vec<u8>,
    rows: Vec<Row>,
}

/// Columns, and where the body lies.
#[derive(Debug)]
struct Row {
    columns: [Cell; COLUMNS],
    body: Range<usize>,
}

#[derive(Debug, Clone)]
enum Cell {
    Null,
    Number(i64),
    Text(Range<usize>),
}

impl Rows {
    /// Makes the rows of items.
    ///
    /// # Errors
    /// [`TableError::Invalid`] for what is no JSON.
    pub(super) fn of(items: &[Item]) -> Result<Self, TableError> {
        let mut rows = Self { text: Vec::new(), rows: Vec::with_capacity(items.len()) };
        items.iter().try_for_each(|item| rows.push(item))?;
        Ok(rows)
    }

    fn push(&mut self, item: &Item) -> Result<(), TableError> {
        let columns = columns(item).map(|value| match value {
            ValueRef::Text(bytes) => {
                let begin = self.text.len();
                self.text.extend_from_slice(bytes);
                Cell::Text(begin..self.text.len())
            }
            ValueRef::Integer(number) => Cell::Number(number),
            _ => Cell::Null,
        });
        let begin = self.text.len();
        serde_json::to_writer(&mut self.text, &item.attributes)
            .map_err(|error| TableError::Invalid(error.to_string()))?;
        self.rows.push(Row { columns, body: begin..self.text.len() });
        Ok(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Runs a statement with the values of each row in turn; `done` is told how many rows of the table that changed.
    pub(super) fn execute(
        &self,
        statement: &mut CachedStatement<'_>,
        mut done: impl FnMut(ValueRef<'_>, ValueRef<'_>, usize) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        for row in &self.rows {
            let columns = row.columns.each_ref().map(|cell| self.value(cell));
            for (at, value) in (1..).zip(columns.into_iter().chain([ValueRef::Text(&self.text[row.body.clone()])])) {
                statement.raw_bind_parameter(at, ToSqlOutput::Borrowed(value))?;
            }
            done(columns[0], columns[1], statement.raw_execute()?)?;
        }
        Ok(())
    }

    fn value(&self, cell: &Cell) -> ValueRef<'_> {
        match cell {
            Cell::Null => ValueRef::Null,
            Cell::Number(number) => ValueRef::Integer(*number),
            Cell::Text(range) => ValueRef::Text(&self.text[range.clone()]),
        }
    }
}

fn columns(item: &Item) -> [ValueRef<'_>; COLUMNS] {
    let mut columns = [ValueRef::Null; COLUMNS];
    columns[0] = text(&item.key.pk);
    columns[1] = text(&item.key.sk);
    columns[2] = scalar(item.attributes.get(attribute::PURGE_AT));
    for (index, pair) in Index::ALL.into_iter().zip(columns[3..].chunks_mut(2)) {
        // Sparse: an item that lacks one of the two is not in the index.
        let found = item.attributes.get(index.partition_attribute()).zip(item.attributes.get(index.sort_attribute()));
        pair[0] = scalar(found.map(|(partition, _)| partition));
        pair[1] = scalar(found.map(|(_, sort)| sort));
    }
    columns
}

fn text(text: &str) -> ValueRef<'_> {
    ValueRef::Text(text.as_bytes())
}

/// A scalar attribute as a column; everything else is in no index.
pub(super) fn scalar(value: Option<&Value>) -> ValueRef<'_> {
    match value {
        Some(Value::String(string)) => text(string),
        Some(Value::Number(number)) => number.as_i64().map_or(ValueRef::Null, ValueRef::Integer),
        _ => ValueRef::Null,
    }
}
