//! Which range is asked for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::error::InvalidValue;
use crate::service::ServiceError;
use crate::stats::{Hour, Month, Period};
use crate::wire::{Bots, StatsQuery, Step};

mod span;

use span::{End, SHOWN_BY_HOUR, WholeSpan};

/// Longest range by day, and by hour, in hours. A day in a zone can be an hour longer.
const MOST_BY_DAY: i64 = 400 * 24 + 1;
const MOST_BY_HOUR: i64 = 35 * 24 + 1;

/// A range without a beginning is a span of this many days.
const DEFAULT_DAYS: i64 = 30;

const DEFAULT_LIMIT: u16 = 10;
const MAX_LIMIT: u16 = 100;

/// Why a range is empty.
const NOTHING: &str = "a span is longer than nothing";
const NOT_BEFORE: &str = "the range is empty: since must lie before until, and before now";

/// A parsed query.
#[derive(Debug, Clone)]
pub(super) struct Range {
    /// The first hour.
    pub(super) from: Hour,
    /// The first hour after the range.
    pub(super) to: Hour,
    pub(super) zone: TimeZone,
    /// The zone as it was named.
    pub(super) zone_name: String,
    pub(super) by: Step,
    pub(super) bots: Bots,
    pub(super) limit: usize,
}

/// A bound as it is written.
enum Bound {
    /// A moment; its hour is in the range.
    At(Timestamp),
    /// A day, as it is meant by the zone.
    Day(Date),
    /// So long ago.
    Ago(Timestamp),
    /// Now.
    Now,
}

impl Range {
    pub(super) fn parse(query: &StatsQuery, now: Timestamp) -> Result<Self, ServiceError> {
        let zone_name = query.tz.clone().unwrap_or_else(|| "UTC".to_owned());
        let zone = zone_of(&zone_name)?;
        let end = end_of(query, now, &zone)?;
        let (from, by) = beginning_of(query, now, end, &zone)?;
        let to = end.to;
        check_length(from.until(to), by)?;
        let limit = limit_of(query.limit)?;
        Ok(Self { from, to, zone, zone_name, by, bots: query.bots.unwrap_or_default(), limit })
    }

    /// How many hours it has.
    pub(super) fn hours(&self) -> i64 {
        self.from.until(self.to)
    }

    /// The first hour of the range of the same length before it.
    pub(super) fn previous_from(&self) -> Hour {
        self.from.plus(-self.hours())
    }

    /// When each step begins, in order, and the hours that it has.
    pub(super) fn steps(&self) -> Vec<(Timestamp, Vec<Hour>)> {
        let hours = (0..self.hours()).map(|at| self.from.plus(at));
        if self.by == Step::Hour {
            return hours.map(|hour| (hour.start(), vec![hour])).collect();
        }
        let last = self.date_of(self.to.plus(-1));
        let dates = self.date_of(self.from).series(Span::new().days(1)).take_while(|date| *date <= last);
        let mut steps: Vec<_> = dates.map(|date| (date, Vec::new())).collect();
        for hour in hours {
            let date = self.date_of(hour);
            if let Ok(at) = steps.binary_search_by_key(&date, |(date, _)| *date) {
                steps[at].1.push(hour);
            }
        }
        steps.into_iter().map(|(date, hours)| (start_of(date, &self.zone), hours)).collect()
    }

    /// The day to which an hour belongs: the one in which it begins.
    fn date_of(&self, hour: Hour) -> Date {
        self.zone.to_datetime(hour.start()).date()
    }
}

/// The end of the range that is asked for: now, if it is not named or lies after that.
fn end_of(query: &StatsQuery, now: Timestamp, zone: &TimeZone) -> Result<End, ServiceError> {
    let this_hour = Hour::of(now).plus(1);
    let until = query.until.as_deref().map_or(Ok(Bound::Now), |text| read(text, now, zone, "/until"))?;
    let (at, to) = match until {
        Bound::Now => (now, this_hour),
        Bound::Ago(at) => (at, Hour::of(at).plus(1)),
        Bound::At(at) => (at, first_at_or_after(at)),
        Bound::Day(date) => {
            let midnight = start_of(date.tomorrow().unwrap_or(date), zone);
            (midnight, first_at_or_after(midnight))
        }
    };
    Ok(End { at: at.min(now), to: to.min(this_hour) })
}

