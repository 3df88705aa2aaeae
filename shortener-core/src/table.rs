//! The narrow waist: every durable byte of the product passes through [`Table`].
//!
//! The trait offers the primitives that Amazon DynamoDB gives and nothing more, so that everything above it is written
//! once and every engine below it stays small. **There is no scan.**

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod check;
mod error;
mod item;
pub mod keys;
mod write;

#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(feature = "dynamodb")]
pub mod dynamo;
#[cfg(feature = "testing")]
pub mod fault;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use check::{check_item, check_query, check_writes};
pub use error::{Source, TableError};
pub use item::{Attributes, Item, Key, MAX_ITEM_BYTES, is_purgeable};
pub use write::{Action, Condition, Write, apply_add};

use keys::Index;

/// Most writes in one transaction.
pub const MAX_TRANSACTION: usize = 100;

/// Most bytes in one page of a query, by [`Item::size_bytes`] of its items; the item that reaches it ends the page.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// May miss the last writes; costs half.
    Eventual,
    /// Sees every write acknowledged before the read began.
    Strong,
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// What changed in a table, but for counts ([`keys::is_count`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Sequence number of the last change.
    pub latest: u64,
    /// The keys that changed; none when there were too many to list, so that everything must be taken as changed.
    pub keys: Option<Vec<Key>>,
}
