//! Statistics for programs: the series, or the names of one kind, as lines.

use serde::{Serialize, Serializer};
use shortener_core::wire::{Bots, NamedClicks, SeriesPoint, Stats, Top, TopLink};

use super::names::Subject;
use super::ranking::name_of;
use crate::cli::Format;
use crate::formats::neutralise;
use crate::report::{Column, Report, Shape};

impl Report for Stats {
    type Line = SeriesPoint;
    const FIELDS: &'static [&'static str] = &["at", "human", "bot", "preview", "tool", "head", "total"];
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[SeriesPoint] {
        &self.series
    }

    fn columns() -> Vec<Column<SeriesPoint>> {
        vec![
            Column { name: "AT", cell: |point, _| point.at.to_string() },
            Column { name: "HUMAN", cell: |point, _| point.clicks.human.to_string() },
            Column { name: "BOT", cell: |point, _| point.clicks.bot.to_string() },
            Column { name: "PREVIEW", cell: |point, _| point.clicks.preview.to_string() },
            Column { name: "TOOL", cell: |point, _| point.clicks.tool.to_string() },
            Column { name: "HEAD", cell: |point, _| point.clicks.head.to_string() },
            Column { name: "TOTAL", cell: |point, _| point.clicks.total.to_string() },
        ]
    }
}

/// The names of one kind. As JSON it is the whole document.
#[derive(Debug)]
pub(crate) struct Names {
    stats: Stats,
    lines: Vec<NamedClicks>,
}

impl Names {
    /// The names of a kind as a format shows them: a spreadsheet that reads the file runs none of them.
    pub(crate) fn of(stats: Stats, subject: Subject, bots: Bots, format: Format) -> Self {
        let mut lines = subject.of(&stats, bots);
        // In CSV every cell of every report is.
        if format == Format::Tsv {
            for line in &mut lines {
                line.name = neutralise(&line.name).into_owned();
            }
        }
        Self { stats, lines }
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.stats.serialize(serializer)
    }
}

impl Report for Names {
    type Line = NamedClicks;
    const FIELDS: &'static [&'static str] = &["name", "clicks"];
    const SHAPE: Shape = Shape::List;

    fn lines(&self) -> &[NamedClicks] {
        &self.lines
    }

    fn columns() -> Vec<Column<NamedClicks>> {
        vec![
            Column { name: "NAME", cell: |named, _| named.name.clone() },
            Column { name: "CLICKS", cell: |named, _| named.clicks.to_string() },
        ]
    }
}

impl Report for Top {
    type Line = TopLink;
    const FIELDS: &'static [&'static str] = &["code", "domain", "short_url", "target", "clicks"];
    const SHAPE: Shape = Shape::List;
    const NOTHING: &'static str = "no clicks in this period";

    fn lines(&self) -> &[TopLink] {
        &self.links
    }

    fn columns() -> Vec<Column<TopLink>> {
        vec![
            Column { name: "CODE", cell: |link, _| name_of(link) },
            Column { name: "CLICKS", cell: |link, _| link.clicks.to_string() },
            Column { name: "TARGET", cell: |link, _| link.target.as_str().to_owned() },
        ]
    }
}
