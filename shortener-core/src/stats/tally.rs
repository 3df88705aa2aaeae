//! What is counted of one link, or one domain, in one period.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Class, Visitors};

/// Clicks by class, and beside them what only looked ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Clicks by people.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub human: u64,
    /// Clicks by crawlers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bot: u64,
    /// Clicks by fetchers of link previews.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub preview: u64,
    /// Clicks by monitors and HTTP clients.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tool: u64,
    /// HEAD requests and prefetches: no clicks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub head: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Counts {
    /// The count of a class.
    pub fn of(&self, class: Class) -> u64 {
        match class {
            Class::Human => self.human,
            Class::Bot => self.bot,
            Class::Preview => self.preview,
            Class::Tool => self.tool,
            Class::Head => self.head,
        }
    }

    /// The count of a class, to change it.
    pub fn of_mut(&mut self, class: Class) -> &mut u64 {
        match class {
            Class::Human => &mut self.human,
            Class::Bot => &mut self.bot,
            Class::Preview => &mut self.preview,
            Class::Tool => &mut self.tool,
            Class::Head => &mut self.head,
        }
    }

    /// All clicks: what people, bots, previews and tools did.
    pub fn total(&self) -> u64 {
        self.human.saturating_add(self.bot).saturating_add(self.preview).saturating_add(self.tool)
    }

    /// Every request that was answered with the redirect: all clicks, HEAD requests and prefetches.
    pub fn requests(&self) -> u64 {
        self.total().saturating_add(self.head)
    }

    /// Adds others, class by class. What a table holds may be as large as its numbers can be: sums end there.
    pub fn add(&mut self, other: &Self) {
        for class in Class::ALL {
            let count = self.of_mut(class);
            *count = count.saturating_add(other.of(class));
        }
    }

    /// Takes others away, class by class; never below zero.
    pub fn subtract(&mut self, other: &Self) {
        for class in Class::ALL {
            let count = self.of_mut(class);
            *count = count.saturating_sub(other.of(class));
        }
    }
}

/// How an edge came by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EdgeResults {
    /// From its copies, revalidated ones included.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hit: u64,
    /// From the origin.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub miss: u64,
    /// Not at all: the origin failed, or the visitor hung up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub error: u64,
}

impl EdgeResults {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.hit = self.hit.saturating_add(other.hit);
        self.miss = self.miss.saturating_add(other.miss);
        self.error = self.error.saturating_add(other.error);
    }
}

/// Stands for the referrer of a click that no page led to.
pub const DIRECT: &str = "(direct)";

/// Stands for what is not told, or cannot be read.
pub const UNKNOWN: &str = "(unknown)";

/// Stands for all that is not listed.
pub const OTHER: &str = "(other)";

/// Longest name of a host in the DNS.
pub(crate) const LONGEST_HOST: usize = 253;

/// Longest value of a campaign tag that is kept, in characters.
const LONGEST_TAG: usize = 64;

/// Whether a visitor gave a name that stands for something else, or looks as if it did.
fn is_reserved(name: &str) -> bool {
    let name = name.trim();
    name.starts_with('(') && [DIRECT, UNKNOWN, OTHER].iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// The value of a campaign tag as it is counted: without control characters and shortened; none if nothing is left, and
/// [`UNKNOWN`] where it would pass for another count.
pub(crate) fn campaign_tag(value: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let value = match shortened(without_controls(value)) {
        value if is_reserved(&value) => Cow::Borrowed(UNKNOWN),
        value => value,
    };
    (!value.is_empty()).then_some(value)
}

/// A text without its control characters.
pub(crate) fn without_controls(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        return Cow::Owned(text.chars().filter(|char| !char.is_control()).collect());
    }
    text
}

fn shortened(tag: Cow<'_, str>) -> Cow<'_, str> {
    let end = tag.char_indices().nth(LONGEST_TAG).map_or(tag.len(), |(end, _)| end);
    match tag {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The host of a referrer as it is counted: lower-case, without port and final dot; none if it has none that can be one.
pub(crate) fn referrer_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_lowercase();
    (!host.is_empty() && host.len() <= LONGEST_HOST && !is_reserved(&host)).then_some(host)
}

/// By what clicks are broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Two letters of ISO 3166-1, as the edge tells.
    Country,
    /// Host of the page that linked here; `(direct)` where the browser told none.
    Referrer,
    /// `desktop`, `mobile`, `tablet`, …
    Device,
    /// Family of the browser, without its version.
    Browser,
    /// Family of the operating system, without its version.
    Os,
    /// `utm_source` of the short URL's query.
    UtmSource,
    /// `utm_medium` of the short URL's query.
    UtmMedium,
    /// `utm_campaign` of the short URL's query.
    UtmCampaign,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 8] = [
        Self::Country,
        Self::Referrer,
        Self::Device,
        Self::Browser,
        Self::Os,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
    ];

    /// Most names that are kept of it in one period, the most clicked ones; the rest is one sum.
    pub fn most_names(self) -> usize {
        match self {
            Self::Referrer | Self::UtmCampaign => 100,
            Self::Country | Self::UtmSource => 60,
            Self::UtmMedium | Self::Browser | Self::Os => 30,
            Self::Device => 10,
        }
    }
}

/// Clicks of people, and of all that is none: bots, previews and tools. HEAD requests and prefetches are in neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Split(pub u64, pub u64);

