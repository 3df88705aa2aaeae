//! Deny rules for kinds of hosts, which have names because no list of domains could say them.

use super::{lookalike, private, shorteners};
use crate::link::TargetUrl;

/// A kind of host that a policy may deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedRule {
    /// `@private`: what is reached from within a network or a machine only.
    Private,
    /// `@shorteners`: other services that shorten links, behind which nobody sees the true target.
    Shorteners,
    /// `@lookalikes`: names whose letters are made to be taken for others.
    Lookalikes,
}

impl NamedRule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Private, Self::Shorteners, Self::Lookalikes];

    /// The rule of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name().eq_ignore_ascii_case(name))
    }

    /// Its name in a list of rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "@private",
            Self::Shorteners => "@shorteners",
            Self::Lookalikes => "@lookalikes",
        }
    }

    /// What a host is that it covers.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Private => "an address or a name of a private network",
            Self::Shorteners => "another service that shortens links",
            Self::Lookalikes => "a name that looks like another one",
        }
    }

    /// Whether the rule covers a target.
    pub(super) fn covers(self, target: &TargetUrl) -> bool {
        match self {
            Self::Private => target.address().map_or_else(|| private::is_name(target.host()), private::is_address),
            Self::Shorteners => shorteners::is_one(target.host()),
            Self::Lookalikes => target.address().is_none() && lookalike::is_one(target.host()),
        }
    }
}
