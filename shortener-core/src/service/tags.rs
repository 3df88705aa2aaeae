//! Tag names in use.

use std::collections::BTreeSet;

use super::{Caller, Service, ServiceError};
use crate::link::Tag;
use crate::table::{Condition, Consistency, Item, Key, Order, Query, SortRange, TableError, Write, keys};
use crate::wire::{Role, TagList};

/// Tag names a process remembers to be recorded.
const KNOWN_TAGS: usize = 10_000;

/// Tag names read in one page.
const PAGE: usize = 1000;

impl Service {
    /// Lists the tags that are or were on some link.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn tags(&self, caller: &Caller) -> Result<TagList, ServiceError> {
        caller.require(Role::Reader)?;
        let items = self.read_partition(keys::TAG_NAMES).await?;
        let tags = items.iter().filter_map(|item| Tag::parse(&item.key.sk).ok()).filter(|tag| caller.sees_tag(tag));
        Ok(TagList { tags: tags.collect() })
    }

    /// Records tag names before a link uses them: once per process and name.
    pub(super) async fn register_tags(&self, tags: &[Tag]) -> Result<(), TableError> {
        for tag in self.unknown_tags(tags.iter()) {
            let key = keys::tag_name(tag);
            if self.table.get(&key, Consistency::Eventual).await?.is_none() {
                let item = Item { key, attributes: serde_json::Map::new() };
                match self.write_resolved(&[Write::put(item).when(Condition::Absent)]).await {
                    Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
            self.remember_tag(tag);
        }
        Ok(())
    }

    /// [`Self::register_tags`] for the links of a batch, with one read and one insert for all of them.
    pub(super) async fn register_all_tags(&self, tags: impl Iterator<Item = &Tag> + Send) -> Result<(), TableError> {
        let unknown = self.unknown_tags(tags);
        if unknown.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = unknown.iter().map(|tag| keys::tag_name(tag)).collect();
        let found = self.table.get_many(&keys).await?;
        let missing = keys.into_iter().zip(found).filter(|(_, found)| found.is_none());
        let missing: Vec<Item> = missing.map(|(key, _)| Item { key, attributes: serde_json::Map::new() }).collect();
        if !missing.is_empty() {
            self.table.insert_many(&missing).await?;
        }
        for tag in unknown {
            self.remember_tag(tag);
        }
        Ok(())
    }

    /// Tags that this process does not know to be recorded, each once.
    fn unknown_tags<'a>(&self, tags: impl Iterator<Item = &'a Tag>) -> BTreeSet<&'a Tag> {
        self.with_known_tags(|known| tags.filter(|tag| !known.contains(*tag)).collect())
    }

    fn remember_tag(&self, tag: &Tag) {
        self.with_known_tags(|known| {
            if known.len() >= KNOWN_TAGS {
                known.clear();
            }
            known.insert(tag.clone())
        });
    }

    /// Every item of a small partition, in order.
    pub(super) async fn read_partition(&self, partition: &str) -> Result<Vec<Item>, TableError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let query = Query {
                index: None,
                partition: partition.to_owned(),
                range: SortRange::all(),
                order: Order::Ascending,
                limit: PAGE,
                start,
            };
            let page = self.table.query(&query).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => start = Some(next),
                None => return Ok(items),
            }
        }
    }
}
