//! What statistics say in words.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use shortener_core::wire::{Bots, Clicks, Stats};

use super::look::{Look, number};
use crate::report::relative;

/// Greatest change that says something in percent.
const MOST_PERCENT: i128 = 9999;

/// A number of things.
pub(super) fn counted(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", number(count), if count == 1 { "" } else { "s" })
}

/// The zone in which days begin, and its name; UTC where this system does not know the zone.
pub(super) fn zone(stats: &Stats) -> (TimeZone, &str) {
    TimeZone::get(&stats.tz).map_or((TimeZone::UTC, "UTC"), |zone| (zone, stats.tz.as_str()))
}

/// What the statistics are of.
pub(super) fn subject(stats: &Stats, target: Option<&str>, look: Look) -> String {
    let named = stats.domain.as_ref().filter(|domain| !domain.is_default());
    match (&stats.code, named) {
        (Some(code), domain) => {
            let domain = domain.map(|domain| format!("{domain}/")).unwrap_or_default();
            let target = target.map(|target| format!("{}{target}", look.either(" → ", " -> "))).unwrap_or_default();
            format!("{domain}{code}{target}")
        }
        (None, Some(domain)) => format!("all links of {domain}"),
        (None, None) if stats.domain.is_some() => "all links of the default domain".to_owned(),
        (None, None) => "all links".to_owned(),
    }
}

/// The numbers that come first.
pub(super) fn headline(stats: &Stats, bots: Bots, look: Look) -> Vec<String> {
    let automated = stats.clicks.of(Bots::Only);
    let mut parts = Vec::new();
    match bots {
        Bots::Exclude | Bots::Include => parts.push(counted(stats.clicks.of(bots), "click")),
        Bots::Only => parts.push(format!("{} by bots", counted(automated, "click"))),
    }
    if let Some(visitors) = stats.visitors.filter(|_| bots != Bots::Only) {
        let error = format!("{}{:.1}%", look.either("±", "+/-"), visitors.error * 100.0);
        parts.push(format!("{} (est. {error})", counted(visitors.estimate, "visitor")));
    }
    match bots {
        Bots::Exclude => parts.push(format!("{} by bots excluded", number(automated))),
        Bots::Include => parts.push(format!("{} of them by bots", number(automated))),
        Bots::Only => parts.push(format!("{} by people excluded", number(stats.clicks.human))),
    }
    parts.push(range(stats));
    parts.extend(stats.previous.map(|previous| change(stats, &previous, bots)));
    parts
}

/// The range, by its first and last day if it is of whole days.
fn range(stats: &Stats) -> String {
    let (zone, name) = zone(stats);
    match whole_days(stats) {
        Some((first, last)) if first == last => format!("{first} {name}"),
        Some((first, last)) => format!("{first} to {last} {name}"),
        None => format!("{} to {} {name}", minute(stats.from, &zone), minute(stats.to, &zone)),
    }
}

fn whole_days(stats: &Stats) -> Option<(Date, Date)> {
    let (zone, _) = zone(stats);
    let midnight = |at: &ZonedDateTime| at.start_of_day().is_ok_and(|start| start == *at);
    let (from, to) = (stats.from.to_zoned_datetime(zone.clone()), stats.to.to_zoned_datetime(zone));
    (midnight(&from) && midnight(&to) && from < to).then(|| Some((from.date(), to.date().yesterday().ok()?))).flatten()
}

/// How much more or less it is than in the range before.
fn change(stats: &Stats, previous: &Clicks, bots: Bots) -> String {
    let hours = (stats.to.as_second() - stats.from.as_second()) / 3600;
    let span = match whole_days(stats) {
        Some((first, last)) => i64::from((last - first).get_days()) + 1,
        None if hours % 24 == 0 => hours / 24,
        None => 0,
    };
    let span = match span {
        0 if hours == 1 => "hour".to_owned(),
        0 => format!("{hours} hours"),
        1 => "day".to_owned(),
        days => format!("{days} days"),
    };
    let (now, before) = (i128::from(stats.clicks.of(bots)), i128::from(previous.of(bots)));
    if before == 0 {
        return format!("none in the previous {span}");
    }
    let percent = ((now - before) * 200 + before * (now - before).signum()) / (2 * before);
    if percent > MOST_PERCENT {
        return format!("{} in the previous {span}", number(previous.of(bots)));
    }
    format!("{percent:+}% vs previous {span}")
}

/// How complete the numbers are, and what else was asked for.
pub(super) fn notes(stats: &Stats) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(stats.coverage.map(|coverage| {
        format!(
            "{:.2}% of the edge's requests are counted ({} of {})",
            coverage.ratio * 100.0,
            number(coverage.lines),
            number(coverage.requests)
        )
    }));
    let others = [
        (stats.clicks.head, "HEAD request or prefetch", "HEAD requests and prefetches"),
        (stats.gone, "request after the link was over", "requests after the link was over"),
        (stats.orphans.unwrap_or(0), "request for a code that no link has", "requests for codes that no link has"),
    ];
    let others = others.into_iter().filter(|(count, ..)| *count > 0);
    let others: Vec<String> =
        others.map(|(count, one, many)| format!("{} {}", number(count), if count == 1 { one } else { many })).collect();
    if !others.is_empty() {
        notes.push(format!("not counted as clicks: {}", others.join("; ")));
    }
    notes.extend(stats.edge.filter(|edge| edge.hit + edge.miss + edge.error > 0).map(|edge| {
        let errors = if edge.error == 0 { String::new() } else { format!(", {} failed", number(edge.error)) };
        format!("the edge answered {} from its copies, {} from the origin{errors}", number(edge.hit), number(edge.miss))
    }));
    let all = stats.all_time;
    notes.push(format!("all time: {} by people, {} in all", counted(all.human, "click"), number(all.total)));
    notes
}

/// As of when the numbers are, and from when on they may still change.
pub(crate) fn freshness(stats: &Stats, now: Timestamp) -> String {
    let (zone, name) = zone(stats);
    let seen = as_of(stats.as_of, (&zone, name), now);
    match stats.complete_until {
        _ if stats.as_of.is_none() => seen,
        Some(until) if until >= stats.to => format!("{seen}; final"),
        Some(until) if until > stats.from => {
            format!("{seen}; hours since {} {name} may still rise", minute(until, &zone))
        }
        _ => format!("{seen}; all of it may still rise"),
    }
}

/// As of when numbers are, in a zone and its name.
pub(crate) fn as_of(at: Option<Timestamp>, (zone, name): (&TimeZone, &str), now: Timestamp) -> String {
    at.map_or("nothing has been counted yet".to_owned(), |at| {
        format!("as of {} {name} ({})", minute(at, zone), relative(at, now))
    })
}

/// A moment to the minute.
fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}
