//! The most clicked links of a period.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::long_term::{LongTerm, items_since};
use crate::link::Domain;
use crate::service::{LinkRecord, Service, ServiceError};
use crate::stats::{Hour, Month, Period, Subject};
use crate::table::keys;
use crate::table::{Item, Key, TableError, is_purgeable};

mod entries;

use entries::{Entries, Entry, READ_ON};

/// A link in a ranking.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) record: LinkRecord,
    /// Clicks by people in the period.
    pub(super) clicks: u64,
}

impl Ranked {
    /// What it is ranked by.
    fn place(&self) -> impl Ord + '_ {
        (Reverse(self.clicks), &self.record.domain, &self.record.code)
    }
}

impl Service {
    /// The most clicked links of some domains, most clicked first.
    ///
    /// Costs a read for each shard of each domain, and as many for the links as those who are gone make necessary: at most
    /// 32 pages of the index more, with 500 entries each. It ends early where that is not enough.
    pub(super) async fn ranking(
        &self,
        domains: &[Domain],
        period: Period,
        limit: usize,
    ) -> Result<Vec<Ranked>, ServiceError> {
        let mut entries = Entries::of(self.table().as_ref(), domains, period, limit);
        let (mut ranked, mut at_once) = (Vec::new(), limit);
        loop {
            let next = entries.next(at_once).await?;
            if next.is_empty() {
                return Ok(ranked);
            }
            ranked.extend(self.resolved(&next, period).await?);
            ranked.sort_by(|a, b| a.place().cmp(&b.place()));
            ranked.truncate(limit);
            // Codes that were given to another link have less than their entry says: a later entry may have more.
            let last = ranked.get(limit - 1);
            if last.is_some_and(|last| entries.most_clicks().is_none_or(|most| most <= last.clicks)) {
                return Ok(ranked);
            }
            at_once = (2 * at_once).min(READ_ON);
        }
    }

    /// The links of some entries with their own clicks.
    async fn resolved(&self, entries: &[Entry], period: Period) -> Result<Vec<Ranked>, ServiceError> {
        let keys: Vec<Key> = entries.iter().map(|entry| keys::link(&entry.link.0, &entry.link.1)).collect();
        let items = self.table().get_many(&keys).await?;
        let now = self.now();
        let records = items.into_iter().map(|item| item.and_then(|item| readable(&item, now)));
        let mut ranked: Vec<_> = records
            .zip(entries)
            .filter_map(|(record, entry)| Some(Ranked { record: record?, clicks: entry.clicks }))
            .collect();
        self.leave_out_earlier(&mut ranked, period).await?;
        ranked.retain(|link| link.clicks > 0);
        Ok(ranked)
    }

    /// Takes away what was counted before a link got its code from another one.
    async fn leave_out_earlier(&self, ranked: &mut [Ranked], period: Period) -> Result<(), ServiceError> {
        let reissued = ranked.iter().filter(|link| link.record.is_reissued());
        let keys: Vec<Key> =
            reissued.flat_map(|link| items_since(&link.record.subject(), Some(link.record.own_since()))).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let items = self.table().get_many(&keys).await?;
        let read: BTreeMap<Key, Option<Item>> = keys.into_iter().zip(items).collect();
        for link in ranked.iter_mut().filter(|link| link.record.is_reissued()) {
            let (subject, since) = (link.record.subject(), link.record.own_since());
            let own = items_since(&subject, Some(since))
                .into_iter()
                .map(|key| (key.clone(), read.get(&key).cloned().flatten()));
            link.clicks = own_clicks(&subject, since, period, link.clicks, own)?;
        }
        Ok(())
    }
}

/// Clicks by people in a period, of the hours since a link has its code.
fn own_clicks(
    subject: &Subject,
    since: Hour,
    period: Period,
    counted: u64,
    items: impl Iterator<Item = (Key, Option<Item>)>,
) -> Result<u64, TableError> {
    let long_term = LongTerm::of(subject, Some(since), items);
    let (date, month) = (since.date(), Month::of(since.date()));
    Ok(match period {
        Period::Total => long_term.rolled_up()?.human,
        Period::Day(day) if day < date => 0,
        Period::Day(day) if day == date => long_term.first_day()?.human,
        Period::Month(asked) if asked < month => 0,
        Period::Month(asked) if asked == month => {
            let mut clicks = long_term.days_of(month, |_| true)?;
            clicks.add(&long_term.first_day()?);
            clicks.human
        }
        Period::Day(_) | Period::Month(_) => counted,
    })
}

fn readable(item: &Item, now: Timestamp) -> Option<LinkRecord> {
    if is_purgeable(item, now) {
        return None;
    }
    LinkRecord::decode(item).map_err(|error| tracing::error!(%error, "a stored link is left out of a ranking")).ok()
}
