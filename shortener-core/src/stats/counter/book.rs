//! The running totals of one run of a server, and what of them is not stored yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use jiff::civil::Date;

use super::SharedNames;
use super::link::LinkCount;
use crate::link::Domain;
use crate::stats::{Hour, Source, Subject, Tally};
use crate::table::MAX_TRANSACTION;

/// Most links and hours that are held. Of more, only what the domain counts is counted.
const MOST: usize = 1_000_000;

/// Running totals under one name of a source. What is stored under it is replaced as a whole, so that what was dropped
/// from memory must not be counted under the same name again.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) source: Source,
    /// Whether the table knows the source, so that others find what it leaves.
    pub(super) is_known: bool,
    pub(super) names: SharedNames,
    hours: BTreeMap<Hour, HashMap<Arc<Subject>, Total, RandomState>>,
    sites: Vec<(Domain, Arc<Subject>)>,
    /// What has changed since it was stored, the longest unstored first.
    unstored: VecDeque<Unstored>,
    /// What is stored, or about to be, and not rolled up yet, the first noted first.
    pending: VecDeque<Pending>,
    /// How many notes of it were made.
    notes: u64,
    /// The hour in which it was begun.
    pub(super) begun: Hour,
    /// Hours before this one were dropped.
    closed_before: Option<Hour>,
    held: usize,
    /// Clicks that were only counted of their domain.
    pub(super) crowded_out: u64,
}

#[derive(Debug, Default)]
struct Total {
    count: LinkCount,
    is_unstored: bool,
    /// Whether the table knows that its day is to be rolled up.
    is_noted: bool,
}

/// Hours of links whose days are to be rolled up, and the number of the note in the table that says so.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) number: u64,
    hours: Vec<(Hour, Arc<Subject>)>,
}

impl Pending {
    /// The days of it.
    pub(super) fn days(&self) -> BTreeSet<(Subject, Date)> {
        self.hours.iter().map(|(hour, subject)| ((**subject).clone(), hour.date())).collect()
    }
}

/// An hour of a link that has changed.
#[derive(Debug)]
struct Unstored {
    hour: Hour,
    subject: Arc<Subject>,
    /// Up to when everything was stored before.
    since: Timestamp,
}

/// Some hours to store: the tallies of each, with its links.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) hours: BTreeMap<Hour, Vec<(Subject, Tally)>>,
    since: Timestamp,
}

impl Book {
    pub(super) fn new(source: Source, names: SharedNames, begun: Hour) -> Self {
        Self {
            source,
            is_known: false,
            names,
            hours: BTreeMap::new(),
            sites: Vec::new(),
            unstored: VecDeque::new(),
            pending: VecDeque::new(),
            notes: 0,
            begun,
            closed_before: None,
            held: 0,
            crowded_out: 0,
        }
    }

    /// Whether an hour was dropped.
    pub(super) fn has_closed(&self, hour: Hour) -> bool {
        self.closed_before.is_some_and(|before| hour < before)
    }

    /// How many links and hours are held.
    pub(super) fn len(&self) -> usize {
        self.held
    }

    /// Adds what was counted of a link, or of a domain, after `since`: the former counts in the latter, too.
    pub(super) fn add(&mut self, hour: Hour, subject: Subject, count: &LinkCount, since: Timestamp) {
        if let Subject::Link(domain, _) = &subject {
            let site = self.site(domain);
            self.merge(hour, &site, count, since);
        }
        let held = self.hours.get(&hour).and_then(|links| links.get_key_value(&subject));
        match held.map(|(subject, _)| Arc::clone(subject)) {
            Some(subject) => self.merge(hour, &subject, count, since),
            None if self.held < MOST => self.merge(hour, &Arc::new(subject), count, since),
            None => self.crowded_out += count.requests(),
        }
    }

    fn site(&mut self, domain: &Domain) -> Arc<Subject> {
        if let Some((_, site)) = self.sites.iter().find(|(other, _)| other == domain) {
            return Arc::clone(site);
        }
        let site = Arc::new(Subject::Site(domain.clone()));
        self.sites.push((domain.clone(), Arc::clone(&site)));
        site
    }

    fn merge(&mut self, hour: Hour, subject: &Arc<Subject>, count: &LinkCount, since: Timestamp) {
        let links = self.hours.entry(hour).or_default();
        let total = links.entry(Arc::clone(subject)).or_insert_with(|| {
            self.held += 1;
            Total::default()
        });
        total.count.merge(count);
        if !std::mem::replace(&mut total.is_unstored, true) {
            self.unstored.push_back(Unstored { hour, subject: Arc::clone(subject), since });
        }
    }

    /// Up to when everything is stored, if something is not.
    pub(super) fn stored_until(&self) -> Option<Timestamp> {
        self.unstored.front().map(|unstored| unstored.since)
    }

