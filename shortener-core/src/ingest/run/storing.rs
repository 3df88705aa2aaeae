//! Stores what was counted of an hour.

use std::collections::BTreeMap;

use super::super::accumulate::{CodeCount, Counted, DomainCount, LinkCount};
use super::attempt::is_of_one_item;
use super::hour::HourCounting;
use super::{Ingest, IngestError};
use crate::link::{Domain, ShortCode};
use crate::service::{Directory, LinkRecord};
use crate::stats::names::Names;
use crate::stats::{Hour, HourCount, Recorded, Source, Subject, Tally};
use crate::table::{Item, keys};

/// Links that are looked up at once.
const LOOKED_UP: usize = 500;

/// Tallies that are stored at once, at most.
pub(super) const STORED: usize = 256;

/// Whether there was time for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Yes.
    Done,
    /// The time is over.
    OutOfTime,
}

impl Ingest {
    /// Stores what was counted of the links of a part, and adds it to their sites'.
    pub(super) async fn store_links(
        &self,
        counting: &mut HourCounting,
        counted: Counted,
    ) -> Result<Ended, IngestError> {
        let mut waiting = Vec::new();
        for DomainCount { domain, links, orphans } in &counted.domains {
            counting.orphans += orphans;
            counting.sites.entry(domain.clone()).or_default().orphans += orphans;
            for links in links.chunks(LOOKED_UP) {
                let tallies = self.tallies(counting, domain, links, &counted.names).await?;
                waiting.extend(tallies);
                if waiting.len() >= STORED
                    && self.store(counting, std::mem::take(&mut waiting)).await? == Ended::OutOfTime
                {
                    return Ok(Ended::OutOfTime);
                }
            }
        }
        counting.sites.values_mut().for_each(bound_site);
        self.store(counting, waiting).await
    }

    /// What is to be stored of some links of a domain; what was counted of all of them is the domain's, too.
    async fn tallies(
        &self,
        counting: &mut HourCounting,
        domain: &Domain,
        links: &[CodeCount],
        names: &Names,
    ) -> Result<Vec<(Subject, Tally)>, IngestError> {
        let asked = self.asked(counting.hour, domain, links).await?;
        self.find_moved(counting, domain, asked.iter().flatten().map(|asked| &asked.code)).await?;
        let mut tallies = Vec::with_capacity(links.len());
        for ((_, count), asked) in links.iter().zip(asked) {
            let is_own = matches!(asked, Some(Asked { whose: Whose::Own, .. }));
            let mut tally = if is_own { count.tally(names) } else { orphans(count) };
            counting.sites.entry(domain.clone()).or_default().merge(&tally);
            // They are counted of the domain alone.
            counting.orphans += std::mem::take(&mut tally.orphans);
            tally.bound();
            // What was stored while the hour was the link's own gives way.
            let known = asked.filter(|asked| !matches!(asked.whose, Whose::Nobody));
            tallies.extend(known.map(|Asked { code, .. }| (Subject::Link(domain.clone(), code), tally)));
        }
        Ok(tallies)
    }

    /// Stores the sites, when all their links are counted.
    pub(super) async fn store_sites(
        &self,
        counting: &mut HourCounting,
        directory: &Directory,
    ) -> Result<Ended, IngestError> {
        let sites: BTreeMap<Domain, Tally> = std::mem::take(&mut counting.sites);
        let mut tallies = Vec::with_capacity(sites.len());
        for (domain, mut tally) in sites.into_iter().filter(|(_, tally)| !tally.is_empty()) {
            counting.domains.count(&domain, directory);
            tally.bound();
            tallies.push((Subject::Site(domain), tally));
        }
        self.store(counting, tallies).await
    }

    /// What is asked for of those that can be links.
    async fn asked(&self, hour: Hour, domain: &Domain, links: &[CodeCount]) -> Result<Vec<Option<Asked>>, IngestError> {
        let codes = links.iter().map(|(code, count)| {
            let code = std::str::from_utf8(code).ok().and_then(|code| ShortCode::parse(code).ok());
            code.filter(|_| count.may_be_link()).map(|code| (keys::link(domain, &code), code))
        });
        let codes: Vec<_> = codes.collect();
        let keys: Vec<_> = codes.iter().flatten().map(|(key, _)| key.clone()).collect();
        let mut items = self.patiently(|| self.table.get_many(&keys)).await?.into_iter();
        let mut whose = || items.next().flatten().map_or(Whose::Nobody, |item| whose(&item, hour));
        Ok(codes.into_iter().map(|code| code.map(|(_, code)| Asked { code, whose: whose() })).collect())
    }

