//! Rolling hours up into days, days into months, months into totals.
//!
//! Each item is read before what it is made of, and put under the generation after the one that was read: of two who
//! roll up at the same time, the one who comes second begins anew and sees what the first has seen, and more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::body::{DayHours, Part, Parts, TallyBody, attributes_of, generation_of};
use super::put::{ATTEMPTS, Put, pause};
use super::{Ledger, Recorded, Subject, gather};
use crate::stats::progress::everything;
use crate::stats::tally::Counts;
use crate::stats::{Hour, Month, Period, Tally};
use crate::table::keys::{self, attribute};
use crate::table::{Attributes, Consistency, Item, Key, TableError};

/// How many items are read at a time: a bound on what is held in memory.
const CHUNK: usize = 300;

/// A day as it is made of its hours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Day {
    tally: TallyBody,
    hours: DayHours,
}

impl Day {
    fn read(item: &Item) -> Result<Self, TableError> {
        Ok(Self { tally: item.decode()?, hours: item.decode()? })
    }
}

impl Ledger {
    pub(super) async fn roll_up_all(&self, days: &BTreeSet<(Subject, Date)>) -> Result<Recorded, TableError> {
        let mut by_subject: BTreeMap<&Subject, Vec<Date>> = BTreeMap::new();
        for (subject, date) in days {
            by_subject.entry(subject).or_default().push(*date);
        }
        let mut recorded = Recorded::default();
        let subjects: Vec<_> = by_subject.into_iter().collect();
        for subjects in subjects.chunks(CHUNK) {
            let keys: Vec<Key> = subjects.iter().flat_map(|(subject, dates)| keys_of(subject, dates)).collect();
            let mut read = self.table.get_many(&keys).await?.into_iter();
            let mut work = Vec::with_capacity(subjects.len());
            for (subject, dates) in subjects {
                let stored = keys_of(subject, dates).into_iter().zip(read.by_ref()).collect();
                work.push(self.roll_up_subject(subject, dates, stored));
            }
            recorded += gather(work).await?;
        }
        Ok(recorded)
    }

    async fn roll_up_subject(
        &self,
        subject: &Subject,
        dates: &[Date],
        mut stored: BTreeMap<Key, Option<Item>>,
    ) -> Result<Recorded, TableError> {
        let mut recorded = Recorded::default();
        let mut months: BTreeMap<Month, Vec<(String, Part)>> = BTreeMap::new();
        let mut take = |period| stored.remove(&keys::period_stats(subject, period)).flatten();
        for date in dates {
            let (day, outcome) = self.roll_up_day(subject, *date, take(Period::Day(*date))).await?;
            recorded += outcome;
            months.entry(Month::of(*date)).or_default().extend(day.map(|part| (date.to_string(), part)));
        }
        let mut parts = Vec::new();
        for (month, days) in months.into_iter().filter(|(_, days)| !days.is_empty()) {
            let period = Period::Month(month);
            let (part, outcome) = self.roll_up_parts(subject, period, take(period), &days).await?;
            recorded += outcome;
            parts.push((month.to_string(), part));
        }
        if !parts.is_empty() {
            let total = self.roll_up_parts(subject, Period::Total, take(Period::Total), &parts).await?;
            recorded += total.1;
        }
        Ok(recorded)
    }

