//! Ranges at chosen moments.

use super::*;
use crate::wire::Problem;

/// A zone without and with clock changes, one ahead of UTC by half an hour, one that skips its midnight in spring.
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Santiago"];

/// Moments of days of 24, 25 and 23 hours, and at the edges of days and hours.
const MOMENTS: [&str; 8] = [
    "2026-11-26T09:20:00Z",
    "2026-11-26T00:00:00Z",
    "2026-11-26T23:59:59.999Z",
    "2026-11-26T18:45:00Z",
    "2026-10-25T00:40:00Z",
    "2026-10-27T00:10:00Z",
    "2026-03-29T01:10:00Z",
    "2026-09-06T04:30:00Z",
];

fn query(since: &str, by: Option<Step>) -> StatsQuery {
    StatsQuery { since: Some(since.to_owned()), by, ..StatsQuery::default() }
}

fn parse(query: &StatsQuery, now: &str) -> Range {
    Range::parse(query, now.parse().unwrap()).unwrap_or_else(|error| panic!("{query:?} at {now}: {error:?}"))
}

fn problem(query: &StatsQuery, now: &str) -> Problem {
    Range::parse(query, now.parse().unwrap()).unwrap_err().into()
}

#[test]
fn a_span_is_rounded_up_to_whole_steps_the_one_under_way_among_them() {
    let (hour, day) = (Some(Step::Hour), Some(Step::Day));
    for (since, by, from, step, steps) in [
        ("1s", None, "2026-11-26T09", Step::Hour, 1),
        ("30m", None, "2026-11-26T09", Step::Hour, 1),
        ("1h", None, "2026-11-26T09", Step::Hour, 1),
        ("61m", None, "2026-11-26T08", Step::Hour, 2),
        ("90m", None, "2026-11-26T08", Step::Hour, 2),
        ("24h", None, "2026-11-25T10", Step::Hour, 24),
        ("1d", None, "2026-11-25T10", Step::Hour, 24),
        ("48h", None, "2026-11-24T10", Step::Hour, 48),
        ("2d", None, "2026-11-24T10", Step::Hour, 48),
        ("48h 1s", None, "2026-11-24T00", Step::Day, 3),
        ("49h", None, "2026-11-24T00", Step::Day, 3),
        ("72h", None, "2026-11-24T00", Step::Day, 3),
        ("73h", None, "2026-11-23T00", Step::Day, 4),
        ("7d", None, "2026-11-20T00", Step::Day, 7),
        ("1mo", None, "2026-10-27T00", Step::Day, 31),
        ("7d", hour, "2026-11-19T10", Step::Hour, 168),
        ("30m", day, "2026-11-26T00", Step::Day, 1),
        ("24h", day, "2026-11-26T00", Step::Day, 1),
        ("25h", day, "2026-11-25T00", Step::Day, 2),
    ] {
        let range = parse(&query(since, by), "2026-11-26T09:20:00Z");
        let shown = (range.from.to_string(), range.by, range.steps().len());
        assert_eq!(shown, (from.to_owned(), step, steps), "{since} {by:?}");
        assert_eq!(range.to.to_string(), "2026-11-26T10", "{since} {by:?}");
    }
}

