//! Clicks by name: lists beside each other where there is room, or one list with bars.

use shortener_core::stats::Class;
use shortener_core::wire::{Bots, NamedClicks, Stats};
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

    /// What its percentages are of, where that is not every click.
    fn whole(self) -> Option<&'static str> {
        match self {
            Self::UtmSource | Self::UtmMedium | Self::UtmCampaign => Some(" % of the clicks with this tag"),
            _ => None,
        }
    }

    /// The names with their clicks; of classes those whose clicks are shown.
    pub(crate) fn of(self, stats: &Stats, bots: Bots) -> Vec<NamedClicks> {
        match self {
            Self::Country => stats.countries.clone(),
            Self::Referrer => stats.referrers.clone(),
            Self::Device => stats.devices.clone(),
            Self::Browser => stats.browsers.clone(),
            Self::Os => stats.os.clone(),
            Self::UtmSource => stats.utm_sources.clone(),
            Self::UtmMedium => stats.utm_mediums.clone(),
            Self::UtmCampaign => stats.utm_campaigns.clone(),
            Self::Class => classes(stats, bots),
        }
    }
}

fn classes(stats: &Stats, bots: Bots) -> Vec<NamedClicks> {
    let clicks = stats.clicks;
    let people = [(Class::Human, clicks.human)];
    let automated = [(Class::Bot, clicks.bot), (Class::Preview, clicks.preview), (Class::Tool, clicks.tool)];
    let classes = match bots {
        Bots::Exclude => people.to_vec(),
        Bots::Include => [&people[..], &automated].concat(),
        Bots::Only => automated.to_vec(),
    };
    classes.into_iter().map(|(class, clicks)| NamedClicks { name: class.as_str().to_owned(), clicks }).collect()
}

/// Every list that has something, beside each other where there is room.
pub(super) fn lists(stats: &Stats, bots: Bots, look: Look) -> Vec<String> {
    let lists = Subject::LISTS.map(|subject| (subject, subject.of(stats, bots)));
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
    shape.lines(subject, names, (width, name_width), look)
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
    let lines = shape.lines(subject, names, (look.width, name_width), look);
    let heading = std::iter::repeat_n(String::new(), lines.len() - names.len());
    let bars = heading.chain(names.iter().map(|named| look.bar(named.clicks, peak, room)));
    lines
        .into_iter()
        .zip(bars)
        .map(|(line, bar)| if bar.is_empty() { line } else { format!("{line}  {bar}") })
        .collect()
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

    /// The heading and the names, in lines of a width that names have a part of.
    fn lines(
        self,
        subject: Subject,
        names: &[NamedClicks],
        (width, name_width): (usize, usize),
        look: Look,
    ) -> Vec<String> {
        let line = |name: &str, clicks: &str, percent: &str| {
            let name = left(&look.cut(name, name_width), name_width);
            format!(" {name}  {}  {}", right(clicks, self.clicks), right(percent, PERCENT))
        };
        let heading = [Some(line(subject.title(), "CLICKS", "%")), subject.whole().map(|whole| look.cut(whole, width))];
        let named = |named: &NamedClicks| {
            line(&look.text(&named.name), &number(named.clicks), &percent(named.clicks, self.sum))
        };
        heading.into_iter().flatten().chain(names.iter().map(named)).collect()
    }
}
