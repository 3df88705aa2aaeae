//! Clicks of all time, from a handful of items.
//!
//! The total knows each month and a month knows each day, so that a part of time can be left out: the days that are read
//! by the hour because roll-ups may lag behind, and everything before a link got its code.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::reading::Recent;
use crate::stats::ledger::body::{DayHours, Parts};
use crate::stats::tally::Counts;
use crate::stats::{Hour, Month, Period, Subject};
use crate::table::{Item, Key, Table, TableError, keys};

/// A subject's total, and the months and days at whose edges something is left out.
#[derive(Debug)]
pub(super) struct LongTerm {
    subject: Subject,
    /// Everything before this hour is another's.
    since: Option<Hour>,
    items: BTreeMap<Key, Item>,
}

/// The items that tell what belongs to a subject since an hour.
pub(super) fn items_since(subject: &Subject, since: Option<Hour>) -> Vec<Key> {
    let edges = since.map(Hour::date).map(|date| [Period::Month(Month::of(date)), Period::Day(date)]);
    let periods = [Period::Total].into_iter().chain(edges.into_iter().flatten());
    periods.map(|period| keys::period_stats(subject, period)).collect()
}

impl LongTerm {
    /// Reads it for a moment, and for a range that begins with an hour.
    pub(super) async fn read(
        table: &dyn Table,
        subject: &Subject,
        recent: Recent,
        from: Hour,
        since: Option<Hour>,
    ) -> Result<Self, TableError> {
        let months = [recent.yesterday, recent.today, from.date()].map(|date| Period::Month(Month::of(date)));
        let mut keys: BTreeSet<Key> = items_since(subject, since).into_iter().collect();
        keys.extend(months.map(|month| keys::period_stats(subject, month)));
        let keys: Vec<Key> = keys.into_iter().collect();
        let items = table.get_many(&keys).await?;
        Ok(Self::of(subject, since, keys.into_iter().zip(items)))
    }

    /// What was read.
    pub(super) fn of(subject: &Subject, since: Option<Hour>, read: impl Iterator<Item = (Key, Option<Item>)>) -> Self {
        let items = read.filter_map(|(key, item)| Some((key, item?))).collect();
        Self { subject: subject.clone(), since, items }
    }

    /// Clicks of all time without those of the recent days.
    pub(super) fn all_time(&self, recent: Recent) -> Result<Counts, TableError> {
        let months = BTreeSet::from([Month::of(recent.yesterday), Month::of(recent.today)]);
        self.sum(&months, |date| !recent.has(date))
    }

    /// Clicks of all time as far as they are rolled up.
    pub(super) fn rolled_up(&self) -> Result<Counts, TableError> {
        self.sum(&BTreeSet::new(), |_| true)
    }

    /// Clicks of the days that are meant; days are told apart in the months that are named, and all meant in others.
    fn sum(&self, months: &BTreeSet<Month>, is_meant: impl Fn(Date) -> bool) -> Result<Counts, TableError> {
        let by_day: BTreeSet<Month> = months.iter().copied().chain(self.since_month()).collect();
        let names: BTreeSet<String> = by_day.iter().map(Month::to_string).collect();
        let mut sum = self.parts(Period::Total)?.sum_where(|name| {
            !names.contains(name) && self.since_month().is_none_or(|since| *name > *since.to_string())
        });
        for month in by_day.into_iter().filter(|month| self.since_month().is_none_or(|since| *month >= since)) {
            sum.add(&self.days_of(month, &is_meant)?);
        }
        if self.since.is_some_and(|since| is_meant(since.date())) {
            sum.add(&self.first_day()?);
        }
        Ok(sum)
    }

    /// Clicks of a month's days that are meant, of those after the first day.
    pub(super) fn days_of(&self, month: Month, is_meant: impl Fn(Date) -> bool) -> Result<Counts, TableError> {
        let is_own = |date: Date| self.since.is_none_or(|since| date > since.date());
        let days = self.parts(Period::Month(month))?;
        Ok(days.sum_where(|name| name.parse().is_ok_and(|date| is_own(date) && is_meant(date))))
    }

    /// Clicks of the first day from the first hour on, where there is one.
    pub(super) fn first_day(&self) -> Result<Counts, TableError> {
        let mut sum = Counts::default();
        let Some(since) = self.since else { return Ok(sum) };
        let Some(item) = self.item(Period::Day(since.date())) else { return Ok(sum) };
        let stored: DayHours = item.decode()?;
        for hour in Hour::all_of(since.date()).filter(|hour| *hour >= since) {
            sum.add(&stored.of(hour));
        }
        Ok(sum)
    }

    /// Whether anything was counted before the day of an hour, whose month must have been read.
    pub(super) fn is_known_before(&self, from: Hour) -> Result<bool, TableError> {
        let (date, month) = (from.date(), Month::of(from.date()));
        let (before, since) = (month.to_string(), self.since_month());
        let months = self.parts(Period::Total)?;
        let earlier = months.sum_where(|name| *name < *before && since.is_none_or(|since| *name > *since.to_string()));
        let mut sum = self.days_of(month, |day| day < date)?;
        sum.add(&earlier);
        if let Some(since) = self.since.filter(|since| since.date() < date) {
            sum.add(&self.days_of(Month::of(since.date()), |day| day < date)?);
            sum.add(&self.first_day()?);
        }
        Ok(sum.requests() > 0)
    }

    fn since_month(&self) -> Option<Month> {
        self.since.map(|since| Month::of(since.date()))
    }

    fn parts(&self, period: Period) -> Result<Parts, TableError> {
        Parts::read(self.item(period), period)
    }

    fn item(&self, period: Period) -> Option<&Item> {
        self.items.get(&keys::period_stats(&self.subject, period))
    }
}
