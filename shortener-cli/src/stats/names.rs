//! Clicks by name: lists beside each other where there is room, or one list with bars.

use shortener_core::stats::Class;
use shortener_core::wire::{NamedClicks, Stats};
use unicode_width::UnicodeWidthStr;

use super::look::{Look, left, number, percent, right};

/// Least and greatest width of a list.
const LIST: (usize, usize) = (34, 56);
/// Columns between two lists.
const GAP: usize = 3;
/// Most lists beside each other.
const MOST_BESIDE: usize = 4;
/// Width of `100.0`.
const PERCENT: usize = 5;
/// Longest bar of a list.
const LONGEST_BAR: usize = 80;

/// What a list of names is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Country,
    Referrer,
    Device,
    Browser,
    Os,
    UtmSource,
    UtmMedium,
    UtmCampaign,
    Class,
}

impl Subject {
    /// The lists of a page.
    const LISTS: [Self; 8] = [
        Self::Country,
        Self::Referrer,
        Self::Device,
        Self::Browser,
        Self::Os,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Country => "COUNTRY",
            Self::Referrer => "REFERRER",
            Self::Device => "DEVICE",
            Self::Browser => "BROWSER",
            Self::Os => "OS",
            Self::UtmSource => "UTM SOURCE",
            Self::UtmMedium => "UTM MEDIUM",
            Self::UtmCampaign => "UTM CAMPAIGN",
            Self::Class => "CLASS",
        }
    }

    /// The names with their clicks.
    pub(crate) fn of(self, stats: &Stats) -> Vec<NamedClicks> {
        match self {
            Self::Country => stats.countries.clone(),
            Self::Referrer => stats.referrers.clone(),
            Self::Device => stats.devices.clone(),
            Self::Browser => stats.browsers.clone(),
            Self::Os => stats.os.clone(),
            Self::UtmSource => stats.utm_sources.clone(),
            Self::UtmMedium => stats.utm_mediums.clone(),
            Self::UtmCampaign => stats.utm_campaigns.clone(),
            Self::Class => classes(stats),
        }
    }
}

fn classes(stats: &Stats) -> Vec<NamedClicks> {
    let clicks = stats.clicks;
    let of = |class| match class {
        Class::Human => clicks.human,
        Class::Bot => clicks.bot,
        Class::Preview => clicks.preview,
        Class::Tool => clicks.tool,
        Class::Head => clicks.head,
    };
    Class::ALL.map(|class| NamedClicks { name: class.as_str().to_owned(), clicks: of(class) }).into()
}

/// Every list that has something, beside each other where there is room.
pub(super) fn lists(stats: &Stats, look: Look) -> Vec<String> {
    let lists = Subject::LISTS.map(|subject| (subject, subject.of(stats)));
    let lists: Vec<_> = lists.into_iter().filter(|(_, names)| !names.is_empty()).collect();
    let beside = ((look.width + GAP) / (LIST.0 + GAP)).clamp(1, MOST_BESIDE);
    let width = ((look.width + GAP) / beside).saturating_sub(GAP).min(LIST.1);
    let blocks: Vec<Vec<String>> = lists.iter().map(|(subject, names)| block(*subject, names, width, look)).collect();
    let mut lines = Vec::new();
    for row in blocks.chunks(beside) {
        lines.push(String::new());
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |block: &Vec<String>, line: usize| left(block.get(line).map_or("", String::as_str), width);
        let gap = " ".repeat(GAP);
        let line = |line| row.iter().map(|block| cell(block, line)).collect::<Vec<_>>().join(&gap);
        lines.extend((0..height).map(line));
    }
    lines
}

fn block(subject: Subject, names: &[NamedClicks], width: usize, look: Look) -> Vec<String> {
    let shape = Shape::of(names);
    let name_width = width.saturating_sub(shape.taken());
    shape.lines(subject, names, name_width, look)
}

/// One list with bars.
pub(super) fn table(subject: Subject, names: &[NamedClicks], look: Look) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    let shape = Shape::of(names);
    let widest = names.iter().map(|named| look.text(&named.name).width()).chain([subject.title().len()]).max();
    let most = look.width.saturating_sub(shape.taken());
    // A third of the line is for the bars, if names leave it.
    let name_width = widest.unwrap_or(0).min(most * 2 / 3);
    let room = most.saturating_sub(name_width + 2).min(LONGEST_BAR);
    let peak = names.iter().map(|named| named.clicks).max().unwrap_or(0);
    let bars = names.iter().map(|named| look.bar(named.clicks, peak, room));
    let lines = shape.lines(subject, names, name_width, look);
    lines.into_iter().zip([String::new()].into_iter().chain(bars)).map(|(line, bar)| format!("{line}  {bar}")).collect()
}

/// Widths of the numbers of a list.
#[derive(Debug, Clone, Copy)]
struct Shape {
    clicks: usize,
    sum: u64,
}

impl Shape {
    fn of(names: &[NamedClicks]) -> Self {
        let widest = names.iter().map(|named| number(named.clicks).width()).max().unwrap_or(0);
        let sum = names.iter().fold(0_u64, |sum, named| sum.saturating_add(named.clicks));
        Self { clicks: widest.max("CLICKS".len()), sum }
    }

    /// Columns that the names do not have.
    fn taken(self) -> usize {
        1 + 2 + self.clicks + 2 + PERCENT
    }

    fn lines(self, subject: Subject, names: &[NamedClicks], name_width: usize, look: Look) -> Vec<String> {
        let line = |name: &str, clicks: &str, percent: &str| {
            let name = left(&look.cut(name, name_width), name_width);
            format!(" {name}  {}  {}", right(clicks, self.clicks), right(percent, PERCENT))
        };
        let heading = line(subject.title(), "CLICKS", "%");
        let named = |named: &NamedClicks| {
            line(&look.text(&named.name), &number(named.clicks), &percent(named.clicks, self.sum))
        };
        [heading].into_iter().chain(names.iter().map(named)).collect()
    }
}
