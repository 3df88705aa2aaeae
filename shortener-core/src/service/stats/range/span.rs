//! Spans: ranges of which the length is asked for, and not the beginning.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{first_at_or_after, start_of};
use crate::stats::Hour;
use crate::wire::Step;

/// Up to so much a range is shown by hour. Two days can have an hour more or less where clocks change.
pub(super) const SHOWN_BY_HOUR: i64 = 48;
const SHOWN_BY_HOUR_IN_DAYS: i64 = 2;

const HOUR_NANOS: i128 = 3_600_000_000_000;

/// The end of a range.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// The moment that is meant; not after now.
    pub(super) at: Timestamp,
    /// The first hour after the range.
    pub(super) to: Hour,
}

/// A span up to the end of a range, in whole steps: rounded up, the step that is under way at the end among them. So a
/// longer span never shows less than a shorter one, whichever steps are chosen for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct WholeSpan {
    end: End,
    hours: i64,
    days: i64,
}

impl WholeSpan {
    /// The span from a moment to an end; none if it is empty.
    pub(super) fn between(at: Timestamp, end: End, zone: &TimeZone) -> Option<Self> {
        let length = end.at.duration_since(at);
        if !length.is_positive() {
            return None;
        }
        let hours = length.as_hours() + i64::from(length.as_nanos() % HOUR_NANOS != 0);
        Some(Self { end, hours, days: whole_days(at, end.at, zone) })
    }

    /// The step in which it is shown where none is asked for.
    pub(super) fn step(self) -> Step {
        let is_short = self.hours <= SHOWN_BY_HOUR || self.days <= SHOWN_BY_HOUR_IN_DAYS;
        if is_short { Step::Hour } else { Step::Day }
    }

    /// Its first hour.
    pub(super) fn from(self, by: Step, zone: &TimeZone) -> Hour {
        match by {
            Step::Hour => self.end.to.plus(-self.hours),
            Step::Day => {
                // The last day is that of the last hour, which can begin before a midnight that is not on the hour.
                let last = zone.to_datetime(self.end.to.plus(-1).start()).date();
                first_at_or_after(start_of(days_before(last, self.days - 1), zone))
            }
        }
    }
}

/// The fewest days of a zone that reach from the later moment back to the earlier one.
fn whole_days(at: Timestamp, end: Timestamp, zone: &TimeZone) -> i64 {
    let (first, last) = (at.to_zoned_datetime(zone.clone()), end.to_zoned_datetime(zone.clone()));
    let days = i64::from((last.date() - first.date()).get_days());
    let reaches = last.checked_sub(Span::new().days(days)).is_ok_and(|reached| reached <= first);
    let whole = if reaches { days } else { days + 1 };
    // Clocks that go back over midnight make the later moment one of an earlier day.
    whole.max(1)
}

fn days_before(date: Date, days: i64) -> Date {
    date.saturating_sub(Span::new().days(days))
}
