//! Comparing what an old host and a new one answer the visitors of the same codes: `short verify-migration`.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt};
use serde::Serialize;
use shortener_core::client::Answered;
use shortener_core::link::{Domain, ShortCode, TargetUrl};
use url::Url;

mod compare;
mod host;
mod rows;
mod show;

pub(crate) use compare::{Compare, Reason};
pub(crate) use host::{Asking, Host};
pub(crate) use rows::Rows;
pub(crate) use show::Display;

/// Links that are asked for at the same time.
const CONCURRENCY: usize = 32;

/// How many links in a row may be without an answer before it is no use to go on.
const GIVE_UP: u64 = 64;

/// A link of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The line on which it stands.
    pub(crate) line: u64,
    /// Its code.
    pub(crate) code: ShortCode,
    /// The domain that the file gives it.
    pub(crate) domain: Domain,
    /// Where the file says that it leads.
    pub(crate) target: TargetUrl,
}

/// What came of asking for one link.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// The line of the file.
    pub(crate) line: u64,
    /// The code.
    pub(crate) code: ShortCode,
    /// The domain.
    pub(crate) domain: Domain,
    /// Where the file says that it leads.
    pub(crate) target: TargetUrl,
    /// What the old host answered.
    pub(crate) old: Option<Heard>,
    /// What the new host answered.
    pub(crate) new: Option<Heard>,
    /// In what they differ; empty if they do not.
    pub(crate) reasons: Vec<Reason>,
    /// Why it is not known.
    pub(crate) unanswered: Option<String>,
}

/// An answer, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
}

impl From<Answered> for Heard {
    fn from(answered: Answered) -> Self {
        Self { status: answered.status, location: answered.location }
    }
}

impl Finding {
    /// Whether both answered the same.
    pub(crate) fn is_alike(&self) -> bool {
        self.unanswered.is_none() && self.reasons.is_empty()
    }
}

/// How many links were found how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Totals {
    /// Both hosts answer what the file says.
    pub(crate) alike: u64,
    /// They do not.
    pub(crate) differing: u64,
    /// A host did not answer.
    pub(crate) unanswered: u64,
    /// Records that name no code, or that cannot be read.
    pub(crate) without_code: u64,
}

/// The hosts to compare.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// The old one.
    pub(crate) old: Host,
    /// The new one.
    pub(crate) new: NewHost,
    /// What counts as alike.
    pub(crate) compare: Compare,
}

/// Where links are reached now.
#[derive(Debug)]
pub(crate) enum NewHost {
    /// All at one place.
    One(Host),
    /// Each where its domain is.
    ByDomain(HashMap<Domain, Host>),
}

impl NewHost {
    fn of(&self, domain: &Domain) -> Option<&Host> {
        match self {
            Self::One(host) => Some(host),
            Self::ByDomain(hosts) => hosts.get(domain),
        }
    }
}

/// Asks both hosts for every row and hands each finding on, in the order of the rows. Ends early if nobody answers any more.
///
/// # Errors
/// What `found` fails with.
pub(crate) async fn verify(
    hosts: &Hosts,
    rows: impl Iterator<Item = Row>,
    mut found: impl FnMut(Finding) -> anyhow::Result<()>,
) -> anyhow::Result<Totals> {
    let mut totals = Totals::default();
    let mut silence = 0;
    let mut findings = stream::iter(rows).map(|row| hosts.look(row)).buffered(CONCURRENCY);
    while let Some(finding) = findings.next().await {
        let counted = match (&finding.unanswered, finding.is_alike()) {
            (Some(_), _) => &mut totals.unanswered,
            (None, true) => &mut totals.alike,
            (None, false) => &mut totals.differing,
        };
        *counted += 1;
        silence = if finding.unanswered.is_some() { silence + 1 } else { 0 };
        found(finding)?;
        if silence >= GIVE_UP {
            break;
        }
    }
    Ok(totals)
}

impl Hosts {
    async fn look(&self, row: Row) -> Finding {
        let mut finding = Finding {
            line: row.line,
            code: row.code,
            domain: row.domain,
            target: row.target,
            old: None,
            new: None,
            reasons: Vec::new(),
            unanswered: None,
        };
        let Some(new) = self.new.of(&finding.domain) else {
            finding.unanswered = Some(format!("domain '{}' is not set up", finding.domain));
            return finding;
        };
        let (old, new) = tokio::join!(self.old.ask(&finding.code), new.ask(&finding.code));
        match (old, new) {
            (Ok(old), Ok(new)) => {
                finding.reasons = self.compare.reasons(&finding.target, &old, &new);
                (finding.old, finding.new) = (Some(old.into()), Some(new.into()));
            }
            (old, new) => {
                let why = [old.as_ref().err().map(|why| ("old", why)), new.as_ref().err().map(|why| ("new", why))];
                let why = why.into_iter().flatten().map(|(host, why)| format!("{host} host: {why}"));
                finding.unanswered = Some(why.collect::<Vec<_>>().join("; "));
                (finding.old, finding.new) = (old.ok().map(Heard::from), new.ok().map(Heard::from));
            }
        }
        finding
    }
}

/// Where codes stand under a base URL.
///
/// # Errors
/// What is wrong with the URL.
pub(crate) fn base(text: &str) -> Result<Url, String> {
    let shown = text.escape_debug();
    let url = Url::parse(text).map_err(|_| format!("'{shown}' is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("'{shown}' is no URL under which short codes stand"));
    }
    Ok(url)
}
