//! The narrow waist: every durable byte of the product passes through [`Table`].
//!
//! The trait offers the primitives that Amazon DynamoDB gives and nothing more, so that everything above it is written
//! once and every engine below it stays small. **There is no scan.**

use std::error::Error as StdError;
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub mod keys;

#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(feature = "dynamodb")]
pub mod dynamo;
#[cfg(feature = "testing")]
pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use keys::{Index, SortType, attribute};

/// The attributes of an item beside its key: JSON without nulls, numbers are 64-bit integers.
pub type Attributes = Map<String, Value>;

/// Largest item, in bytes: attribute names and values in UTF-8, as DynamoDB counts them.
pub const MAX_ITEM_BYTES: usize = 400 * 1024;

/// Most writes in one transaction.
pub const MAX_TRANSACTION: usize = 100;

/// Most bytes in one page of a query, by [`Item::size_bytes`] of its items; the item that reaches it ends the page.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Where an item lives: partition key and sort key, made only by [`keys`].
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

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// May miss the last writes; costs half.
    Eventual,
    /// Sees every write acknowledged before the read began.
    Strong,
}

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

/// What [`Table::insert_many`] did with one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// The item is new and durable.
    Inserted,
    /// An item with this key was there; it is untouched.
    Exists,
}

/// What [`Table::add`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// The attribute has this value now.
    Now(i64),
    /// Adding would have passed the ceiling; nothing changed.
    AtCeiling,
}

/// A half-open range of sort keys, in byte order. The default is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SortRange {
    /// First sort key, inclusive.
    pub from: Option<String>,
    /// End, exclusive.
    pub to: Option<String>,
}

impl SortRange {
    /// Every sort key.
    pub fn all() -> Self {
        Self::default()
    }

    /// Sort keys that begin with `prefix`.
    pub fn prefix(prefix: &str) -> Self {
        Self { from: Some(prefix.to_owned()), to: Some(format!("{prefix}\u{10ffff}")) }
    }

    /// Only sort keys greater than `sort_key`, within this range.
    #[must_use]
    pub fn after(mut self, sort_key: &str) -> Self {
        // The smallest string greater than another is that string and a NUL.
        self.from = Some(format!("{sort_key}\0")).max(self.from);
        self
    }

    /// Only sort keys smaller than `sort_key`, within this range.
    #[must_use]
    pub fn before(mut self, sort_key: &str) -> Self {
        self.to = Some(match self.to {
            Some(to) if to.as_str() < sort_key => to,
            _ => sort_key.to_owned(),
        });
        self
    }

    /// Whether `sort_key` lies in the range.
    pub fn contains(&self, sort_key: &str) -> bool {
        self.from.as_deref().is_none_or(|from| sort_key >= from) && self.to.as_deref().is_none_or(|to| sort_key < to)
    }

    /// Whether no sort key can lie in the range.
    pub fn is_empty(&self) -> bool {
        matches!((&self.from, &self.to), (Some(from), Some(to)) if from >= to)
    }
}

/// In which order a query returns items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Smallest sort key first.
    Ascending,
    /// Greatest sort key first.
    Descending,
}

/// One partition, read in sort-key order.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The index to read; none reads the table itself, strongly. Indexes are eventually consistent.
    pub index: Option<Index>,
    /// The partition key's value.
    pub partition: String,
    /// Which sort keys; must be everything for an index sorted by number.
    pub range: SortRange,
    /// Direction.
    pub order: Order,
    /// Most items in the page, at least 1. A page can be shorter (1 MB at most) and still have a `next`.
    pub limit: usize,
    /// Continue after this position of an earlier page of the same query.
    pub start: Option<Position>,
}

/// The last item of a page: where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Primary key of the last item.
    pub key: Key,
    /// Its sort value in the index that was read; null for the table itself.
    pub sort: Value,
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Items in order. From a keys-only index they hold the keys of table and index alone.
    pub items: Vec<Item>,
    /// Where the next page begins; none after the last one. A page that is full may be followed by an empty one.
    pub next: Option<Position>,
}

/// A store of items with a partition and a sort key, three indexes and conditional writes.
///
/// Contract, held to by the conformance story for every engine:
/// - An acknowledged write is durable, and every strong read that begins afterwards sees it.
/// - A write whose error is not [`TableError::OutcomeUnknown`] was not applied, in no part.
/// - Items over [`MAX_ITEM_BYTES`] are refused with [`TableError::ItemTooLarge`] before anything is written.
/// - Following [`Page::next`] until it is none yields each item once that was there all the while; a position stays
///   good when its item is deleted. Items that an index sorts alike come in an order of the engine's own, always the same.
/// - Engines retry nothing whose repetition could be seen, except a put or delete with its condition.
#[async_trait]
pub trait Table: Send + Sync + Debug {
    /// Reads one item.
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError>;