    /// The next so many hours of links to store. They count as stored unless they are [put back](Self::put_back).
    pub(super) fn next_batch(&mut self, most: usize) -> Option<Batch> {
        let mut batch = Batch { hours: BTreeMap::new(), since: self.stored_until()? };
        for Unstored { hour, subject, .. } in self.unstored.drain(..most.min(self.unstored.len())) {
            let Some(total) = self.hours.get_mut(&hour).and_then(|links| links.get_mut(&*subject)) else { continue };
            total.is_unstored = false;
            batch.hours.entry(hour).or_default().push(((*subject).clone(), total.count.tally(&self.names)));
        }
        Some(batch)
    }

    /// Takes back what could not be stored.
    pub(super) fn put_back(&mut self, batch: Batch) {
        for (hour, tallies) in batch.hours {
            for (subject, _) in tallies {
                let Some(total) = self.hours.get_mut(&hour).and_then(|links| links.get_mut(&subject)) else { continue };
                if !std::mem::replace(&mut total.is_unstored, true) {
                    self.unstored.push_front(Unstored { hour, subject: Arc::new(subject), since: batch.since });
                }
            }
        }
    }

    /// What of a batch the table does not know that it is to be rolled up; none where it knows everything.
    pub(super) fn unnoted(&mut self, batch: &Batch) -> Option<Pending> {
        let all = batch.hours.iter().flat_map(|(hour, tallies)| tallies.iter().map(|(subject, _)| (*hour, subject)));
        let unnoted = all.filter_map(|(hour, subject)| {
            let (subject, total) = self.hours.get(&hour)?.get_key_value(subject)?;
            (!total.is_noted).then(|| (hour, Arc::clone(subject)))
        });
        let hours: Vec<_> = unnoted.collect();
        if hours.is_empty() {
            return None;
        }
        self.notes += 1;
        Some(Pending { number: self.notes, hours })
    }

    /// Remembers that the table has been told.
    pub(super) fn note(&mut self, pending: Pending) {
        self.set_noted(&pending, true);
        self.pending.push_back(pending);
    }

    /// Forgets what the table knows: others may have taken this run for lost, and rolled up what it had noted.
    pub(super) fn forget_notes(&mut self) {
        self.is_known = false;
        self.hours.values_mut().flat_map(HashMap::values_mut).for_each(|total| total.is_noted = false);
    }

    /// The next ones to roll up, with at most so many hours of links if there are several. What is stored from now on of
    /// the same links is to be noted anew.
    pub(super) fn next_pending(&mut self, most: usize) -> Vec<Pending> {
        let mut hours = 0;
        let fits = |pending: &&Pending| {
            let is_first = hours == 0;
            hours += pending.hours.len();
            is_first || hours <= most
        };
        let next: Vec<_> = self.pending.iter().take_while(fits).take(MAX_TRANSACTION).cloned().collect();
        for pending in &next {
            self.set_noted(pending, false);
        }
        next
    }

    /// Notes that so many of the first ones are rolled up.
    pub(super) fn drop_pending(&mut self, count: usize) {
        self.pending.drain(..count.min(self.pending.len()));
    }

    fn set_noted(&mut self, pending: &Pending, is_noted: bool) {
        for (hour, subject) in &pending.hours {
            if let Some(total) = self.hours.get_mut(hour).and_then(|links| links.get_mut(subject)) {
                total.is_noted = is_noted;
            }
        }
    }

    /// Whether everything that is stored is rolled up.
    pub(super) fn is_rolled_up(&self) -> bool {
        self.pending.is_empty()
    }

    /// Days of links that are not rolled up.
    pub(super) fn pending_days(&self) -> usize {
        self.pending.iter().flat_map(Pending::days).collect::<BTreeSet<_>>().len()
    }

    /// How many hours of links wait to be stored.
    pub(super) fn waiting(&self) -> usize {
        self.unstored.len()
    }

    /// Whether everything is stored.
    pub(super) fn is_stored(&self) -> bool {
        self.unstored.is_empty()
    }

    /// Requests, of links and codes without one, in hours of which something is not stored: an upper bound of what is lost
    /// with this memory.
    pub(super) fn unstored_requests(&self) -> u64 {
        let sites = self.unstored.iter().filter(|unstored| matches!(*unstored.subject, Subject::Site(_)));
        let totals = sites.filter_map(|site| self.hours.get(&site.hour)?.get(&site.subject));
        totals.map(|total| total.count.requests()).sum()
    }

    /// Drops hours that are over for long and stored. The one before stays, because threads may count late.
    pub(super) fn drop_hours_before(&mut self, hour: Hour) {
        if !self.is_stored() || self.hours.first_key_value().is_none_or(|(first, _)| *first >= hour) {
            return;
        }
        self.hours = self.hours.split_off(&hour);
        self.held = self.hours.values().map(HashMap::len).sum();
        self.closed_before = self.closed_before.max(Some(hour));
    }
}
