//! What an earlier count of an hour has stored and the new one has no line of: an empty tally takes its place.
//!
//! Usually there is none: files only come, and lines stay with their links. It is looked for where files are gone or were
//! replaced, where hosts have changed their domains, and where everything is counted again.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::manifest::Domains;
use super::hour::HourCounting;
use super::storing::{Ended, STORED};
use super::{Ingest, IngestError, Recount};
use crate::link::{Domain, ShortCode};
use crate::service::Directory;
use crate::stats::{Hour, Period, Source, Subject, Tally};
use crate::table::keys::{self, Index, SHARDS, attribute};
use crate::table::{Consistency, Key, Order, Query, SortRange};

/// Rankings that are read at the same time.
const CONCURRENCY: usize = 16;

/// Links in a page of a ranking.
const PAGE: usize = 500;

/// What is known of the subjects of an hour, where some may have dropped out of it.
#[derive(Debug)]
pub(super) struct Dropped {
    /// Domains that are, or were when the hour was counted before.
    domains: BTreeSet<Domain>,
    /// Domains whose lines may be another domain's now: none where no host has changed its domain.
    moved: BTreeSet<Domain>,
    hasher: RandomState,
    /// Hashes of the subjects that are in the new count.
    counted: HashSet<u64, RandomState>,
    /// Subjects that the hour had of moved lines.
    found: BTreeSet<Subject>,
}

impl Dropped {
    fn of(directory: &Directory, before: &Domains, domains: &Domains) -> Self {
        let mut moved = BTreeSet::new();
        if before.hosts != domains.hosts {
            let is_moved = |(domain, host): &(&Domain, &String)| directory.host(domain) != Some(host.as_str());
            moved.extend(before.sites.iter().filter(is_moved).map(|(domain, _)| domain.clone()));
            // An unknown host is the default domain's.
            moved.insert(Domain::default_domain());
        }
        let (hasher, counted, found) = (RandomState::default(), HashSet::default(), BTreeSet::new());
        let domains = directory.domains().chain(before.sites.keys()).cloned().collect();
        Self { domains, moved, hasher, counted, found }
    }

    /// A subject is in the new count.
    pub(super) fn is_counted(&mut self, subject: &Subject) {
        self.counted.insert(self.hasher.hash_one(subject));
    }

    fn is_missing(&self, subject: &Subject) -> bool {
        !self.counted.contains(&self.hasher.hash_one(subject))
    }
}

impl Ingest {
    /// Whether, and of which domains, an hour may have been counted for subjects that it has no line of any more.
    pub(super) fn may_drop(
        &self,
        counting: &HourCounting,
        directory: &Directory,
        before: &Domains,
        has_other_files: bool,
    ) -> Option<Dropped> {
        // The first count of an hour has nothing before it, and a dry run no generation.
        let was_counted = counting.generation > 1;
        let is_other = has_other_files || before.hosts != counting.domains.hosts;
        let is_looked_for = was_counted && (is_other || self.options.recount == Recount::All);
        is_looked_for.then(|| Dropped::of(directory, before, &counting.domains))
    }

    /// Finds what was counted of the same codes while their lines were another domain's.
    pub(super) async fn find_moved(
        &self,
        counting: &mut HourCounting,
        domain: &Domain,
        codes: impl Iterator<Item = &ShortCode>,
    ) -> Result<(), IngestError> {
        let Some(dropped) = &mut counting.dropped else { return Ok(()) };
        let mut subjects = Vec::new();
        for code in codes {
            let others = dropped.moved.iter().filter(|other| *other != domain);
            subjects.extend(others.map(|other| Subject::Link(other.clone(), code.clone())));
        }
        dropped.found.extend(self.stored_of(counting.hour, subjects).await?);
        Ok(())
    }

