//! Conditional writes, and what they mean: shared by the engines that do not leave it to a server.

use jiff::Timestamp;
use serde_json::Value;

use super::keys::attribute;
use super::{Attributes, Item, Key, TableError, is_purgeable};

/// One conditional write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// What is written.
    pub action: Action,
    /// What must hold of the item at that key beforehand; none means always.
    pub condition: Option<Condition>,
}

/// What a [`Write`] does to its item.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Replaces the whole item.
    Put(Item),
    /// Sets and removes single attributes, creating the item where it is missing.
    Update {
        /// The item.
        key: Key,
        /// Attributes to set.
        set: Attributes,
        /// Attributes to remove; a missing one is no error.
        remove: Vec<String>,
    },
    /// Removes the item; a missing one is no error.
    Delete(Key),
}

/// The closed set of conditions a write can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// No item has this key.
    Absent,
    /// No item has this key, or the one that has it may be collected: its `purge_at` is at or before this moment.
    AbsentOrPurgeable(Timestamp),
    /// An item has this key.
    Present,
    /// The item's `version` attribute is exactly this.
    VersionIs(u64),
    /// The item is missing, has no `generation`, or a smaller one.
    GenerationBelow(u64),
}

impl Write {
    /// Puts `item` whatever is there.
    pub fn put(item: Item) -> Self {
        Self { action: Action::Put(item), condition: None }
    }

    /// Deletes the item at `key` whatever is there.
    pub fn delete(key: Key) -> Self {
        Self { action: Action::Delete(key), condition: None }
    }

    /// Sets attributes of the item at `key`.
    pub fn update(key: Key, set: Attributes, remove: Vec<String>) -> Self {
        Self { action: Action::Update { key, set, remove }, condition: None }
    }

    /// The same write, made only if `condition` holds.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The key written.
    pub fn key(&self) -> &Key {
        match &self.action {
            Action::Put(item) => &item.key,
            Action::Update { key, .. } | Action::Delete(key) => key,
        }
    }

    /// What the write makes of the item found; none is no item. Engines without server-side updates share it.
    pub fn apply(&self, existing: Option<&Item>) -> Option<Item> {
        match &self.action {
            Action::Put(item) => Some(item.clone()),
            Action::Delete(_) => None,
            Action::Update { key, set, remove } => {
                let mut attributes = existing.map(|item| item.attributes.clone()).unwrap_or_default();
                attributes.retain(|name, _| !remove.contains(name));
                attributes.extend(set.clone());
                Some(Item { key: key.clone(), attributes })
            }
        }
    }
}

impl Condition {
    /// Whether the condition holds of the item found. Engines without server-side conditions share it.
    pub fn holds(&self, existing: Option<&Item>) -> bool {
        match self {
            Self::Absent => existing.is_none(),
            Self::AbsentOrPurgeable(now) => existing.is_none_or(|item| is_purgeable(item, *now)),
            Self::Present => existing.is_some(),
            Self::VersionIs(version) => {
                let found = existing.and_then(|item| item.number(attribute::VERSION));
                found.is_some_and(|found| u64::try_from(found) == Ok(*version))
            }
            Self::GenerationBelow(generation) => existing
                .and_then(|item| item.number(attribute::GENERATION))
                .is_none_or(|found| u64::try_from(found).is_ok_and(|found| found < *generation) || found < 0),
        }
    }
}

/// What [`super::Table::add`] makes of the item found, and its new value; none at the ceiling. Engines without server-side
/// counters share it.
///
/// # Errors
/// [`TableError::Invalid`] if the attribute holds no number, or the sum is none of 64 bits.
pub fn apply_add(
    key: &Key,
    existing: Option<Item>,
    attribute: &str,
    n: i64,
    ceiling: i64,
) -> Result<Option<(Item, i64)>, TableError> {
    let mut item = existing.unwrap_or_else(|| Item { key: key.clone(), attributes: Attributes::new() });
    let Some(found) = item.attributes.get(attribute).map_or(Some(0), Value::as_i64) else {
        return Err(TableError::Invalid(format!("attribute '{attribute}' is no number")));
    };
    let sum = i128::from(found) + i128::from(n);
    if sum > i128::from(ceiling) {
        return Ok(None);
    }
    let sum = i64::try_from(sum).map_err(|error| TableError::Invalid(error.to_string()))?;
    item.attributes.insert(attribute.to_owned(), sum.into());
    Ok(Some((item, sum)))
}
