//! TOML as a tree.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Position;
use super::tree::{Entry, Node, Value};

/// Reads a document; the first thing that is wrong with its syntax comes with where, as what follows is often its echo.
pub(super) fn read(text: &str) -> Result<Node, (Option<Position>, String)> {
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => {
            let entries = lines.entries(table.into_inner());
            Ok(Node { at: Position::new(1, 1), value: Value::Table(entries) })
        }
        Err(error) => {
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            Err((error.span().map(|span| lines.position(span)), message))
        }
    }
}

/// Where the lines of a text begin, in bytes.
struct Lines<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let begins = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins }
    }

    fn position(&self, span: Range<usize>) -> Position {
        let line = self.begins.partition_point(|begin| *begin <= span.start).max(1);
        let before = self.text.get(self.begins[line - 1]..span.start).unwrap_or_default();
        let column = before.chars().count() + 1;
        Position::new(line as u64, column as u64)
    }

    fn entries(&self, table: DeTable<'_>) -> Vec<Entry> {
        let entry = |(name, value): (Spanned<_>, _)| {
            let at = self.position(name.span());
            Entry { name: String::from(name.into_inner()), at, node: self.node(value) }
        };
        // The parser sorts tables by name; the plan follows the file.
        let mut entries: Vec<Entry> = table.into_iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.at);
        entries
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let at = self.position(value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Number, Value::Integer)
            }
            DeValue::Float(_) => Value::Number,
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(values) => Value::List(values.into_iter().map(|value| self.node(value)).collect()),
            DeValue::Table(table) => Value::Table(self.entries(table)),
        };
        Node { at, value }
    }
}
