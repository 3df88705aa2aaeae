//! Items and their keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TableError;
use super::keys::attribute;

/// The attributes of an item beside its key: JSON without nulls, numbers are 64-bit integers.
pub type Attributes = Map<String, Value>;

/// Largest item, in bytes: attribute names and values in UTF-8, as DynamoDB counts them.
pub const MAX_ITEM_BYTES: usize = 400 * 1024;

/// Where an item lives: partition key and sort key, made only by [`super::keys`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// One stored item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Primary key.
    pub key: Key,
    /// Everything else, index keys included.
    pub attributes: Attributes,
}

impl Key {
    /// A key of two given parts. Only [`super::keys`] and the engines make keys.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    fn size_bytes(&self) -> usize {
        attribute::PK.len() + self.pk.len() + attribute::SK.len() + self.sk.len()
    }
}

impl Item {
    /// Makes an item of a key and any structure that serialises to a JSON object; nulls are left out.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it serialises to something else.
    pub fn encode<T: Serialize>(key: Key, body: &T) -> Result<Self, TableError> {
        match serde_json::to_value(body) {
            Ok(Value::Object(mut attributes)) => {
                attributes.retain(|_, value| !value.is_null());
                Ok(Self { key, attributes })
            }
            Ok(other) => Err(TableError::Invalid(format!("not an object: {other}"))),
            Err(error) => Err(TableError::Invalid(error.to_string())),
        }
    }

    /// Reads the structure back.
    ///
    /// # Errors
    /// [`TableError::BadItem`] names the key whose item has another shape.
    pub fn decode<T: for<'de> Deserialize<'de>>(&self) -> Result<T, TableError> {
        T::deserialize(&self.attributes)
            .map_err(|error| TableError::BadItem(format!("{} / {}: {error}", self.key.pk, self.key.sk)))
    }

    /// Size in bytes as DynamoDB counts it: names and values in UTF-8, numbers by their digits.
    pub fn size_bytes(&self) -> usize {
        self.key.size_bytes()
            + self.attributes.iter().map(|(name, value)| name.len() + value_bytes(value)).sum::<usize>()
    }

    /// The number in an attribute.
    pub fn number(&self, attribute: &str) -> Option<i64> {
        self.attributes.get(attribute).and_then(Value::as_i64)
    }

    /// The text in an attribute.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        // At most two digits to a byte, one more for the sign and one for the exponent.
        Value::Number(number) => number.to_string().len() / 2 + 2,
        Value::String(text) => text.len(),
        Value::Array(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        Value::Object(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>(),
    }
}

/// Whether an item may be collected: its `purge_at` (seconds since 1970) is at or before `now`.
pub fn is_purgeable(item: &Item, now: Timestamp) -> bool {
    item.number(attribute::PURGE_AT).is_some_and(|purge_at| purge_at <= now.as_second())
}