/// The first hour of the range that is asked for, which may lie after its end, and its step.
fn beginning_of(query: &StatsQuery, now: Timestamp, end: End, zone: &TimeZone) -> Result<(Hour, Step), ServiceError> {
    let since = query.since.as_deref().map(|text| read(text, now, zone, "/since")).transpose()?;
    let from = match since.unwrap_or_else(|| Bound::Ago(default_beginning(end, zone))) {
        Bound::At(at) => Hour::of(at),
        Bound::Day(date) => first_at_or_after(start_of(date, zone)),
        Bound::Now => return Err(empty(NOT_BEFORE)),
        Bound::Ago(at) => {
            let detail = if at == now { NOTHING } else { NOT_BEFORE };
            let span = WholeSpan::between(at, end, zone).ok_or_else(|| empty(detail))?;
            let by = query.by.unwrap_or_else(|| span.step());
            return Ok((span.from(by, zone), by));
        }
    };
    let step = if from.until(end.to) <= SHOWN_BY_HOUR { Step::Hour } else { Step::Day };
    Ok((from, query.by.unwrap_or(step)))
}

fn default_beginning(end: End, zone: &TimeZone) -> Timestamp {
    end.at.to_zoned_datetime(zone.clone()).saturating_sub(Span::new().days(DEFAULT_DAYS)).timestamp()
}

fn empty(detail: &'static str) -> ServiceError {
    violation("/since", "range_empty", detail)
}

fn check_length(hours: i64, by: Step) -> Result<(), ServiceError> {
    match by {
        _ if hours <= 0 => Err(empty(NOT_BEFORE)),
        Step::Hour if hours > MOST_BY_HOUR => Err(ServiceError::RangeTooLong {
            most: "35 days by hour",
            hint: "ask by day, which takes up to 400 days, or for a shorter range",
        }),
        Step::Day if hours > MOST_BY_DAY => Err(ServiceError::RangeTooLong {
            most: "400 days",
            hint: "ask for one part after the other by since and until; the clicks of all time are in every answer",
        }),
        Step::Hour | Step::Day => Ok(()),
    }
}

/// Most names, or links, in a list.
pub(super) fn limit_of(limit: Option<u16>) -> Result<usize, ServiceError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(violation("/limit", "limit_invalid", format!("limit is 1 to {MAX_LIMIT}, not {limit}")));
    }
    Ok(usize::from(limit))
}

/// The period of a ranking.
pub(super) fn period_of(text: Option<&str>) -> Result<Period, ServiceError> {
    let text = text.unwrap_or("all");
    let day = || (text.len() == 10).then(|| text.parse().ok()).flatten().map(Period::Day);
    let period =
        if text == "all" { Some(Period::Total) } else { day().or_else(|| Month::parse(text).map(Period::Month)) };
    period.ok_or_else(|| {
        let detail =
            format!("'{}' is no period; use a day (2026-11-26), a month (2026-11) or all", text.escape_debug());
        violation("/period", "period_invalid", detail)
    })
}

fn violation(pointer: &str, code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> ServiceError {
    ServiceError::violation(pointer, &InvalidValue::new(code, detail))
}

fn zone_of(name: &str) -> Result<TimeZone, ServiceError> {
    TimeZone::get(name).map_err(|_| {
        let detail =
            format!("'{}' is no time zone; use an IANA name such as Europe/Berlin, or UTC", name.escape_debug());
        violation("/tz", "tz_unknown", detail)
    })
}

fn read(text: &str, now: Timestamp, zone: &TimeZone, pointer: &str) -> Result<Bound, ServiceError> {
    let text = text.trim();
    if text == "now" {
        return Ok(Bound::Now);
    }
    if let Ok(at) = text.parse() {
        return Ok(Bound::At(at));
    }
    if let Some(date) = (text.len() == 10).then(|| text.parse().ok()).flatten() {
        return Ok(Bound::Day(date));
    }
    let span = text.parse::<Span>().ok().filter(|span| !span.is_negative());
    let ago = span.and_then(|span| now.to_zoned_datetime(zone.clone()).checked_sub(span).ok());
    ago.map(|at| Bound::Ago(at.timestamp())).ok_or_else(|| {
        let detail = format!(
            "'{}' is no moment; use RFC 3339 with an offset (2026-11-26T09:00:00Z), a date (2026-11-26), now, or a span \
             before now (7d, 48h)",
            text.escape_debug()
        );
        violation(pointer, "when_invalid", detail)
    })
}

fn first_at_or_after(at: Timestamp) -> Hour {
    let hour = Hour::of(at);
    if hour.start() == at { hour } else { hour.plus(1) }
}

fn start_of(date: Date, zone: &TimeZone) -> Timestamp {
    date.to_zoned_datetime(zone.clone()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests;
