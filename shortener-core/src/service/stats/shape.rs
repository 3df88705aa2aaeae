//! The shape in which statistics are shown.

use std::collections::BTreeMap;

use super::range::Range;
use super::reading::Reading;
use crate::stats::tally::{Counts, OTHER};
use crate::stats::{Breakdown, Dimension, Split};
use crate::wire::{Bots, Clicks, NamedClicks, SeriesPoint, Visitors};

/// The clicks of a choice of classes.
fn chosen(split: Split, bots: Bots) -> u64 {
    match bots {
        Bots::Exclude => split.0,
        Bots::Include => split.sum(),
        Bots::Only => split.1,
    }
}

/// Whether every click has a name in a dimension, be it that it is not known.
fn is_of_every_click(dimension: Dimension) -> bool {
    !matches!(dimension, Dimension::UtmSource | Dimension::UtmMedium | Dimension::UtmCampaign)
}

/// The names of a dimension, most clicked first, and the rest; together all the clicks that have one.
pub(super) fn list(reading: &Reading, dimension: Dimension, range: &Range, clicks: Counts) -> Vec<NamedClicks> {
    let mut all = Breakdown::default();
    for breakdown in reading.daily.values().filter_map(|tally| tally.breakdowns.get(&dimension)) {
        all.merge(breakdown);
    }
    let mut other = chosen(all.other, range.bots);
    let names = all.names.into_iter().map(|(name, split)| NamedClicks { name, clicks: chosen(split, range.bots) });
    let mut listed: Vec<_> = names.filter(|named| named.clicks > 0).collect();
    if is_of_every_click(dimension) {
        let named = with_all(other, &listed);
        // Names of hours that are in the range in part may be known no more.
        other = other.saturating_add(Clicks::from(clicks).of(range.bots).saturating_sub(named));
    }
    // Stable, so that equal ones stay in the order of their names.
    listed.sort_by_key(|named| std::cmp::Reverse(named.clicks));
    let rest = listed.split_off(range.limit.min(listed.len()));
    other = with_all(other, &rest);
    if other > 0 {
        listed.push(NamedClicks { name: OTHER.to_owned(), clicks: other });
    }
    listed
}

/// Clicks and those of names together.
fn with_all(clicks: u64, names: &[NamedClicks]) -> u64 {
    names.iter().fold(clicks, |sum, named| sum.saturating_add(named.clicks))
}

/// Clicks of every step of a range.
pub(super) fn series(reading: &Reading, range: &Range) -> Vec<SeriesPoint> {
    let point = |(at, hours): (_, Vec<_>)| {
        let clicks = hours.into_iter().map(|hour| reading.clicks(hour, hour.plus(1)));
        let sum = clicks.fold(Counts::default(), |mut sum, clicks| {
            sum.add(&clicks);
            sum
        });
        SeriesPoint { at, clicks: sum.into() }
    };
    range.steps().into_iter().map(point).collect()
}

/// The people of all days, each counted once a day; none where nobody could be told apart although people came.
pub(super) fn visitors(reading: &Reading, clicks: Counts) -> Option<Visitors> {
    let sketches: BTreeMap<_, _> = reading
        .daily
        .iter()
        .filter(|(_, tally)| !tally.visitors.is_empty())
        .map(|(date, tally)| (date, &tally.visitors))
        .collect();
    if sketches.is_empty() && clicks.human > 0 {
        return None;
    }
    let estimate: f64 = sketches.values().map(|sketch| sketch.estimate()).sum();
    // Salts differ by day, so the errors are independent.
    let variance: f64 = sketches.values().map(|sketch| sketch.standard_error().powi(2)).sum();
    let error = if estimate > 0.0 { variance.sqrt() / estimate } else { 0.0 };
    Some(Visitors { estimate: whole(estimate), error })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate is no negative number")]
fn whole(estimate: f64) -> u64 {
    estimate.round() as u64
}
