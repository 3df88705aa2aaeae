//! What is stored of one subject, read for a range.
//!
//! A range costs one read of the days that it and the range before it touch, whatever was counted on them. Of the last
//! two days the hours are read instead, because roll-ups may lag behind, and so they are of days that are in the range in
//! part.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join_all, try_join3};
use jiff::Timestamp;
use jiff::civil::Date;

use super::long_term::LongTerm;
use super::range::Range;
use crate::service::{Service, ServiceError};
use crate::stats::ledger::body::{DayHours, TallyBody};
use crate::stats::progress::everything;
use crate::stats::tally::Counts;
use crate::stats::{Hour, Subject, Tally};
use crate::table::{Item, Table, TableError, keys};

/// What was counted of one subject, or of several together.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Clicks of each hour of the range and of the range before it.
    hourly: BTreeMap<Hour, Counts>,
    /// What was counted on each day of the range, as far as the day is in it and its names are still known.
    pub(super) daily: BTreeMap<Date, Tally>,
    /// Clicks of all time.
    pub(super) all_time: Counts,
    /// Whether anything was counted before the range.
    pub(super) is_known_before: bool,
}

impl Reading {
    /// Adds what was counted of another subject.
    pub(super) fn merge(&mut self, other: &Self) {
        for (hour, clicks) in &other.hourly {
            self.hourly.entry(*hour).or_default().add(clicks);
        }
        for (date, tally) in &other.daily {
            self.daily.entry(*date).or_default().merge(tally);
        }
        self.all_time.add(&other.all_time);
        self.is_known_before |= other.is_known_before;
    }

    /// Clicks from one hour to another, exclusive; none if that lies before.
    pub(super) fn clicks(&self, from: Hour, to: Hour) -> Counts {
        let mut sum = Counts::default();
        // A range that begins after its end is a panic of the map.
        for (_, clicks) in self.hourly.range(from.min(to)..to) {
            sum.add(clicks);
        }
        sum
    }
}

/// The days whose hours are read because they may not be rolled up yet: from this one on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recent {
    pub(super) yesterday: Date,
    pub(super) today: Date,
}

impl Recent {
    pub(super) fn at(now: Timestamp) -> Self {
        let today = Hour::of(now).date();
        Self { yesterday: today.yesterday().unwrap_or(today), today }
    }

    pub(super) fn has(self, date: Date) -> bool {
        date >= self.yesterday
    }
}

/// The hours of the range that are the subject's own.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: Hour,
    to: Hour,
}

impl Window {
    fn has(self, hour: Hour) -> bool {
        self.first <= hour && hour < self.to
    }

    fn has_all_of(self, date: Date) -> bool {
        Hour::all_of(date).all(|hour| self.has(hour))
    }

    /// The days that are in it in part.
    fn partial(self) -> BTreeSet<Date> {
        let ends = [self.first, self.to.plus(-1)].into_iter().filter(|hour| self.has(*hour)).map(Hour::date);
        ends.filter(|date| !self.has_all_of(*date)).collect()
    }
}

impl Service {
    /// Reads a subject, of which everything before the hour `since` is another's.
    pub(super) async fn read_subject(
        &self,
        subject: &Subject,
        range: &Range,
        since: Option<Hour>,
    ) -> Result<Reading, ServiceError> {
        let recent = Recent::at(self.now());
        let own = since.unwrap_or(Hour::of(Timestamp::MIN));
        let window = Window { first: own.max(range.from), to: range.to };
        let table = self.table().as_ref();
        let (long_term, days, hours) = try_join3(
            LongTerm::read(table, subject, recent, range.from, since),
            read_days(table, subject, range),
            read_hours(table, subject, recent, window),
        )
        .await?;
        let mut reading = Reading::default();
        let mut hourly = |hour: Hour, clicks: &Counts| {
            if hour >= own && clicks.requests() > 0 {
                reading.hourly.entry(hour).or_default().add(clicks);
            }
        };
        let old = |item: &&Item| keys::parse_day_stats(&item.key).filter(|date| !recent.has(*date));
        for (date, item) in days.iter().filter_map(|item| Some((old(&item)?, item))) {
            let stored: DayHours = item.decode()?;
            Hour::all_of(date).for_each(|hour| hourly(hour, &stored.of(hour)));
            if window.has_all_of(date) {
                reading.daily.insert(date, TallyBody::tally(item)?);
            }
        }
        for (hour, tally) in &hours {
            let date = hour.date();
            if recent.has(date) {
                hourly(*hour, &tally.clicks);
            }
            if window.has(*hour) && (recent.has(date) || !window.has_all_of(date)) {
                reading.daily.entry(date).or_default().merge(tally);
            }
        }
        let first_recent = Hour::all_of(recent.yesterday).next().unwrap_or(own);
        reading.all_time = long_term.all_time(recent)?;
        reading.all_time.add(&reading.clicks(first_recent, Hour::of(Timestamp::MAX)));
        let before = reading.clicks(own, range.from);
        reading.is_known_before = before.requests() > 0 || long_term.is_known_before(range.from)?;
        Ok(reading)
    }
}

/// The days of the range and of the range before it.
async fn read_days(table: &dyn Table, subject: &Subject, range: &Range) -> Result<Vec<Item>, TableError> {
    let (from, to) = (range.previous_from().date(), range.to.plus(-1).date());
    let (partition, sort_keys) = keys::days_stats(subject, from, to);
    everything(table, partition, sort_keys).await
}

/// The hours of the recent days, and of the older days that are in the window in part.
async fn read_hours(
    table: &dyn Table,
    subject: &Subject,
    recent: Recent,
    window: Window,
) -> Result<Vec<(Hour, Tally)>, TableError> {
    let old = window.partial().into_iter().filter(|date| !recent.has(*date)).map(|date| (date, date));
    let spans = old.chain([(recent.yesterday, recent.today)]);
    let reads: Vec<_> = spans.map(|(from, to)| read_hours_of(table, subject, from, to)).collect();
    Ok(try_join_all(reads).await?.concat())
}

async fn read_hours_of(
    table: &dyn Table,
    subject: &Subject,
    from: Date,
    to: Date,
) -> Result<Vec<(Hour, Tally)>, TableError> {
    let (Some(first), Some(last)) = (Hour::all_of(from).next(), Hour::all_of(to).last()) else {
        return Ok(Vec::new());
    };
    let (partition, sort_keys) = keys::hours_stats(subject, first, last);
    let items = everything(table, partition, sort_keys).await?;
    let named = items.iter().filter_map(|item| Some((keys::parse_hour_stats(&item.key)?.0, item)));
    named.map(|(hour, item)| Ok((hour, TallyBody::tally(item)?))).collect()
}
