//! The many ways in which products write a moment.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use shortener_core::when::{self, DayEdge};

/// Numbers from here on count milliseconds; as seconds they would lie beyond the year 5000.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// A moment as a request spells it: RFC 3339 in UTC, or a WHEN that the service understands. Nothing if it cannot be read.
pub(super) fn spelled(text: &str, zone: &TimeZone, edge: DayEdge) -> Option<String> {
    let text = text.trim();
    if is_canonical(text) {
        return text.parse::<Timestamp>().is_ok().then(|| text.to_owned());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(whole(at));
    }
    // Also with a fraction, as Python counts seconds.
    let (whole_part, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if let (Ok(number), Ok(_)) = (whole_part.parse::<i64>(), fraction.parse::<u64>()) {
        return from_number(number);
    }
    if let Some(at) = with_plain_offset(text).or_else(|| local(text, zone)) {
        return Some(whole(at));
    }
    when::canonical(text, edge).map(|_| text.to_owned())
}

/// A moment given as seconds or milliseconds since 1970.
pub(super) fn from_number(number: i64) -> Option<String> {
    let at = if number.abs() < FIRST_MILLISECONDS {
        Timestamp::from_second(number)
    } else {
        Timestamp::from_millisecond(number)
    };
    at.ok().map(whole)
}

/// To the millisecond, which the service keeps of when a link was created.
fn whole(at: Timestamp) -> String {
    when::whole_milliseconds(at).to_string()
}

/// `2026-01-31T12:00:00Z`
fn is_canonical(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T'
}

/// An offset without a colon (Bitly), or the day first (API Gateway).
fn with_plain_offset(text: &str) -> Option<Timestamp> {
    ["%Y-%m-%dT%H:%M:%S%z", "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S %z"]
        .into_iter()
        .find_map(|format| strtime::parse(format, text).and_then(|read| read.to_timestamp()).ok())
}

/// Date and time on the wall of some zone.
fn local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.len() < 16 {
        return None;
    }
    let at: DateTime = text.parse().ok()?;
    zone.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_products_is_read() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (text, expected) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
            ("2026-01-31T12:00:00.123+02:00", "2026-01-31T10:00:00.123Z"),
            ("2020-10-26T17:20:40+0000", "2020-10-26T17:20:40Z"),
            ("26/Oct/2020:17:20:40 +0100", "2020-10-26T16:20:40Z"),
            ("2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
            ("2026-07-01T12:00", "2026-07-01T10:00:00Z"),
            ("1767225600", "2026-01-01T00:00:00Z"),
            ("1767225600.75", "2026-01-01T00:00:00Z"),
            ("1767225600123", "2026-01-01T00:00:00.123Z"),
            ("2026-01-31", "2026-01-31"),
            ("30d", "30d"),
        ] {
            assert_eq!(spelled(text, &zone, DayEdge::End).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "2026-02-30", "2026-02-30 10:00:00", "31.01.2026", "99999999999999999999"] {
            assert_eq!(spelled(text, &zone, DayEdge::End), None, "{text}");
        }
    }
}
