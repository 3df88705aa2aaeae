//! What was measured, as Markdown.

use std::fmt;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

/// The median of several runs, with the least and the most of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one run; without any, all is 0.
    pub(crate) fn of(runs: impl IntoIterator<Item = f64>) -> Self {
        let mut runs: Vec<f64> = runs.into_iter().collect();
        runs.sort_by(f64::total_cmp);
        let median = match runs.len() {
            0 => 0.0,
            n if n % 2 == 1 => runs[n / 2],
            n => f64::midpoint(runs[n / 2 - 1], runs[n / 2]),
        };
        let at = |place: Option<&f64>| place.copied().unwrap_or_default();
        Self { median, least: at(runs.first()), most: at(runs.last()) }
    }

    /// Of the ratio of two sides that ran in turns, pair by pair: the speed of the machine cancels out.
    pub(crate) fn of_ratios(ours: &[f64], theirs: &[f64]) -> Self {
        Self::of(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
    }
}

impl fmt::Display for Spread {
    /// `median (least–most)`, with as many digits after the point as the precision says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(0);
        let [median, least, most] = [self.median, self.least, self.most].map(|value| number(value, digits));
        write!(f, "{median} ({least}–{most})")
    }
}

/// A number with commas between thousands.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.find('.').map_or((&*text, ""), |point| text.split_at(point));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A Markdown table.
pub(crate) fn table<R: IntoIterator<Item = String>>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(head);
    for row in rows {
        table.add_row(row.into_iter().collect::<Vec<_>>());
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

/// How a figure is to be, and how it is.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    what: String,
    wanted: Wanted,
    measured: f64,
    unit: &'static str,
}

/// The side on which a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub(crate) fn new(what: impl Into<String>, wanted: Wanted, measured: f64, unit: &'static str) -> Self {
        Self { what: what.into(), wanted, measured, unit }
    }

    pub(crate) fn is_met(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.measured >= least,
            Wanted::AtMost(most) => self.measured <= most,
        }
    }

    fn row(&self) -> [String; 4] {
        let (side, bound) = match self.wanted {
            Wanted::AtLeast(bound) => ("≥", bound),
            Wanted::AtMost(bound) => ("≤", bound),
        };
        let digits = |value: f64| if value < 100.0 { 2 } else { 0 };
        let with_unit = |value: f64, digits| format!("{} {}", number(value, digits), self.unit).trim_end().to_owned();
        [
            self.what.clone(),
            format!("{side} {}", with_unit(bound, if bound.fract() == 0.0 { 0 } else { 2 })),
            with_unit(self.measured, digits(self.measured)),
            if self.is_met() { "met" } else { "**missed**" }.to_owned(),
        ]
    }
}

/// The targets of a section as a table.
pub(crate) fn targets(targets: &[Target]) -> String {
    table(&["target", "wanted", "measured", ""], targets.iter().map(Target::row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_of_all_runs_and_its_bounds() {
        let spread = Spread::of([3.0, 1.0, 10.0, 2.0]);
        assert_eq!(spread, Spread { median: 2.5, least: 1.0, most: 10.0 });
        assert_eq!(format!("{:.1}", Spread::of([1234.56])), "1,234.6 (1,234.6–1,234.6)");
    }

    #[test]
    fn a_ratio_is_taken_of_each_pair_so_that_a_machine_that_slows_down_changes_nothing() {
        let ratio = Spread::of_ratios(&[90.0, 45.0, 9.0], &[100.0, 50.0, 10.0]);
        assert_eq!(ratio, Spread { median: 0.9, least: 0.9, most: 0.9 });
    }

    #[test]
    fn thousands_are_set_apart() {
        for (value, digits, text) in
            [(0.0, 0, "0"), (999.4, 0, "999"), (1000.0, 0, "1,000"), (-1_234_567.891, 2, "-1,234,567.89")]
        {
            assert_eq!(number(value, digits), text);
        }
    }

    #[test]
    fn a_target_that_is_missed_says_so() {
        let shown = targets(&[
            Target::new("hot", Wanted::AtLeast(0.95), 0.951, "×"),
            Target::new("size", Wanted::AtMost(10.0), 10.01, "MB"),
        ]);
        assert!(shown.contains("| hot    | ≥ 0.95 × | 0.95 ×   | met        |"), "{shown}");
        assert!(shown.contains("| size   | ≤ 10 MB  | 10.01 MB | **missed** |"), "{shown}");
    }
}
