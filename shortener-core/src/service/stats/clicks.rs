//! The clicks of all time of links, as links are shown with them.

use std::collections::BTreeMap;

use super::long_term::{LongTerm, items_since};
use crate::service::{LinkRecord, Service, ServiceError};
use crate::stats::Hour;
use crate::stats::ledger::Subject;
use crate::stats::tally::Counts;
use crate::table::{Item, Key, TableError, keys};
use crate::wire::LinkClicks;

/// Attribute of a quota: how many clicks are used.
const USED: &str = "used";

impl LinkRecord {
    /// What its clicks are counted of.
    pub(in crate::service) fn subject(&self) -> Subject {
        Subject::Link(self.domain.clone(), self.code.clone())
    }

    /// Whether its code was another link's before.
    pub(in crate::service) fn is_reissued(&self) -> bool {
        self.body.first_version > 1
    }

    /// The hour from which on clicks are its own.
    pub(in crate::service) fn own_since(&self) -> Hour {
        Hour::of(self.here_since())
    }

    /// Clicks that were counted here, and elsewhere before.
    pub(in crate::service) fn with_imported(&self, counted: Counts) -> LinkClicks {
        let imported = self.body.imported_clicks.unwrap_or(0);
        LinkClicks { human: counted.human.saturating_add(imported), total: counted.total().saturating_add(imported) }
    }

    /// The items that tell its clicks: one, unless its code was another link's.
    fn click_items(&self) -> Vec<Key> {
        items_since(&self.subject(), self.is_reissued().then(|| self.own_since()))
    }
}

impl Service {
    /// Clicks of links as far as they are rolled up, in their order, by one read.
    pub(in crate::service) async fn clicks_of(&self, records: &[LinkRecord]) -> Result<Vec<LinkClicks>, ServiceError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = records.iter().flat_map(LinkRecord::click_items).collect();
        let items = self.table().get_many(&keys).await?;
        let read: BTreeMap<Key, Option<Item>> = keys.into_iter().zip(items).collect();
        records.iter().map(|record| Ok(clicks(record, &read)?)).collect()
    }

    /// Clicks of a link as far as they are rolled up, and how many of its limit are used if it has one.
    pub(in crate::service) async fn clicks_and_quota(
        &self,
        record: &LinkRecord,
    ) -> Result<(LinkClicks, Option<u64>), ServiceError> {
        let mut keys = record.click_items();
        let quota = keys::quota(&record.domain, &record.code, record.here_since());
        keys.extend(record.body.max_clicks.map(|_| quota.clone()));
        let items = self.table().get_many(&keys).await?;
        let read: BTreeMap<Key, Option<Item>> = keys.into_iter().zip(items).collect();
        let used = |item: &Item| item.number(USED).and_then(|used| u64::try_from(used).ok());
        let used = read.get(&quota).map(|item| item.as_ref().and_then(used).unwrap_or(0));
        Ok((clicks(record, &read)?, used))
    }
}

fn clicks(record: &LinkRecord, read: &BTreeMap<Key, Option<Item>>) -> Result<LinkClicks, TableError> {
    let own = record.click_items().into_iter().map(|key| (key.clone(), read.get(&key).cloned().flatten()));
    let since = record.is_reissued().then(|| record.own_since());
    Ok(record.with_imported(LongTerm::of(&record.subject(), since, own).rolled_up()?))
}
