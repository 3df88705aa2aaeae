//! The periods in which clicks are counted, all in UTC.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// One hour of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

impl Hour {
    /// The hour in which a moment lies.
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(3600))
    }

    /// The hour of a number of seconds since 1970.
    pub fn of_second(second: i64) -> Self {
        Self(second.div_euclid(3600))
    }

    /// Parses `yyyy-mm-ddThh` or, as in the names of log files, `yyyy-mm-dd-hh`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, hour) = (text.get(..10)?, text.get(10..)?);
        let hour = hour
            .strip_prefix(['T', '-'])
            .filter(|hour| hour.len() == 2 && hour.bytes().all(|byte| byte.is_ascii_digit()))?;
        let hour: i8 = hour.parse().ok().filter(|hour| (0..24).contains(hour))?;
        let date: Date = date.parse().ok()?;
        Some(Self::of(date.at(hour, 0, 0, 0).to_zoned_datetime(TimeZone::UTC).ok()?.timestamp()))
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_hours(self.0)).unwrap_or(Timestamp::MAX)
    }

    /// The first moment after it.
    pub fn end(self) -> Timestamp {
        self.plus(1).start()
    }

    /// The hour that many hours later.
    #[must_use]
    pub fn plus(self, hours: i64) -> Self {
        Self(self.0 + hours)
    }

    /// How many hours later the other one is.
    pub fn until(self, other: Self) -> i64 {
        other.0 - self.0
    }

    /// Its day.
    pub fn date(self) -> Date {
        self.start().to_zoned_datetime(TimeZone::UTC).date()
    }

    /// Which hour of its day it is, 0 to 23.
    pub fn of_day(self) -> u8 {
        u8::try_from(self.0.rem_euclid(24)).unwrap_or_default()
    }

    /// The hours of a day.
    pub fn all_of(date: Date) -> impl Iterator<Item = Self> {
        let midnight = date.to_zoned_datetime(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
        let first = Self::of(midnight);
        (0..24).map(move |hour| first.plus(hour))
    }
}

impl fmt::Display for Hour {
    /// As `yyyy-mm-ddThh`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}", self.date(), self.of_day())
    }
}

/// One month of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of a day.
    pub fn of(date: Date) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// Parses `yyyy-mm`.
    pub fn parse(text: &str) -> Option<Self> {
        let date: Date = format!("{text}-01").parse().ok()?;
        Some(Self::of(date))
    }
}

impl fmt::Display for Month {
    /// As `yyyy-mm`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A period over which links are ranked, and into which hours are rolled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// A day.
    Day(Date),
    /// A month.
    Month(Month),
    /// All time.
    Total,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_read_and_written_in_both_spellings() {
        let hour = Hour::parse("2026-11-26T04").unwrap();
        assert_eq!((hour.to_string().as_str(), Hour::parse("2026-11-26-04")), ("2026-11-26T04", Some(hour)));
        assert_eq!((hour.of_day(), hour.date().to_string().as_str()), (4, "2026-11-26"));
        assert_eq!(hour.end(), "2026-11-26T05:00:00Z".parse().unwrap());
        assert_eq!(Hour::of("2026-11-26T04:59:59.999Z".parse().unwrap()), hour);
        assert_eq!(Hour::all_of(hour.date()).nth(4), Some(hour));
        for wrong in
            ["", "2026-11-26", "2026-11-26T24", "2026-11-26T+4", "2026-13-01T00", "2026-11-26T4", "é026-11-26T04"]
        {
            assert_eq!(Hour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_month_is_read_and_written() {
        assert_eq!(Month::parse("2026-02").map(|month| month.to_string()).as_deref(), Some("2026-02"));
        assert_eq!((Month::parse("2026-13"), Month::parse("2026")), (None, None));
    }
}
