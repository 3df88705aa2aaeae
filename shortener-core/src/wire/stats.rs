//! Statistics on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::link::{Domain, ShortCode, TargetUrl};
use crate::stats::tally::{Counts, EdgeResults};

/// Clicks by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Clicks {
    /// Clicks by people.
    pub human: u64,
    /// Clicks by crawlers.
    pub bot: u64,
    /// Clicks by fetchers of link previews.
    pub preview: u64,
    /// Clicks by monitors and HTTP clients.
    pub tool: u64,
    /// HEAD requests and prefetches: no clicks, and in no total.
    pub head: u64,
    /// All clicks: `human`, `bot`, `preview` and `tool` together.
    pub total: u64,
}

impl From<Counts> for Clicks {
    fn from(counts: Counts) -> Self {
        let Counts { human, bot, preview, tool, head } = counts;
        Self { human, bot, preview, tool, head, total: counts.total() }
    }
}

impl Clicks {
    /// The clicks that a choice of classes means.
    pub fn of(&self, bots: Bots) -> u64 {
        let automated = self.bot.saturating_add(self.preview).saturating_add(self.tool);
        match bots {
            Bots::Exclude => self.human,
            Bots::Include => self.human.saturating_add(automated),
            Bots::Only => automated,
        }
    }
}

/// Which clicks are meant where one number is shown. HEAD requests and prefetches are never in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bots {
    /// People and bots.
    Include,
    /// People.
    #[default]
    Exclude,
    /// Bots: crawlers, previews, monitors and HTTP clients.
    Only,
}

/// The width of a step in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An hour.
    Hour,
    /// A day in the time zone of the request.
    Day,
}

/// Which statistics to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct StatsQuery {
    /// The domain of the link, or the one whose links are meant together; all domains where absent and no link is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Beginning: RFC 3339, a date (its first second), or a span that ends now, 30 days by default. A span is rounded
    /// up to whole steps, the one under way among them: by hour `90m` is two hours, by day `7d` is seven days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// End: RFC 3339, a date (its last second), `now` (the default), or a span such as `2d` ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Time zone (IANA, such as `Europe/Berlin`) in which days begin and dates are read; `UTC` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// Step of the series: days by default, hours where the range or span is two days or less. Hours are kept for 35 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Step>,
    /// Whose clicks the lists of names count: `exclude` bots (the default), `include` them, or `only` them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bots: Option<Bots>,
    /// Most names in each list, 1 to 100; 10 by default. The rest is in the list as `(other)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u16>,
}

/// About how many different people came, each counted once a day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Visitors {
    /// The estimate. A person who comes on two days counts twice: what could tell is destroyed.
    pub estimate: u64,
    /// Standard error of the estimate, as a fraction of it.
    pub error: f64,
}

/// Clicks in one step of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesPoint {
    /// When the step begins.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Its clicks.
    #[serde(flatten)]
    pub clicks: Clicks,
}

/// Clicks under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedClicks {
    /// The name: `(direct)`, `(unknown)` and `(other)` stand for none, an unknown one, and all that are not listed.
    pub name: String,
    /// Clicks.
    pub clicks: u64,
}

/// How the edge came by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EdgeAnswers {
    /// From its copies.
    pub hit: u64,
    /// From the origin.
    pub miss: u64,
    /// Not at all: the origin failed, or the visitor hung up.
    pub error: u64,
}

impl From<EdgeResults> for EdgeAnswers {
    fn from(EdgeResults { hit, miss, error }: EdgeResults) -> Self {
        Self { hit, miss, error }
    }
}

/// How many of the requests that the edge answered have been counted, over the hours of the range that are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// Lines of logs that were counted.
    pub lines: u64,
    /// Requests by the edge's own metric.
    pub requests: u64,
    /// The former by the latter.
    pub ratio: f64,
}

/// The clicks of a link since there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkClicks {
    /// Clicks by people, those that were counted elsewhere before the link was imported included.
    pub human: u64,
    /// All clicks by people, bots, previews and tools, those included; without HEAD requests and prefetches.
    pub total: u64,
}

/// Statistics of a link, or of all links of a domain or of the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stats {
    /// The link's code; null for a domain or the service.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required))]
    pub code: Option<ShortCode>,
    /// The domain; null for the service.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required))]
    pub domain: Option<Domain>,
    /// Beginning of the range, a full hour.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    /// End of the range, exclusive.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// Time zone in which days begin.
    pub tz: String,
    /// The moment up to which what was delivered has been counted; null where nothing has ever counted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub as_of: Option<Timestamp>,
    /// Numbers of hours before this moment are final; null where nothing has ever counted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub complete_until: Option<Timestamp>,
    /// How complete the range is, where the edge's own metric is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub coverage: Option<Coverage>,
    /// Clicks in the range.
    pub clicks: Clicks,
    /// Clicks in the range of the same length before it; null where it lies before the first count.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub previous: Option<Clicks>,
    /// Clicks of all time; of a link those that were counted elsewhere included.
    pub all_time: LinkClicks,
    /// People; null where visitors were not counted in the range.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub visitors: Option<Visitors>,
    /// How the edge answered; null where there is no edge.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub edge: Option<EdgeAnswers>,
    /// Requests in the range that were answered 410.
    pub gone: u64,
    /// Requests in the range for codes that no link has; null for a link.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub orphans: Option<u64>,
    /// Step of the series.
    pub by: Step,
    /// Clicks over time, every step of the range.
    pub series: Vec<SeriesPoint>,
    /// By country, two letters of ISO 3166-1.
    pub countries: Vec<NamedClicks>,
    /// By host of the page that linked here.
    pub referrers: Vec<NamedClicks>,
    /// By kind of device.
    pub devices: Vec<NamedClicks>,
    /// By browser.
    pub browsers: Vec<NamedClicks>,
    /// By operating system.
    pub os: Vec<NamedClicks>,
    /// By `utm_source`.
    pub utm_sources: Vec<NamedClicks>,
    /// By `utm_medium`.
    pub utm_mediums: Vec<NamedClicks>,
    /// By `utm_campaign`.
    pub utm_campaigns: Vec<NamedClicks>,
}

/// Which ranking to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TopQuery {
    /// Only this domain; all domains where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// A day (`2026-11-26`), a month (`2026-11`), or `all` time, the default; days and months are UTC's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Most links, 1 to 100; 10 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100))]
    pub limit: Option<u16>,
}

/// The most clicked links of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Top {
    /// The period as it was asked for.
    pub period: String,
    /// The moment up to which what was delivered is counted in the ranking, which follows statistics by an hour at most;
    /// null where nothing has ever counted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    pub as_of: Option<Timestamp>,
    /// The links, most clicked first.
    pub links: Vec<TopLink>,
}

/// A link in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopLink {
    /// Its code.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: ShortCode,
    /// Its domain.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub domain: Domain,
    /// The URL that was shared.
    pub short_url: String,
    /// Where it leads.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: TargetUrl,
    /// Clicks by people in the period, counted here.
    pub clicks: u64,
}
