//! Tag names in use.

use super::{Caller, Service, ServiceError};
use crate::link::Tag;
use crate::table::{Condition, Consistency, Item, Order, Query, SortRange, TableError, Write, keys};
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
    pub(super) async fn register_tags(&self, tags: &[Tag]) -> Result<(), ServiceError> {
        for tag in tags {
            if self.with_known_tags(|known| known.contains(tag)) {
                continue;
            }
            let key = keys::tag_name(tag);
            if self.table.get(&key, Consistency::Eventual).await?.is_none() {
                let item = Item { key, attributes: serde_json::Map::new() };
                match self.write_resolved(&[Write::put(item).when(Condition::Absent)]).await {
                    Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            self.with_known_tags(|known| {
                if known.len() >= KNOWN_TAGS {
                    known.clear();
                }
                known.insert(tag.clone())
            });
        }
        Ok(())
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
