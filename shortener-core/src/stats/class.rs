//! Who asked: the classes in which clicks are counted apart, and what is no click.

use serde::{Deserialize, Serialize};

/// What made a request, as far as its method and user agent tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person's browser or app.
    Person,
    /// A crawler: search engines, SEO, AI, archives, scanners, feed readers, advertising.
    Crawler,
    /// A fetcher of link previews, for chats and social networks.
    Preview,
    /// A monitor that looks whether something is up.
    Monitor,
    /// A program of someone's own: curl, an HTTP library, no user agent at all.
    Client,
    /// A HEAD request, or a browser that fetches ahead of a click.
    Prefetch,
}

impl Kind {
    /// The class in which it is counted.
    pub fn class(self) -> Class {
        match self {
            Self::Person => Class::Human,
            Self::Crawler => Class::Bot,
            Self::Preview => Class::Preview,
            Self::Monitor | Self::Client => Class::Tool,
            Self::Prefetch => Class::Head,
        }
    }

    /// Whether its click uses up one of a limited link: what people do, and the programs they start, but no bot.
    pub fn uses_quota(self) -> bool {
        matches!(self, Self::Person | Self::Client)
    }
}

/// A class in which requests are counted that got the redirect. All but [`Self::Head`] are clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// People.
    Human,
    /// Crawlers.
    Bot,
    /// Fetchers of link previews.
    Preview,
    /// Monitors and HTTP clients.
    Tool,
    /// HEAD requests and prefetches.
    Head,
}

impl Class {
    /// Every class, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Human, Self::Bot, Self::Preview, Self::Tool, Self::Head];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Bot => "bot",
            Self::Preview => "preview",
            Self::Tool => "tool",
            Self::Head => "head",
        }
    }
}
