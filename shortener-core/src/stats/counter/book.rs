//! The running totals of one run of a server, and what of them is not stored yet.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use jiff::Timestamp;
use jiff::civil::Date;

use super::SharedNames;
use super::link::{Counts, LinkCount};
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
    hours: BTreeMap<Hour, Totals>,
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

/// The totals of an hour, which have numbers in it.
type Totals = IndexMap<Subject, Total, RandomState>;

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
    /// And the numbers of the links in them.
    hours: Vec<(Hour, usize)>,
}

/// An hour of a link that has changed.
#[derive(Debug)]
struct Unstored {
    hour: Hour,
    /// The number of the link in it.
    number: usize,
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
    pub(super) fn add(&mut self, hour: Hour, subject: &Subject, count: &impl Counts, since: Timestamp) {
        let totals = self.hours.entry(hour).or_default();
        if let Subject::Link(domain, _) = subject {
            let site = Subject::Site(domain.clone());
            let number = totals.get_index_of(&site).unwrap_or_else(|| begin(totals, site, &mut self.held));
            merge(hour, number, totals, count, since, &mut self.unstored);
        }
        let number = match totals.get_index_of(subject) {
            Some(number) => number,
            None if self.held < MOST || matches!(subject, Subject::Site(_)) => {
                begin(totals, subject.clone(), &mut self.held)
            }
            None => return self.crowded_out += count.requests(),
        };
        merge(hour, number, totals, count, since, &mut self.unstored);
    }

    /// Up to when everything is stored, if something is not.
    pub(super) fn stored_until(&self) -> Option<Timestamp> {
        self.unstored.front().map(|unstored| unstored.since)
    }

    /// The next so many hours of links to store. They count as stored unless they are [put back](Self::put_back).
    pub(super) fn next_batch(&mut self, most: usize) -> Option<Batch> {
        let mut batch = Batch { hours: BTreeMap::new(), since: self.stored_until()? };
        for Unstored { hour, number, .. } in self.unstored.drain(..most.min(self.unstored.len())) {
            let totals = self.hours.get_mut(&hour);
            let Some((subject, total)) = totals.and_then(|totals| totals.get_index_mut(number)) else { continue };
            total.is_unstored = false;
            batch.hours.entry(hour).or_default().push((subject.clone(), total.count.tally(&self.names)));
        }
        Some(batch)
    }

    /// Takes back what could not be stored.
    pub(super) fn put_back(&mut self, batch: Batch) {
        for (hour, tallies) in batch.hours {
            for (subject, _) in tallies {
                let totals = self.hours.get_mut(&hour);
                let Some((number, _, total)) = totals.and_then(|totals| totals.get_full_mut(&subject)) else {
                    continue;
                };
                if !std::mem::replace(&mut total.is_unstored, true) {
                    self.unstored.push_front(Unstored { hour, number, since: batch.since });
                }
            }
        }
    }

    /// What of a batch the table does not know that it is to be rolled up; none where it knows everything.
    pub(super) fn unnoted(&mut self, batch: &Batch) -> Option<Pending> {
        let all = batch.hours.iter().flat_map(|(hour, tallies)| tallies.iter().map(|(subject, _)| (*hour, subject)));
        let unnoted = all.filter_map(|(hour, subject)| {
            let (number, _, total) = self.hours.get(&hour)?.get_full(subject)?;
            (!total.is_noted).then_some((hour, number))
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
        self.hours.values_mut().flat_map(IndexMap::values_mut).for_each(|total| total.is_noted = false);
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
        for (hour, number) in &pending.hours {
            if let Some((_, total)) = self.hours.get_mut(hour).and_then(|totals| totals.get_index_mut(*number)) {
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
        self.pending.iter().flat_map(|pending| self.days(pending)).collect::<BTreeSet<_>>().len()
    }

    /// The days of what is to be rolled up.
    pub(super) fn days(&self, pending: &Pending) -> BTreeSet<(Subject, Date)> {
        let subject = |hour: &Hour, number: usize| Some(self.hours.get(hour)?.get_index(number)?.0.clone());
        pending.hours.iter().filter_map(|(hour, number)| Some((subject(hour, *number)?, hour.date()))).collect()
    }

    /// Whether everything is stored.
    pub(super) fn is_stored(&self) -> bool {
        self.unstored.is_empty()
    }

    /// Requests, of links and codes without one, in hours of which something is not stored: an upper bound of what is lost
    /// with this memory.
    pub(super) fn unstored_requests(&self) -> u64 {
        let unstored = self.unstored.iter().filter_map(|of| self.hours.get(&of.hour)?.get_index(of.number));
        let sites = unstored.filter(|(subject, _)| matches!(subject, Subject::Site(_)));
        sites.map(|(_, total)| total.count.requests()).sum()
    }

    /// Drops hours that are over for long, stored and rolled up. The one before stays, because threads may count late.
    pub(super) fn drop_hours_before(&mut self, hour: Hour) {
        if !self.is_stored() || self.hours.first_key_value().is_none_or(|(first, _)| *first >= hour) {
            return;
        }
        if self.pending.iter().flat_map(|pending| &pending.hours).any(|(pending, _)| *pending < hour) {
            return;
        }
        self.hours = self.hours.split_off(&hour);
        self.held = self.hours.values().map(IndexMap::len).sum();
        self.closed_before = self.closed_before.max(Some(hour));
    }
}

/// Begins a total, and answers its number in the hour.
fn begin(totals: &mut Totals, subject: Subject, held: &mut usize) -> usize {
    *held += 1;
    totals.insert_full(subject, Total::default()).0
}

fn merge(
    hour: Hour,
    number: usize,
    totals: &mut Totals,
    count: &impl Counts,
    since: Timestamp,
    unstored: &mut VecDeque<Unstored>,
) {
    let Some((_, total)) = totals.get_index_mut(number) else { return };
    count.add_to(&mut total.count);
    if !std::mem::replace(&mut total.is_unstored, true) {
        unstored.push_back(Unstored { hour, number, since });
    }
}
