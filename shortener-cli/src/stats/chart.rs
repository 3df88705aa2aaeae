//! Clicks over time: a line of columns, and a bar for each step.

use jiff::tz::TimeZone;
use shortener_core::wire::{Bots, Stats, Step};
use unicode_width::UnicodeWidthStr;

use super::look::{Bars, Look, left, number, right};
use super::words::zone;

/// Most bars of a page; more steps than this are drawn as days, or months.
const MOST_BARS: usize = 62;

/// Longest bar.
const LONGEST_BAR: usize = 120;

/// Most steps without a click that have lines of their own before the first one with any.
const MOST_QUIET: usize = 3;

/// Fewest steps that are shown, however low the terminal is.
const LEAST_SHOWN: usize = 3;

/// A step, or several.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    label: String,
    clicks: u64,
}

/// How wide a step is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Hour,
    Day,
    Month,
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// How a step is labelled: steps with the same label are one bar.
    fn label(self) -> &'static str {
        match self {
            Self::Hour => "%Y-%m-%d %H:%M",
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
        }
    }

    fn preposition(self) -> &'static str {
        match self {
            Self::Day => "on",
            Self::Hour => "at",
            Self::Month => "in",
        }
    }
}

/// Steps of a series, the oldest first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    width: Width,
    bars: Vec<Bar>,
}

/// Every step of the series.
pub(super) fn every_step(stats: &Stats, bots: Bots) -> Chart {
    let width = match stats.by {
        Step::Hour => Width::Hour,
        Step::Day => Width::Day,
    };
    Chart { width, bars: bars(stats, bots, width) }
}

/// The steps, or wider ones where they are too many.
pub(super) fn some_steps(stats: &Stats, bots: Bots) -> Chart {
    let Chart { mut width, bars: mut bars_of } = every_step(stats, bots);
    while bars_of.len() > MOST_BARS && width != Width::Month {
        width = if width == Width::Hour { Width::Day } else { Width::Month };
        bars_of = bars(stats, bots, width);
    }
    Chart { width, bars: bars_of }
}

fn bars(stats: &Stats, bots: Bots, width: Width) -> Vec<Bar> {
    let (zone, _): (TimeZone, _) = zone(stats);
    let mut bars: Vec<Bar> = Vec::new();
    for point in &stats.series {
        let label = point.at.to_zoned_datetime(zone.clone()).strftime(width.label()).to_string();
        let clicks = point.clicks.of(bots);
        match bars.last_mut() {
            // Hours never melt: where clocks are set back, one comes twice.
            Some(bar) if bar.label == label && width != Width::Hour => bar.clicks = bar.clicks.saturating_add(clicks),
            _ => bars.push(Bar { label, clicks }),
        }
    }
    bars
}

impl Chart {
    /// The line of columns and its peak; nothing where there is nothing to compare.
    pub(super) fn sparkline(&self, look: Look) -> Vec<String> {
        let Self { width, bars } = self;
        // Of equal ones the first: the greatest from behind is the last that is found.
        let peak = bars.iter().rev().max_by_key(|bar| bar.clicks).filter(|bar| bar.clicks > 0);
        let Some(peak) = peak.filter(|_| bars.len() > 1 && look.bars == Bars::Drawn) else { return Vec::new() };
        let name = format!("clicks/{}", width.name());
        let room = look.width.saturating_sub(name.width() + 2).max(1);
        let line = look.sparkline(&gathered(bars, room));
        let peak = format!("peak {} {} {}", number(peak.clicks), width.preposition(), peak.label);
        let whole = format!("{name}  {line}  {peak}");
        if whole.width() <= look.width {
            vec![whole]
        } else {
            [vec![format!("{name}  {line}")], look.fold(&peak)].concat()
        }
    }

    /// A line for each step, in about `most` lines: the newest steps, and one line for those before them. Nothing where
    /// there is no click.
    pub(super) fn lines(&self, most: usize, look: Look) -> Vec<String> {
        let Self { width, bars } = self;
        let Some(first) = bars.iter().position(|bar| bar.clicks > 0) else { return Vec::new() };
        let quiet = if first > MOST_QUIET { first } else { 0 };
        let before = (quiet > 0).then(|| format!(" no clicks before {}", bars[first].label));
        let lines = usize::from(quiet > 0) + bars.len() - quiet;
        let (before, skipped) = if lines <= most.max(LEAST_SHOWN + 1) {
            (before, quiet)
        } else {
            let skipped = bars.len() - most.saturating_sub(1).max(LEAST_SHOWN);
            (Some(format!(" {} earlier {}s left out", number(count(skipped)), width.name())), skipped)
        };
        let before = before.map(|line| look.cut(&line, look.width));
        // As long as they are beside those that are left out: the peak may be one of them.
        let peak = bars.iter().map(|bar| bar.clicks).max().unwrap_or(0);
        before.into_iter().chain(lines_of(&bars[skipped..], peak, look)).collect()
    }
}

fn count(steps: usize) -> u64 {
    u64::try_from(steps).unwrap_or(u64::MAX)
}

/// The values, neighbours summed up until they are no more than `most`.
fn gathered(bars: &[Bar], most: usize) -> Vec<u64> {
    let each = bars.len().div_ceil(most).max(1);
    let sum = |bars: &[Bar]| bars.iter().fold(0_u64, |sum, bar| sum.saturating_add(bar.clicks));
    bars.chunks(each).map(sum).collect()
}

/// A line for each bar.
fn lines_of(bars: &[Bar], peak: u64, look: Look) -> Vec<String> {
    let counts: Vec<String> = bars.iter().map(|bar| number(bar.clicks)).collect();
    let count_width = counts.iter().map(|count| count.width()).max().unwrap_or(0);
    let label_width = bars.iter().map(|bar| bar.label.width()).max().unwrap_or(0);
    let room = look.width.saturating_sub(label_width + count_width + 3).min(LONGEST_BAR);
    let line = |(bar, count): (&Bar, &String)| {
        let drawn = look.bar(bar.clicks, peak, room);
        format!(" {} {} {drawn}", left(&bar.label, label_width), right(count, count_width))
    };
    bars.iter().zip(&counts).map(line).collect()
}