    /// Stores tallies, fewer at a time while that fails.
    pub(super) async fn store(
        &self,
        counting: &mut HourCounting,
        tallies: Vec<(Subject, Tally)>,
    ) -> Result<Ended, IngestError> {
        counting.counts(&tallies);
        let (mut rest, mut most) = (&tallies[..], STORED);
        let mut backoff = crate::pace::Backoff::new(self.options.patience);
        while !rest.is_empty() {
            if self.is_over() {
                return Ok(Ended::OutOfTime);
            }
            let (now, later) = rest.split_at(most.min(rest.len()));
            match self.record(counting, now).await {
                Ok(recorded) => {
                    counting.recorded += recorded;
                    (rest, most) = (later, (most * 2).min(STORED));
                    backoff.reset();
                }
                Err(error) if is_of_one_item(&error) && now.len() == 1 => {
                    counting.problems.push(format!("hour {}: {}: {error}", counting.hour, subject_name(&now[0].0)));
                    rest = later;
                }
                Err(error) if is_of_one_item(&error) => most = now.len().div_ceil(2),
                Err(error) if error.is_retryable() => {
                    most = now.len().div_ceil(2);
                    backoff.pause().await.map_err(|_| error)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ended::Done)
    }

    async fn record(&self, counting: &HourCounting, tallies: &[(Subject, Tally)]) -> Result<Recorded, IngestError> {
        if !self.writes() {
            return Ok(Recorded::default());
        }
        let HourCounting { hour, generation, people, rolls_up, .. } = *counting;
        let counts = [HourCount { hour, generation, people, tallies }];
        let mut recorded = self.ledger.record_hours(&Source::edge(), &counts).await?;
        // Of the empty ones no later count has a line: they cannot wait.
        let due = tallies.iter().filter(|(_, tally)| rolls_up.is_some() || tally.is_empty());
        recorded += self.ledger.roll_up(&due.map(|(subject, _)| (subject.clone(), hour.date())).collect()).await?;
        Ok(recorded)
    }
}

/// A code that can be a link's.
struct Asked {
    code: ShortCode,
    whose: Whose,
}

/// Whose a click of an hour is.
enum Whose {
    /// The link's own, or of an earlier link that had its code: to the site both are clicks, and whoever reads a link's
    /// statistics leaves out what is not its own.
    Own,
    /// Of none: the link began later.
    Other,
    /// There is no such link.
    Nobody,
}

/// Whose a click of this hour is, by the link that has the code. Before a link begins the edge answers for it like for a
/// code that none has, which is a redirect, too, where the domain has a target for these.
fn whose(item: &Item, hour: Hour) -> Whose {
    let is_own = |record: LinkRecord| {
        let is_earlier_links = hour < Hour::of(record.here_since());
        let has_begun = || record.body.starts_at.is_none_or(|at| hour >= Hour::of(at));
        hour >= Hour::of(record.known_since()) && (is_earlier_links || has_begun())
    };
    // Of a damaged item it is not known: a click too many is better than one lost.
    if LinkRecord::decode(item).map_or(true, is_own) { Whose::Own } else { Whose::Other }
}

/// Requests for a code that no link had.
fn orphans(count: &LinkCount) -> Tally {
    Tally { orphans: count.orphans(), ..Tally::default() }
}

/// Most names of one dimension that are held of a domain from one part of an hour to the next.
const MOST_SITE_NAMES: usize = 50_000;

fn bound_site(tally: &mut Tally) {
    for breakdown in tally.breakdowns.values_mut() {
        breakdown.bound(MOST_SITE_NAMES);
    }
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Link(domain, code) if domain.is_default() => format!("link {code}"),
        Subject::Link(domain, code) => format!("link {code} of {domain}"),
        Subject::Site(domain) => format!("domain {domain}"),
    }
}