    /// The day as it is stored then; none if there is nothing of it.
    async fn roll_up_day(
        &self,
        subject: &Subject,
        date: Date,
        mut stored: Option<Item>,
    ) -> Result<(Option<Part>, Recorded), TableError> {
        let period = Period::Day(date);
        let key = keys::period_stats(subject, period);
        let mut recorded = Recorded::default();
        for attempt in 1..=ATTEMPTS {
            let generation = generation_of(stored.as_ref());
            let there = stored.as_ref().map(Day::read).transpose()?;
            let made = self.day_of_hours(subject, date).await?;
            let part = |generation, day: &Day| Some(Part(generation, day.tally.clicks));
            match there {
                None if made == Day::default() => return Ok((None, recorded)),
                Some(there) if there.hours.has_more_than(&made.hours) => {
                    recorded.closed = 1;
                    return Ok((part(generation, &there), recorded));
                }
                Some(there) if there == made => return Ok((part(generation, &there), recorded)),
                _ => {}
            }
            let mut body = attributes_of(&made.tally)?;
            body.extend(attributes_of(&made.hours)?);
            rank(&mut body, subject, period, &made.tally.clicks);
            match self.put(&key, body, generation + 1).await? {
                Put::Done => {
                    recorded.written = 1;
                    return Ok((part(generation + 1, &made), recorded));
                }
                Put::Unknown => recorded.written = 1,
                Put::Fenced => {}
            }
            pause(attempt).await;
            stored = self.table.get(&key, Consistency::Strong).await?;
        }
        Err(TableError::Conflict)
    }

    async fn day_of_hours(&self, subject: &Subject, date: Date) -> Result<Day, TableError> {
        let (mut tally, mut hours) = (Tally::default(), DayHours::default());
        for item in self.hours_between(subject, date, date).await? {
            let Some((hour, source)) = keys::parse_hour_stats(&item.key) else { continue };
            let counted = TallyBody::tally(&item)?;
            hours.add(hour, source, generation_of(Some(&item)), &counted.clicks);
            tally.merge(&counted);
        }
        Ok(Day { tally: TallyBody::of(tally), hours })
    }

    /// What is stored of the hours of some days, in the order of their keys.
    async fn hours_between(&self, subject: &Subject, from: Date, to: Date) -> Result<Vec<Item>, TableError> {
        let (Some(first), Some(last)) = (Hour::all_of(from).next(), Hour::all_of(to).last()) else {
            return Ok(Vec::new());
        };
        let (partition, range) = keys::hours_stats(subject, first, last);
        everything(self.table.as_ref(), partition, range).await
    }

    /// A month or a total with these parts, as it is stored then.
    async fn roll_up_parts(
        &self,
        subject: &Subject,
        period: Period,
        mut stored: Option<Item>,
        parts: &[(String, Part)],
    ) -> Result<(Part, Recorded), TableError> {
        let key = keys::period_stats(subject, period);
        let mut recorded = Recorded::default();
        for attempt in 1..=ATTEMPTS {
            let generation = generation_of(stored.as_ref());
            let there = Parts::read(stored.as_ref(), period)?;
            let mut made = there.clone();
            for (name, part) in parts {
                made.take(name, *part);
            }
            let sum = made.sum();
            if made == there {
                return Ok((Part(generation, sum), recorded));
            }
            let mut body = made.encode(period)?;
            rank(&mut body, subject, period, &sum);
            match self.put(&key, body, generation + 1).await? {
                Put::Done => {
                    recorded.written = 1;
                    return Ok((Part(generation + 1, sum), recorded));
                }
                Put::Unknown => recorded.written = 1,
                Put::Fenced => {}
            }
            pause(attempt).await;
            stored = self.table.get(&key, Consistency::Strong).await?;
        }
        Err(TableError::Conflict)
    }
}

/// The items that rolling up some days of a subject may change.
fn keys_of(subject: &Subject, dates: &[Date]) -> Vec<Key> {
    let months: BTreeSet<Month> = dates.iter().map(|date| Month::of(*date)).collect();
    let days = dates.iter().map(|date| Period::Day(*date));
    let periods = days.chain(months.into_iter().map(Period::Month)).chain([Period::Total]);
    periods.map(|period| keys::period_stats(subject, period)).collect()
}

/// Puts a link into the ranking of a period, if people clicked it.
fn rank(body: &mut Attributes, subject: &Subject, period: Period, clicks: &Counts) {
    if let Subject::Link(domain, code) = subject
        && clicks.human > 0
    {
        let partition = keys::top_partition(domain, period, keys::shard(domain, code));
        body.insert(attribute::TOP_PK.to_owned(), partition.into());
        body.insert(attribute::TOP_CLICKS.to_owned(), clicks.human.into());
    }
}
