//! YAML as a tree.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Options, Spanned};

use super::fault::Position;
use super::tree::{Entry, Node, Value};

/// Most values in a document.
const MAX_VALUES: usize = 5_000_000;

/// Reads a document; what is wrong with its syntax comes with where. An empty document is a table without entries.
pub(super) fn read(text: &str) -> Result<Node, (Option<Position>, String)> {
    match serde_saphyr::from_str_with_options::<Marked>(text, options()) {
        Ok(Marked(Node { at, value: Value::Null })) => Ok(Node { at, value: Value::Table(Vec::new()) }),
        Ok(Marked(node)) => Ok(node),
        Err(error) => {
            let message = error.without_snippet().to_string();
            let plain = message.split(" at line ").next().unwrap_or_default();
            Err((error.location().map(position), plain.trim_start_matches("error: ").to_owned()))
        }
    }
}

fn options() -> Options {
    let budget = serde_saphyr::budget! { max_nodes: MAX_VALUES, max_events: 2 * MAX_VALUES };
    serde_saphyr::options! {
        budget: budget,
        // Who reads the table says so, with the place.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // YAML 1.2: 'no' is a word and '010' is no 8.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
    }
}

fn position(at: Location) -> Position {
    Position::new(at.line(), at.column())
}

/// A node under the names of the parser.
struct Marked(Node);

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: Untyped(value), referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self(Node { at: position(referenced), value }))
    }
}

struct Untyped(Value);

impl<'de> Deserialize<'de> for Untyped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Builder).map(Self)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Number, Value::Integer))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(Marked(node)) = values.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, Marked(node))) = fields.next_entry::<Spanned<String>, _>()? {
            entries.push(Entry { at: position(name.referenced), name: name.value, node });
        }
        Ok(Value::Table(entries))
    }
}
