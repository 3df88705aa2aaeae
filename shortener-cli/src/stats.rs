//! Statistics on a terminal: drawn to its width, with the characters that it knows, and readable without colour.

use jiff::Timestamp;
use shortener_core::wire::{Bots, Stats};

use crate::context::Context;

mod chart;
mod fit;
mod look;
mod names;
mod ranking;
mod report;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use look::{Bars, Glyphs, Look, number};
pub(crate) use names::Subject;
pub(crate) use ranking::ranking;
pub(crate) use report::Names;
pub(crate) use words::{as_of, freshness};

use fit::Parts;

/// How to draw.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct DrawingArgs {
    /// Leave out bars and columns
    #[arg(long)]
    no_chart: bool,
    /// Draw with ASCII alone
    #[arg(long)]
    ascii: bool,
}

impl DrawingArgs {
    /// What the terminal and the flags allow.
    pub(crate) fn look(self, context: &Context) -> Look {
        let unicode = !self.ascii && context.environment.speaks_unicode();
        let glyphs = if unicode { Glyphs::Unicode } else { Glyphs::Ascii };
        let bars = if self.no_chart { Bars::Omitted } else { Bars::Drawn };
        Look { width: context.output.width(), glyphs, bars }
    }
}

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Everything.
    Whole,
    /// Every step of the series.
    Series,
    /// The names of one kind.
    Names(Subject),
}

/// What a page is made of.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// The statistics.
    pub(crate) stats: &'a Stats,
    /// Where the link leads, if it is about one.
    pub(crate) target: Option<&'a str>,
    /// Whose clicks are shown.
    pub(crate) bots: Bots,
    /// What of them.
    pub(crate) view: View,
    /// The moment it is.
    pub(crate) now: Timestamp,
}

impl Page<'_> {
    /// The page as text.
    pub(crate) fn draw(&self, look: Look) -> String {
        self.draw_within(usize::MAX, look)
    }

    /// The page as text of at most so many lines. The series has the room that all else leaves, and what has none is
    /// said; the line that says as of when it is never lacks.
    pub(crate) fn draw_within(&self, most: usize, look: Look) -> String {
        let Self { stats, bots, .. } = *self;
        let note = |note: &String| look.fold(&look.text(note));
        let notes: Vec<String> = words::notes(stats).iter().flat_map(note).collect();
        let as_of = spaced(note(&freshness(stats, self.now)));
        let (chart, lists) = match self.view {
            View::Whole => (Some(chart::some_steps(stats, bots)), names::lists(stats, bots, look)),
            View::Series => (Some(chart::every_step(stats, bots)), Vec::new()),
            View::Names(subject) => (None, spaced(names::table(subject, &subject.of(stats, bots), look))),
        };
        let head = self.head(look);
        let chart = chart.map_or_else(Vec::new, |chart| {
            let columns = chart.sparkline(look);
            let taken = [&head, &columns, &lists, &as_of, &notes].map(Vec::len).iter().sum::<usize>() + 1;
            spaced([columns, chart.lines(most.saturating_sub(taken), look)].concat())
        });
        let nothing = chart.is_empty() && lists.is_empty();
        let chart = if nothing { spaced(vec!["nothing to show in this range".to_owned()]) } else { chart };
        let parts = Parts { top: [head, chart].concat(), lists, as_of, notes };
        parts.within(most).iter().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// What it is of, and the numbers that come first.
    fn head(&self, look: Look) -> Vec<String> {
        let subject = look.text(&words::subject(self.stats, self.target, look));
        let headline = look.flow(&words::headline(self.stats, self.bots, look));
        [vec![look.cut(&subject, look.width)], headline].concat()
    }
}

/// The lines with an empty one before them, if there are any.
fn spaced(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![String::new()], lines].concat() }
}
