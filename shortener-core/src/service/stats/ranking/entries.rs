//! The entries of a ranking, most clicked first, read from the index as far as they are asked for.

use std::collections::VecDeque;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::link::{Domain, ShortCode};
use crate::stats::Period;
use crate::table::keys::{self, Index, SHARDS, attribute};
use crate::table::{Item, Order, Position, Query, SortRange, Table, TableError};

/// How many shards are read at the same time.
const CONCURRENCY: usize = 16;

/// Entries in a page when a shard is read on.
pub(super) const READ_ON: usize = 500;

/// How many more pages are read for one ranking, of all shards together, after the first one of each.
const MOST_PAGES: usize = 32;

/// An entry of the index.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) link: (Domain, ShortCode),
    pub(super) clicks: u64,
}

/// The entries of some domains' shards, merged. There is a bound on the pages that are read: beyond it, what is left of a
/// shard is taken for nothing.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    table: &'a dyn Table,
    shards: Vec<Shard>,
    /// Entries in the first page of each shard.
    first: usize,
    /// Pages that may be read beyond the first ones.
    pages_left: usize,
}

#[derive(Debug)]
struct Shard {
    partition: String,
    read: VecDeque<Entry>,
    rest: Rest,
}

/// What of a shard has not been read.
#[derive(Debug, Clone)]
enum Rest {
    Everything,
    /// What comes after this position: none of it has more clicks than this.
    After(Position, u64),
    Nothing,
}

impl<'a> Entries<'a> {
    /// Those of some domains in a period. `first` is how many are surely needed.
    pub(super) fn of(table: &'a dyn Table, domains: &[Domain], period: Period, first: usize) -> Self {
        let partitions =
            domains.iter().flat_map(|domain| (0..SHARDS).map(move |shard| keys::top_partition(domain, period, shard)));
        let shard = |partition| Shard { partition, read: VecDeque::new(), rest: Rest::Everything };
        Self { table, shards: partitions.map(shard).collect(), first, pages_left: MOST_PAGES }
    }

    /// The next ones, at least one and at most so many; none at the end.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<Entry>, TableError> {
        let mut next = Vec::new();
        while next.len() < most {
            // Of two with as many clicks, the one that is read already.
            let leading = self.shards.iter_mut().max_by_key(|shard| (shard.most_clicks(), !shard.read.is_empty()));
            if let Some(entry) = leading.and_then(|shard| shard.read.pop_front()) {
                next.push(entry);
            } else if !next.is_empty() || self.most_clicks().is_none() {
                break;
            } else {
                self.read_leading().await?;
            }
        }
        Ok(next)
    }

    /// No entry that is left has more clicks than this; none if none is left.
    pub(super) fn most_clicks(&self) -> Option<u64> {
        self.shards.iter().filter_map(Shard::most_clicks).max()
    }

    /// Reads a page of each shard that may have the next entry.
    async fn read_leading(&mut self) -> Result<(), TableError> {
        let most = self.most_clicks();
        let mut reads = Vec::new();
        for (at, shard) in self.shards.iter_mut().enumerate().filter(|(_, shard)| shard.most_clicks() == most) {
            let (limit, start) = match std::mem::replace(&mut shard.rest, Rest::Nothing) {
                Rest::Everything => (self.first, None),
                Rest::After(position, _) if self.pages_left > 0 => {
                    self.pages_left -= 1;
                    (READ_ON, Some(position))
                }
                Rest::After(..) => {
                    tracing::warn!(partition = shard.partition, "a ranking ends early: too many of its links are gone");
                    continue;
                }
                Rest::Nothing => continue,
            };
            reads.push(read_page(self.table, at, shard.partition.clone(), limit, start));
        }
        let pages: Vec<_> = stream::iter(reads).buffer_unordered(CONCURRENCY).try_collect().await?;
        for (at, entries, rest) in pages {
            self.shards[at].read.extend(entries);
            self.shards[at].rest = rest;
        }
        Ok(())
    }
}

impl Shard {
    fn most_clicks(&self) -> Option<u64> {
        match (self.read.front(), &self.rest) {
            (Some(entry), _) => Some(entry.clicks),
            (None, Rest::Everything) => Some(u64::MAX),
            (None, Rest::After(_, clicks)) => Some(*clicks),
            (None, Rest::Nothing) => None,
        }
    }
}

async fn read_page(
    table: &dyn Table,
    at: usize,
    partition: String,
    limit: usize,
    start: Option<Position>,
) -> Result<(usize, Vec<Entry>, Rest), TableError> {
    let (index, range, order) = (Some(Index::Top), SortRange::all(), Order::Descending);
    let page = table.query(&Query { index, partition, range, order, limit, start }).await?;
    let least = page.items.iter().filter_map(clicks_of).min().unwrap_or(u64::MAX);
    let rest = page.next.map_or(Rest::Nothing, |position| Rest::After(position, least));
    let entry = |item: &Item| Some(Entry { link: keys::parse_stats_link(&item.key)?, clicks: clicks_of(item)? });
    Ok((at, page.items.iter().filter_map(entry).collect(), rest))
}

fn clicks_of(item: &Item) -> Option<u64> {
    item.number(attribute::TOP_CLICKS).and_then(|clicks| u64::try_from(clicks).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Subject;
    use crate::table::memory::MemoryTable;

    fn item(code: &str, shard: u8, clicks: usize) -> Item {
        let domain = Domain::default_domain();
        let partition = keys::top_partition(&domain, Period::Total, shard);
        let subject = Subject::Link(domain, ShortCode::parse(code).unwrap());
        let attributes =
            [(attribute::TOP_PK.to_owned(), partition.into()), (attribute::TOP_CLICKS.to_owned(), clicks.into())];
        Item { key: keys::period_stats(&subject, Period::Total), attributes: attributes.into_iter().collect() }
    }

    #[tokio::test]
    async fn entries_come_in_order_and_a_shard_ends_where_too_much_would_be_read() {
        let table = MemoryTable::new();
        let most = 1 + MOST_PAGES * READ_ON;
        let mut items: Vec<Item> = (0..most + 10).map(|place| item(&format!("c{place}"), 3, 100_000 - place)).collect();
        items.extend([item("x", 4, 99_990), item("y", 4, 5)]);
        table.insert_many(&items).await.unwrap();
        let domains = [Domain::default_domain()];
        let mut entries = Entries::of(&table, &domains, Period::Total, 1);
        let mut seen = Vec::new();
        loop {
            let next = entries.next(700).await.unwrap();
            if next.is_empty() {
                break;
            }
            seen.extend(next);
        }
        assert!(seen.is_sorted_by_key(|entry| std::cmp::Reverse(entry.clicks)));
        // All that may be read of one shard, and what is left of the other one was on its way then.
        assert_eq!((seen.len(), entries.pages_left), (most - READ_ON + 2, 0));
        assert_eq!(seen.iter().filter(|entry| entry.clicks == 99_990).count(), 2);
    }
}
