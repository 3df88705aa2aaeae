//! Statistics on a terminal: drawn to its width, with the characters that it knows, and readable without colour.

use jiff::Timestamp;
use shortener_core::wire::{Bots, Stats};

use crate::context::Context;

mod chart;
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
        let Self { stats, bots, .. } = *self;
        let subject = look.text(&words::subject(stats, self.target, look));
        let mut lines = vec![look.cut(&subject, look.width)];
        lines.extend(look.flow(&words::headline(stats, bots, look)));
        let body = self.body(look);
        if body.is_empty() {
            lines.push(String::new());
            lines.push("nothing to show in this range".to_owned());
        } else {
            lines.extend(body);
        }
        lines.push(String::new());
        lines.extend(words::notes(stats, self.now).iter().flat_map(|note| look.fold(&look.text(note))));
        lines.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    fn body(&self, look: Look) -> Vec<String> {
        let Self { stats, bots, .. } = *self;
        match self.view {
            View::Whole => {
                let (width, bars) = chart::some_steps(stats, bots);
                let any = stats.clicks.of(bots) > 0;
                let drawn = if any { chart::lines(&bars, look) } else { Vec::new() };
                let parts = [chart::sparkline(width, &bars, look), drawn];
                let chart = parts.concat();
                spaced(chart).into_iter().chain(names::lists(stats, look)).collect()
            }
            View::Series => {
                let (width, bars) = chart::every_step(stats, bots);
                spaced([chart::sparkline(width, &bars, look), chart::lines(&bars, look)].concat())
            }
            View::Names(subject) => spaced(names::table(subject, &subject.of(stats), look)),
        }
    }
}

/// The lines with an empty one before them, if there are any.
fn spaced(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![String::new()], lines].concat() }
}