impl Split {
    /// One or more clicks of a class.
    pub fn of(class: Class, clicks: u64) -> Self {
        match class {
            Class::Human => Self(clicks, 0),
            Class::Bot | Class::Preview | Class::Tool => Self(0, clicks),
            Class::Head => Self(0, 0),
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
        self.1 = self.1.saturating_add(other.1);
    }

    /// Both together.
    pub fn sum(self) -> u64 {
        self.0.saturating_add(self.1)
    }
}

/// Clicks by the names of one dimension, and the sum of those whose name is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Breakdown {
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, Split>,
    /// The rest.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub other: Split,
}

fn is_nothing(split: &Split) -> bool {
    split.sum() == 0
}

impl Breakdown {
    /// Counts clicks under a name.
    pub fn add(&mut self, name: &str, clicks: Split) {
        if clicks.sum() == 0 {
            return;
        }
        match self.names.get_mut(name) {
            Some(split) => split.add(clicks),
            None => drop(self.names.insert(name.to_owned(), clicks)),
        }
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for (name, split) in &other.names {
            self.add(name, *split);
        }
        self.other.add(other.other);
    }

    /// Keeps the `most` names with most clicks (of equal ones the first by name) and sums up the rest.
    pub fn bound(&mut self, most: usize) {
        if self.names.len() <= most {
            return;
        }
        let mut names: Vec<_> = std::mem::take(&mut self.names).into_iter().collect();
        // Stable, so that equal ones stay in the order of their names.
        names.sort_by_key(|(_, split)| std::cmp::Reverse(split.sum()));
        for (_, split) in names.drain(most..) {
            self.other.add(split);
        }
        self.names = names.into_iter().collect();
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.other.sum() == 0
    }
}

/// What is counted of one link, or one domain, in one period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Requests answered with the redirect: clicks, HEAD requests and prefetches.
    pub clicks: Counts,
    /// How the edge came by its answers, whatever they were; nothing where there is no edge.
    pub edge: EdgeResults,
    /// Requests answered 410: the link was over.
    pub gone: u64,
    /// Requests for codes that no link has; counted of domains alone.
    pub orphans: u64,
    /// Clicks by name.
    pub breakdowns: BTreeMap<Dimension, Breakdown>,
    /// People.
    pub visitors: Visitors,
}

impl Tally {
    /// The breakdown of a dimension, to change it.
    pub fn breakdown_mut(&mut self, dimension: Dimension) -> &mut Breakdown {
        self.breakdowns.entry(dimension).or_default()
    }

    /// Adds another one. What is kept of names is not bounded: see [`Self::bound`].
    pub fn merge(&mut self, other: &Self) {
        self.clicks.add(&other.clicks);
        self.edge.add(&other.edge);
        self.gone = self.gone.saturating_add(other.gone);
        self.orphans = self.orphans.saturating_add(other.orphans);
        for (dimension, breakdown) in &other.breakdowns {
            self.breakdown_mut(*dimension).merge(breakdown);
        }
        self.visitors.merge(&other.visitors);
    }

    /// Keeps of each dimension the names that may be stored.
    pub fn bound(&mut self) {
        for (dimension, breakdown) in &mut self.breakdowns {
            breakdown.bound(dimension.most_names());
        }
        self.breakdowns.retain(|_, breakdown| !breakdown.is_empty());
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.clicks.requests() == 0 && self.edge == EdgeResults::default() && self.gone == 0 && self.orphans == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_clicked_names_are_kept_and_nothing_is_lost() {
        let mut breakdown = Breakdown::default();
        for (name, clicks) in [("b", 5), ("a", 5), ("c", 9), ("d", 1)] {
            breakdown.add(name, Split::of(Class::Human, clicks));
            breakdown.add(name, Split::of(Class::Bot, 1));
        }
        breakdown.bound(2);
        assert_eq!(breakdown.names.keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(breakdown.other, Split(6, 2));
        breakdown.merge(&breakdown.clone());
        assert_eq!((breakdown.names["c"], breakdown.other), (Split(18, 2), Split(12, 4)));
    }

    #[test]
    fn no_visitor_makes_up_a_name_that_stands_for_something_else() {
        for forged in ["(other)", "(direct)", "(unknown)", "(Other)", " (direct) ", "\u{7}(other)\u{1b}"] {
            assert_eq!(campaign_tag(forged.into()).as_deref(), Some(UNKNOWN), "{forged:?}");
        }
        for told in ["other", "(others)", "((other))", "direct", "(", "()"] {
            assert_eq!(campaign_tag(told.into()).as_deref(), Some(told));
        }
        let host = |url: &str| Url::parse(url).ok().and_then(|url| referrer_of(&url));
        assert_eq!([host("https://(direct)/"), host("https://(OTHER)./")], [None, None]);
        assert_eq!(host("https://direct/"), Some("direct".to_owned()));
    }

    #[test]
    fn head_requests_are_in_no_breakdown_and_in_no_total_but_they_are_something() {
        let mut tally = Tally::default();
        *tally.clicks.of_mut(Class::Head) += 1;
        assert_eq!((tally.clicks.total(), tally.clicks.requests()), (0, 1));
        let all = Counts { human: 1, bot: 2, preview: 4, tool: 8, head: 16 };
        assert_eq!((all.total(), all.requests()), (15, 31));
        tally.breakdown_mut(Dimension::Country).add("DE", Split::of(Class::Head, 1));
        tally.bound();
        assert!(tally.breakdowns.is_empty() && !tally.is_empty());
    }
}