#[test]
fn a_longer_span_never_covers_less() {
    let minutes = (1..60 * 80).step_by(41).map(|minutes| format!("{minutes}m"));
    let whole = (1..80).map(|hours| format!("{hours}h")).chain((1..40).map(|days| format!("{days}d")));
    let spans: Vec<(String, Span)> = minutes.chain(whole).map(|text| (text.clone(), text.parse().unwrap())).collect();
    for (now, zone) in MOMENTS.iter().flat_map(|now| ZONES.map(|zone| (*now, zone))) {
        let zoned = now.parse::<Timestamp>().unwrap().to_zoned_datetime(TimeZone::get(zone).unwrap());
        let mut spans: Vec<_> = spans.iter().map(|(text, span)| (zoned.checked_sub(*span).unwrap(), text)).collect();
        spans.sort_by(|a, b| b.cmp(a));
        for until in [None, Some("1h"), Some("36h"), Some("2026-03-27"), Some("2026-11-25T17:20:00Z")] {
            for by in [None, Some(Step::Day), Some(Step::Hour)] {
                let mut before: Option<(Hour, &str)> = None;
                for (_, since) in &spans {
                    let (until, tz) = (until.map(str::to_owned), Some(zone.to_owned()));
                    let query = StatsQuery { until, tz, ..query(since, by) };
                    let range = match Range::parse(&query, now.parse().unwrap()) {
                        Ok(range) => range,
                        Err(ServiceError::RangeTooLong { .. }) => break,
                        Err(_) if before.is_none() => continue,
                        Err(error) => panic!("{query:?} at {now}: {error:?}, but not {before:?}"),
                    };
                    if let Some((from, shorter)) = before {
                        assert!(range.from <= from, "at {now} {query:?} is from {}, {shorter} from {from}", range.from);
                    }
                    before = Some((range.from, since));
                }
            }
        }
    }
}

#[test]
fn a_span_of_days_has_as_many_whatever_the_clocks_do() {
    for (now, zone) in MOMENTS.iter().flat_map(|now| ZONES.map(|zone| (*now, zone))) {
        for days in [1, 2, 3, 7, 30] {
            let tz = Some(zone.to_owned());
            let range = parse(&StatsQuery { tz: tz.clone(), ..query(&format!("{days}d"), Some(Step::Day)) }, now);
            assert_eq!(range.steps().len(), days, "{days}d at {now} in {zone}");
            let unnamed = parse(&StatsQuery { tz, by: Some(Step::Day), ..StatsQuery::default() }, now);
            assert_eq!(unnamed.steps().len(), 30, "at {now} in {zone}");
        }
    }
}

#[test]
fn a_span_before_another_end_is_rounded_up_from_there() {
    let range = |since: &str, until: &str| {
        let range = parse(&StatsQuery { until: Some(until.to_owned()), ..query(since, None) }, "2026-11-26T09:20:00Z");
        (range.from.to_string(), range.to.to_string(), range.steps().len())
    };
    let of = |from: &str, to: &str, steps| (from.to_owned(), to.to_owned(), steps);
    assert_eq!(range("7d", "2d"), of("2026-11-20T00", "2026-11-24T10", 5));
    assert_eq!(range("90m", "1h"), of("2026-11-26T08", "2026-11-26T09", 1));
    assert_eq!(range("3d", "2028-01-01"), of("2026-11-24T00", "2026-11-26T10", 3), "nothing lies after now");
}

#[test]
fn an_empty_range_is_refused_with_the_true_reason() {
    let now = "2026-11-26T09:20:00Z";
    let detail = |query: &StatsQuery| {
        let problem = problem(query, now);
        assert_eq!((problem.errors[0].pointer.as_str(), problem.errors[0].code.as_str()), ("/since", "range_empty"));
        problem.detail
    };
    for nothing in ["0d", "0h", "0s", "PT0S"] {
        for by in [None, Some(Step::Day), Some(Step::Hour)] {
            assert_eq!(detail(&query(nothing, by)), "a span is longer than nothing");
        }
    }
    let until = |since: &str, until: &str| StatsQuery { until: Some(until.to_owned()), ..query(since, None) };
    for wrong in [until("now", "now"), until("2d", "3d"), until("2d", "2d"), until("2026-11-28", "now")] {
        assert_eq!(detail(&wrong), "the range is empty: since must lie before until, and before now", "{wrong:?}");
    }
}

#[test]
fn a_range_that_is_too_long_comes_with_advice() {
    let now = "2026-11-26T09:20:00Z";
    for (by, detail, advice) in [
        (Step::Hour, "a range has at most 35 days by hour", "by day"),
        (Step::Day, "a range has at most 400 days", "until"),
    ] {
        let problem = problem(&query("500d", Some(by)), now);
        assert_eq!((problem.detail.as_str(), problem.errors[0].code.as_str()), (detail, "range_too_long"));
        assert!(problem.hint.as_deref().unwrap_or_default().contains(advice), "{problem:?}");
    }
}
