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
}

/// Every step of the series.
pub(super) fn every_step(stats: &Stats, bots: Bots) -> (Width, Vec<Bar>) {
    let width = match stats.by {
        Step::Hour => Width::Hour,
        Step::Day => Width::Day,
    };
    (width, bars(stats, bots, width))
}

/// The steps, or wider ones where they are too many.
pub(super) fn some_steps(stats: &Stats, bots: Bots) -> (Width, Vec<Bar>) {
    let (mut width, mut bars_of) = every_step(stats, bots);
    while bars_of.len() > MOST_BARS && width != Width::Month {
        width = if width == Width::Hour { Width::Day } else { Width::Month };
        bars_of = bars(stats, bots, width);
    }
    (width, bars_of)
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

/// The line of columns and its peak; nothing where there is nothing to compare.
pub(super) fn sparkline(width: Width, bars: &[Bar], look: Look) -> Vec<String> {
    // Of equal ones the first: the greatest from behind is the last that is found.
    let peak = bars.iter().rev().max_by_key(|bar| bar.clicks).filter(|bar| bar.clicks > 0);
    let Some(peak) = peak.filter(|_| bars.len() > 1 && look.bars == Bars::Drawn) else { return Vec::new() };
    let name = format!("clicks/{}", width.name());
    let room = look.width.saturating_sub(name.width() + 2).max(1);
    let line = look.sparkline(&gathered(bars, room));
    let peak = format!("peak {} {} {}", number(peak.clicks), preposition(width), peak.label);
    let whole = format!("{name}  {line}  {peak}");
    if whole.width() <= look.width { vec![whole] } else { [vec![format!("{name}  {line}")], look.fold(&peak)].concat() }
}

fn preposition(width: Width) -> &'static str {
    match width {
        Width::Day => "on",
        Width::Hour => "at",
        Width::Month => "in",
    }
}

/// The values, neighbours summed up until they are no more than `most`.
fn gathered(bars: &[Bar], most: usize) -> Vec<u64> {
    let each = bars.len().div_ceil(most).max(1);
    let sum = |bars: &[Bar]| bars.iter().fold(0_u64, |sum, bar| sum.saturating_add(bar.clicks));
    bars.chunks(each).map(sum).collect()
}

/// A line for each bar.
pub(super) fn lines(bars: &[Bar], look: Look) -> Vec<String> {
    let counts: Vec<String> = bars.iter().map(|bar| number(bar.clicks)).collect();
    let count_width = counts.iter().map(|count| count.width()).max().unwrap_or(0);
    let label_width = bars.iter().map(|bar| bar.label.width()).max().unwrap_or(0);
    let room = look.width.saturating_sub(label_width + count_width + 3).min(LONGEST_BAR);
    let peak = bars.iter().map(|bar| bar.clicks).max().unwrap_or(0);
    let line = |(bar, count): (&Bar, &String)| {
        let drawn = look.bar(bar.clicks, peak, room);
        format!(" {} {} {drawn}", left(&bar.label, label_width), right(count, count_width))
    };
    bars.iter().zip(&counts).map(line).collect()
}