    /// Puts empty tallies in the place of what is stored of subjects that are not in the new count, when all of it is stored.
    ///
    /// Links are found in the ranking of the day: those that no person clicked on it, or whose hours wait to be rolled up, are not.
    pub(super) async fn empty_dropped(&self, counting: &mut HourCounting) -> Result<Ended, IngestError> {
        let Some(mut dropped) = counting.dropped.take() else { return Ok(Ended::Done) };
        if !self.is_latest(counting).await? {
            return Ok(Ended::Done);
        }
        let found =
            std::mem::take(&mut dropped.found).into_iter().filter(|subject| dropped.is_missing(subject)).collect();
        if self.store_empty(counting, found).await? == Ended::OutOfTime {
            return Ok(Ended::OutOfTime);
        }
        let sites = dropped.domains.iter().cloned().map(Subject::Site).collect();
        let sites = self.stored_of(counting.hour, sites).await?;
        let period = Period::Day(counting.hour.date());
        let shards = sites
            .iter()
            .flat_map(|site| (0..SHARDS).map(move |shard| keys::top_partition(site.domain(), period, shard)));
        let reads: Vec<_> = shards.map(|partition| self.ranked(counting.hour, partition, &dropped)).collect();
        let mut reads = stream::iter(reads).buffer_unordered(CONCURRENCY);
        while let Some(links) = reads.try_next().await? {
            if self.store_empty(counting, links).await? == Ended::OutOfTime {
                return Ok(Ended::OutOfTime);
            }
        }
        let missing = sites.into_iter().filter(|site| dropped.is_missing(site)).collect();
        self.store_empty(counting, missing).await
    }

    /// Whether no other run has begun to count the hour since.
    async fn is_latest(&self, counting: &HourCounting) -> Result<bool, IngestError> {
        let key = keys::ingest_hour(counting.hour);
        let item = self.patiently(|| self.table.get(&key, Consistency::Strong)).await?;
        let latest = item.and_then(|item| item.number(attribute::GENERATION));
        Ok(latest.and_then(|latest| u64::try_from(latest).ok()) == Some(counting.generation))
    }

    /// Links of a shard of a ranking that have something of the hour, and are not in the new count.
    async fn ranked(&self, hour: Hour, partition: String, dropped: &Dropped) -> Result<Vec<Subject>, IngestError> {
        let (index, range, order) = (Some(Index::Top), SortRange::all(), Order::Descending);
        let mut query = Query { index, partition, range, order, limit: PAGE, start: None };
        let mut missing = Vec::new();
        loop {
            let page = self.patiently(|| self.table.query(&query)).await?;
            let links = page.items.iter().filter_map(|item| keys::parse_stats_link(&item.key));
            let subjects = links.map(|(domain, code)| Subject::Link(domain, code));
            let subjects = subjects.filter(|subject| dropped.is_missing(subject)).collect();
            missing.extend(self.stored_of(hour, subjects).await?);
            match page.next {
                Some(next) => query.start = Some(next),
                None => return Ok(missing),
            }
        }
    }

    /// Those of which something of the edge's is stored for the hour.
    async fn stored_of(&self, hour: Hour, subjects: Vec<Subject>) -> Result<Vec<Subject>, IngestError> {
        let source = Source::edge();
        let key = |subject: &Subject| keys::hour_stats(subject, hour, source.as_str());
        let keys: Vec<Key> = subjects.iter().map(key).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let items = self.patiently(|| self.table.get_many(&keys)).await?;
        Ok(subjects.into_iter().zip(items).filter(|(_, item)| item.is_some()).map(|(subject, _)| subject).collect())
    }

    async fn store_empty(&self, counting: &mut HourCounting, subjects: Vec<Subject>) -> Result<Ended, IngestError> {
        let empty = |subject: &Subject| (subject.clone(), Tally::default());
        for subjects in subjects.chunks(STORED) {
            if self.store(counting, subjects.iter().map(empty).collect()).await? == Ended::OutOfTime {
                return Ok(Ended::OutOfTime);
            }
        }
        Ok(Ended::Done)
    }
}