    /// Applies one conditional write, or 2 to [`MAX_TRANSACTION`] as one transaction: all or none. No two may name the same key.
    ///
    /// # Errors
    /// [`TableError::ConditionFailed`] names the first failing write and shows the item found.
    async fn write(&self, writes: &[Write]) -> Result<(), TableError>;

    /// Inserts items that are not there yet, any number, not atomically; never overwrites. Where two items of one call
    /// have the same key, the first is inserted and the later ones exist.
    ///
    /// # Errors
    /// After an error any part may have been inserted: call again, or resolve with [`Table::get_many`].
    async fn insert_many(&self, items: &[Item]) -> Result<Vec<Inserted>, TableError>;

    /// Reads any number of items strongly; the answer has the order of `keys`.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError>;

    /// Reads one page.
    async fn query(&self, query: &Query) -> Result<Page, TableError>;

    /// Adds `n` to a numeric attribute (0 where missing) unless the sum would pass `ceiling`; creates the item where it is missing.
    ///
    /// Only for quotas and fences. Never retried: a lost reply may waste `n`, but never grants it twice.
    async fn add(&self, key: &Key, attribute: &str, n: i64, ceiling: i64) -> Result<Added, TableError>;
}

/// A table that can say which keys changed since a point in its write sequence.
pub trait ChangeFeed: Send + Sync + Debug {
    /// Reads the changes after `since`; `u64::MAX` asks for the latest sequence number alone.
    ///
    /// # Errors
    /// As a read.
    fn changes_since(&self, since: u64) -> Result<Changes, TableError>;
}

/// What changed in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Sequence number of the last change.
    pub latest: u64,
    /// The keys that changed; none when there were too many to list, so that everything must be taken as changed.
    pub keys: Option<Vec<Key>>,
}

/// Why a table did not do what was asked; each variant is something the caller acts on.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A condition did not hold; nothing was written.
    #[error("the condition of write {index} does not hold")]
    ConditionFailed {
        /// Which of the writes, from 0.
        index: usize,
        /// The item found at that key.
        existing: Option<Box<Item>>,
    },
    /// Another transaction holds one of the items; nothing was written, and trying again can succeed.
    #[error("another transaction is writing the same item")]
    Conflict,
    /// An item is larger than [`MAX_ITEM_BYTES`].
    #[error("the item has {bytes} bytes, over the limit of {MAX_ITEM_BYTES}")]
    ItemTooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The store refuses for now because of load; nothing was written.
    #[error("the table is throttling requests")]
    Throttled,
    /// The store cannot be reached or does not answer; nothing was written.
    #[error("the table cannot be reached")]
    Unavailable(#[source] Source),
    /// A write was sent and its reply was lost: it may or may not have been applied.
    #[error("the outcome of the write is unknown")]
    OutcomeUnknown(#[source] Source),
    /// There is no such table or file.
    #[error("there is no table '{0}'")]
    NoSuchTable(String),
    /// Credentials are missing.
    #[error("no credentials for the table were found")]
    NoCredentials(#[source] Source),
    /// Credentials were refused or do not allow this operation.
    #[error("access to the table was denied: {0}")]
    AccessDenied(String),
    /// Another process holds the file's write lock for too long; nothing was written.
    #[error("the table file is locked by another process")]
    Locked,
    /// One item is not what its key says; the rest of the table is unaffected.
    #[error("an item is damaged: {0}")]
    BadItem(String),
    /// The file is no table of ours, or is damaged.
    #[error("the table file is damaged or not a table: {0}")]
    Corrupt(String),
    /// The file cannot be written.
    #[error("the table file is read-only")]
    ReadOnly,
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    DiskFull,
    /// The request is none that the contract allows; a defect of the caller.
    #[error("invalid table request: {0}")]
    Invalid(String),
    /// Anything else.
    #[error("the table failed")]
    Engine(#[source] Source),
}

/// A boxed cause.
pub type Source = Box<dyn StdError + Send + Sync>;

impl TableError {
    /// Whether the same request can succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict | Self::Throttled | Self::Unavailable(_) | Self::OutcomeUnknown(_) | Self::Locked)
    }
}

impl Key {
    /// A key of two given parts. Only [`keys`] and the engines make keys.
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

/// Whether an item may be collected: its `purge_at` (seconds since 1970) is at or before `now`.
pub fn is_purgeable(item: &Item, now: Timestamp) -> bool {
    item.number(attribute::PURGE_AT).is_some_and(|purge_at| purge_at <= now.as_second())
}

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

/// What [`Table::add`] makes of the item found, and its new value; none at the ceiling. Engines without server-side
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
