//! What a click asks, and what it gets.

use tokio::time::Instant;

use super::Resolution;
use crate::link::ShortCode;
use crate::stats::agent::Agent;
use crate::stats::{Kind, Subject};

/// A click, as far as its answer depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Click<'a> {
    /// The `Host` header, perhaps with a port; an unknown one means the default domain.
    pub host: &'a str,
    /// The code.
    pub code: &'a ShortCode,
    /// Who clicks.
    pub visitor: Visitor<'a>,
    /// When the answer must be there, if that is sooner than after 900 ms.
    pub deadline: Option<Instant>,
}

/// Who clicks, as far as that is looked at: only for links with a limit, and where clicks are counted.
#[derive(Debug, Clone, Copy)]
pub enum Visitor<'a> {
    /// A HEAD request, or a browser that fetches ahead of a click.
    Ahead,
    /// A client that names itself so; empty if it does not.
    Agent(&'a str),
}

impl Visitor<'_> {
    /// What it is.
    pub fn kind(self) -> Kind {
        match self {
            Self::Ahead => Kind::Prefetch,
            Self::Agent(user_agent) => Agent::of(user_agent).kind,
        }
    }
}

/// What a click gets, and under what it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What to answer.
    pub resolution: Resolution,
    /// The link, or its domain if no link has the code; none if the store did not tell.
    pub subject: Option<Subject>,
}

impl Answer {
    /// An answer without a link or a domain.
    pub(super) fn unavailable() -> Self {
        Self { resolution: Resolution::Unavailable, subject: None }
    }
}
