//! Sixteen shards read as one list.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::table::keys::{Index, SHARDS};
use crate::table::{Item, Order, Page, Position, Query, SortRange, Table, TableError};

/// A list spread over the shards, in sort-key order.
pub(super) struct ShardMerge {
    table: Arc<dyn Table>,
    index: Option<Index>,
    order: Order,
    fetch: usize,
    shards: Vec<Shard>,
}

struct Shard {
    partition: String,
    range: SortRange,
    buffer: VecDeque<Item>,
    next: Next,
}

enum Next {
    First,
    After(Position),
    Done,
}

impl ShardMerge {
    /// A merge of the partitions that `partition` names, expected to be read for about `expected` items.
    pub(super) fn new(
        table: Arc<dyn Table>,
        index: Option<Index>,
        partition: impl Fn(u8) -> String,
        range: &SortRange,
        order: Order,
        expected: usize,
    ) -> Self {
        let shards = (0..SHARDS).map(|shard| Shard {
            partition: partition(shard),
            range: range.clone(),
            buffer: VecDeque::new(),
            next: if range.is_empty() { Next::Done } else { Next::First },
        });
        // Codes are spread evenly, so each shard gives its share and a little more; a shard that runs dry is read on.
        let fetch = expected.div_ceil(usize::from(SHARDS)) + 2;
        Self { table, index, order, fetch, shards: shards.collect() }
    }

    /// The next item of all shards with its sort key.
    pub(super) async fn next(&mut self) -> Result<Option<(String, Item)>, TableError> {
        self.refill().await?;
        let best = (0..self.shards.len())
            .filter_map(|at| self.shards[at].buffer.front().map(|item| (self.sort_key(item), at)))
            .reduce(|best, other| {
                let better = match self.order {
                    Order::Ascending => other < best,
                    Order::Descending => other > best,
                };
                if better { other } else { best }
            });
        Ok(best.and_then(|(key, at)| self.shards[at].buffer.pop_front().map(|item| (key, item))))
    }

    fn sort_key(&self, item: &Item) -> String {
        match self.index {
            Some(index) => item.text(index.sort_attribute()).unwrap_or_default().to_owned(),
            None => item.key.sk.clone(),
        }
    }

    /// Reads on every shard whose buffer is empty, at once.
    async fn refill(&mut self) -> Result<(), TableError> {
        let mut reads = JoinSet::new();
        for (at, shard) in self.shards.iter().enumerate() {
            let start = match &shard.next {
                _ if !shard.buffer.is_empty() => continue,
                Next::Done => continue,
                Next::First => None,
                Next::After(position) => Some(position.clone()),
            };
            let query = Query {
                index: self.index,
                partition: shard.partition.clone(),
                range: shard.range.clone(),
                order: self.order,
                limit: self.fetch,
                start,
            };
            let table = Arc::clone(&self.table);
            reads.spawn(async move { (at, read_until_something(table, query).await) });
        }
        while let Some(joined) = reads.join_next().await {
            let (at, page) = joined.map_err(|error| TableError::Engine(Box::new(error)))?;
            let page = page?;
            self.shards[at].buffer.extend(page.items);
            self.shards[at].next = page.next.map_or(Next::Done, Next::After);
        }
        Ok(())
    }
}

/// A page can be empty and still have a next one; this one is empty only at the end.
async fn read_until_something(table: Arc<dyn Table>, mut query: Query) -> Result<Page, TableError> {
    loop {
        let page = table.query(&query).await?;
        match page.next {
            Some(next) if page.items.is_empty() => query.start = Some(next),
            next => return Ok(Page { items: page.items, next }),
        }
    }
}
