//! Moments as people write them: RFC 3339, a date, `now`, `never`, or a span from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::error::InvalidValue;

/// Which end of a day a date without a time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayEdge {
    /// Its first second.
    Start,
    /// Its last second.
    End,
}

/// WHEN as it is written.
enum When {
    Never,
    Now,
    At(Timestamp),
    /// That long after now.
    After(Span),
}

/// Parses WHEN and resolves it against `now`, in UTC and whole seconds; none is `never`.
///
/// # Errors
/// [`InvalidValue`] `when_invalid` names the accepted forms.
pub fn parse(text: &str, now: Timestamp, edge: DayEdge) -> Result<Option<Timestamp>, InvalidValue> {
    let text = text.trim();
    let at = match read(text, edge)? {
        When::Never => return Ok(None),
        When::Now => now,
        When::At(at) => at,
        When::After(span) => {
            let at = now.to_zoned_datetime(TimeZone::UTC).checked_add(span).map_err(|_| invalid(text))?;
            at.timestamp()
        }
    };
    Ok(Some(whole_seconds(at)))
}

/// WHEN in one spelling, whenever it is read: a moment or a date in RFC 3339, nothing for `never`; what depends on now
/// as it was written. None if it is no WHEN.
pub fn canonical(text: &str, edge: DayEdge) -> Option<String> {
    let text = text.trim();
    Some(match read(text, edge).ok()? {
        When::Never => String::new(),
        When::At(at) => whole_seconds(at).to_string(),
        When::Now | When::After(_) => text.to_owned(),
    })
}

fn read(text: &str, edge: DayEdge) -> Result<When, InvalidValue> {
    match text {
        "now" => return Ok(When::Now),
        "never" => return Ok(When::Never),
        _ => {}
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(When::At(at));
    }
    if let Some(date) = parse_date(text) {
        return end_of(date, edge).map(When::At).ok_or_else(|| invalid(text));
    }
    let span: Span = text.parse().map_err(|_| invalid(text))?;
    if span.is_negative() {
        return Err(InvalidValue::new("when_negative", format!("span '{}' is negative", text.escape_debug())));
    }
    Ok(When::After(span))
}

/// The moment without fractions of a second.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// The moment without fractions of a millisecond.
pub fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A date alone. A date with a time but no offset is none: it would name another moment on every machine.
fn parse_date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn end_of(date: Date, edge: DayEdge) -> Option<Timestamp> {
    let time = match edge {
        DayEdge::Start => date.at(0, 0, 0, 0),
        DayEdge::End => date.at(23, 59, 59, 0),
    };
    TimeZone::UTC.to_timestamp(time).ok()
}

fn invalid(text: &str) -> InvalidValue {
    InvalidValue::new(
        "when_invalid",
        format!(
            "'{}' is no moment; use RFC 3339 with an offset (2026-12-31T09:00:00Z), a date (2026-12-31), now, never, or a \
             span (30d, 90m, 1y)",
            text.escape_debug()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let now = "2026-11-24T12:00:00.5Z".parse().unwrap();
        parse(text, now, DayEdge::End).unwrap().map(|at| at.to_string())
    }

    #[test]
    fn every_form_is_understood() {
        for (text, expected) in [
            ("now", "2026-11-24T12:00:00Z"),
            ("2026-12-31T09:00:00+02:00", "2026-12-31T07:00:00Z"),
            ("2026-12-31", "2026-12-31T23:59:59Z"),
            ("30d", "2026-12-24T12:00:00Z"),
            ("90m", "2026-11-24T13:30:00Z"),
            ("1y", "2027-11-24T12:00:00Z"),
            ("1mo 2d", "2026-12-26T12:00:00Z"),
            ("P2W", "2026-12-08T12:00:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(at("never"), None);
    }

    #[test]
    fn ambiguous_and_wrong_forms_are_refused() {
        let now = Timestamp::UNIX_EPOCH;
        for text in ["", "30", "tomorrow", "-3d", "2026-12-31T09:00", "2026-13-01", "3 moons", "99999y"] {
            let parsed = parse(text, now, DayEdge::Start);
            assert!(parsed.is_err(), "{text:?}: {parsed:?}");
        }
    }
}
