//! Reads: one item, many items, one page. None of them scans.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::stream::{FuturesUnordered, TryStreamExt};

use super::DynamoTable;
use super::error::of_read;
use super::expression::Placeholders;
use super::hedge::hedged;
use super::paced::{Step, Turns};
use super::value::{Wire, from_wire, item_from_wire, key_from_wire, key_to_wire, to_wire};
use crate::table::keys::{Index, SortType, attribute};
use crate::table::{Consistency, Item, Key, Order, Page, Position, Query, SortRange, TableError};

/// Most keys in one `BatchGetItem`.
const BATCH: usize = 100;

impl DynamoTable {
    /// Reads one item.
    pub(super) async fn get_one(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, TableError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_to_wire(key)))
            .consistent_read(consistency == Consistency::Strong);
        let reply = hedged(self.hedge, || request.clone().send()).await.map_err(|error| of_read(&self.name, error))?;
        reply.item.map(item_from_wire).transpose()
    }

    /// Reads many items strongly, each key once.
    pub(super) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Item>>, TableError> {
        let mut wanted: Vec<&Key> = keys.iter().collect();
        wanted.sort();
        wanted.dedup();
        let mut found = HashMap::with_capacity(wanted.len());
        let (mut batches, mut running) = (wanted.chunks(BATCH), FuturesUnordered::new());
        loop {
            // More at once would only wait for the pace.
            let free = self.pace.ceiling() - running.len();
            running.extend(batches.by_ref().take(free).map(|batch| self.get_batch(batch)));
            let Some(items) = running.try_next().await? else { break };
            found.extend(items.into_iter().map(|item| (item.key.clone(), item)));
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn get_batch(&self, batch: &[&Key]) -> Result<Vec<Item>, TableError> {
        let mut found = Vec::with_capacity(batch.len());
        let mut waiting: Vec<Wire> = batch.iter().map(|key| key_to_wire(key)).collect();
        let mut turns = Turns::new(self.patience);
        loop {
            let permit = self.pace.acquire().await;
            let outcome = self.get_some(&mut waiting, &mut found).await;
            if turns.judge(permit, outcome).await?.is_some() {
                return Ok(found);
            }
        }
    }

    /// Asks for the items at the keys that wait, once; leaves those there that DynamoDB did not get to.
    async fn get_some(&self, waiting: &mut Vec<Wire>, found: &mut Vec<Item>) -> Result<Step<()>, TableError> {
        let before = waiting.len();
        let request = KeysAndAttributes::builder().set_keys(Some(waiting.clone())).consistent_read(true).build();
        let reply = self
            .client
            .batch_get_item()
            .request_items(&self.name, request.map_err(|error| TableError::Engine(error.into()))?)
            .send()
            .await
            .map_err(|error| of_read(&self.name, error))?;
        for wire in reply.responses.unwrap_or_default().into_values().flatten() {
            found.push(item_from_wire(wire)?);
        }
        *waiting = reply.unprocessed_keys.unwrap_or_default().into_values().flat_map(|rest| rest.keys).collect();
        Ok(Step::of(before, waiting.len()))
    }

    /// Reads one page that is empty only if nothing follows.
    pub(super) async fn query_page(&self, query: &Query) -> Result<Page, TableError> {
        check_query(query)?;
        if query.range.is_empty() || query.range.to.as_deref() == Some("") {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let mut start = query.start.clone();
        loop {
            let page = self.query_once(query, start).await?;
            if !page.items.is_empty() || page.next.is_none() {
                return Ok(page);
            }
            start = page.next;
        }
    }

    async fn query_once(&self, query: &Query, start: Option<Position>) -> Result<Page, TableError> {
        let mut placeholders = Placeholders::default();
        let condition = key_condition(query, &mut placeholders);
        let (names, values) = placeholders.finish();
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(query.index.map(|index| index.name().to_owned()))
            .key_condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(start.map(|start| start_key(query, &start)).transpose()?)
            .scan_index_forward(query.order == Order::Ascending)
            .set_consistent_read(query.index.is_none().then_some(true))
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX));
        let reply = hedged(self.hedge, || request.clone().send()).await.map_err(|error| of_read(&self.name, error))?;
        let items = reply.items.unwrap_or_default().into_iter().map(item_from_wire).collect::<Result<Vec<_>, _>>()?;
        let next = reply.last_evaluated_key.filter(|key| !key.is_empty());
        let next = next.map(|key| position(query.index, key)).transpose()?;
        Ok(half_open(query, Page { items, next }))
    }
}

fn check_query(query: &Query) -> Result<(), TableError> {
    let by_number = query.index.is_some_and(|index| index.sort_type() == SortType::Number);
    if query.limit == 0 {
        return Err(TableError::Invalid("a page of no items".to_owned()));
    }
    if by_number && query.range != SortRange::all() {
        return Err(TableError::Invalid("a range of an index sorted by number".to_owned()));
    }
    Ok(())
}

fn partition_attribute(index: Option<Index>) -> &'static str {
    index.map_or(attribute::PK, Index::partition_attribute)
}

fn sort_attribute(index: Option<Index>) -> &'static str {
    index.map_or(attribute::SK, Index::sort_attribute)
}

fn key_condition(query: &Query, placeholders: &mut Placeholders) -> String {
    let partition = placeholders.name(partition_attribute(query.index));
    let equals = placeholders.text(&query.partition);
    // A key value is never empty, so an empty lower bound is none; DynamoDB would refuse it.
    let from = query.range.from.as_deref().filter(|from| !from.is_empty());
    let mut sort = || placeholders.name(sort_attribute(query.index));
    let range = match (from, query.range.to.as_deref()) {
        (None, None) => return format!("{partition} = {equals}"),
        (Some(from), None) => format!("{} >= {}", sort(), placeholders.text(from)),
        (None, Some(to)) => format!("{} < {}", sort(), placeholders.text(to)),
        // BETWEEN includes its end, and a key can have one condition only: `half_open` drops the end.
        (Some(from), Some(to)) => {
            format!("{} BETWEEN {} AND {}", sort(), placeholders.text(from), placeholders.text(to))
        }
    };
    format!("{partition} = {equals} AND {range}")
}

/// Drops items at the excluded end of the range. In ascending order nothing follows them that counts.
fn half_open(query: &Query, mut page: Page) -> Page {
    let Some(to) = query.range.to.as_deref() else { return page };
    let sort_key = |item: &Item| match query.index {
        None => Some(item.key.sk.clone()),
        Some(index) => item.text(index.sort_attribute()).map(str::to_owned),
    };
    let before = page.items.len();
    page.items.retain(|item| sort_key(item).is_none_or(|sort| sort.as_str() < to));
    if page.items.len() < before && query.order == Order::Ascending {
        page.next = None;
    }
    page
}

fn start_key(query: &Query, start: &Position) -> Result<Wire, TableError> {
    let mut wire = key_to_wire(&start.key);
    if let Some(index) = query.index {
        wire.insert(index.partition_attribute().to_owned(), AttributeValue::S(query.partition.clone()));
        wire.insert(index.sort_attribute().to_owned(), to_wire(&start.sort)?);
    }
    Ok(wire)
}

fn position(index: Option<Index>, mut wire: Wire) -> Result<Position, TableError> {
    let key = key_from_wire(&mut wire)?;
    let sort = match index {
        None => serde_json::Value::Null,
        Some(index) => wire.remove(index.sort_attribute()).map(from_wire).transpose()?.unwrap_or_default(),
    };
    Ok(Position { key, sort })
}
