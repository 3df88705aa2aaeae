//! What the contract demands of requests, checked before any engine sees them.

use serde_json::Value;

use super::keys::{Index, SortType, attribute};
use super::{Action, Attributes, Item, Key, MAX_ITEM_BYTES, MAX_TRANSACTION, Query, SortRange, TableError, Write};

/// Checks what the contract demands of writes before any engine sees them.
///
/// # Errors
/// [`TableError::Invalid`] for none, too many, or two writes to one key; [`TableError::ItemTooLarge`].
pub fn check_writes(writes: &[Write]) -> Result<(), TableError> {
    if writes.is_empty() || writes.len() > MAX_TRANSACTION {
        return Err(TableError::Invalid(format!("{} writes, not 1 to {MAX_TRANSACTION}", writes.len())));
    }
    let mut keys: Vec<&Key> = writes.iter().map(Write::key).collect();
    keys.sort();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(TableError::Invalid("two writes to one key".to_owned()));
    }
    writes.iter().try_for_each(|write| match &write.action {
        Action::Put(item) => check_item(item),
        Action::Update { key, set, remove } => {
            if let Some(name) = remove.iter().find(|name| set.contains_key(*name)) {
                return Err(TableError::Invalid(format!("attribute '{name}' is both set and removed")));
            }
            check_attributes(key, set)
        }
        Action::Delete(key) => check_attributes(key, &Attributes::new()),
    })
}

/// Checks an item's size and the attributes that engines treat specially. Engines call it for what an update makes too.
///
/// # Errors
/// [`TableError::ItemTooLarge`], [`TableError::Invalid`].
pub fn check_item(item: &Item) -> Result<(), TableError> {
    let bytes = item.size_bytes();
    if bytes > MAX_ITEM_BYTES {
        return Err(TableError::ItemTooLarge { bytes });
    }
    check_attributes(&item.key, &item.attributes)
}

/// Checks what holds of attributes whether they are a whole item or the part that an update sets.
fn check_attributes(key: &Key, attributes: &Attributes) -> Result<(), TableError> {
    let invalid = |what: &str| Err(TableError::Invalid(format!("{what} in {} / {}", key.pk, key.sk)));
    if key.pk.is_empty() || key.sk.is_empty() {
        return invalid("empty key");
    }
    if attributes.contains_key(attribute::PK) || attributes.contains_key(attribute::SK) {
        return invalid("key among the attributes");
    }
    if attributes.values().any(Value::is_null) {
        return invalid("null attribute");
    }
    if !attributes.values().all(numbers_are_integers) {
        return invalid("number that is no 64-bit integer");
    }
    let is_text = |name| attributes.get(name).is_none_or(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let fits = |index: &Index| {
        is_text(index.partition_attribute())
            && match index.sort_type() {
                SortType::Text => is_text(index.sort_attribute()),
                SortType::Number => attributes.get(index.sort_attribute()).is_none_or(Value::is_i64),
            }
    };
    if Index::ALL.iter().all(fits) { Ok(()) } else { invalid("index key of the wrong type") }
}

fn numbers_are_integers(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64(),
        Value::Array(values) => values.iter().all(numbers_are_integers),
        Value::Object(map) => map.values().all(numbers_are_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// Checks what the contract demands of a query.
///
/// # Errors
/// [`TableError::Invalid`] for a limit of 0, an empty partition, or a range over an index sorted by number.
pub fn check_query(query: &Query) -> Result<(), TableError> {
    if query.limit == 0 || query.partition.is_empty() {
        return Err(TableError::Invalid("query without a limit or a partition".to_owned()));
    }
    let by_number = query.index.is_some_and(|index| index.sort_type() == SortType::Number);
    if by_number && query.range != SortRange::all() {
        return Err(TableError::Invalid("range over an index sorted by number".to_owned()));
    }
    Ok(())
}
