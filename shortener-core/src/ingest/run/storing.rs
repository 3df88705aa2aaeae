//! Stores what was counted of an hour.

use std::collections::BTreeMap;

use super::super::accumulate::{Counted, LinkCount};
use super::attempt::is_of_one_item;
use super::hour::HourCounting;
use super::{Ingest, IngestError};
use crate::link::{Domain, ShortCode};
use crate::service::LinkRecord;
use crate::stats::{Hour, HourCount, Recorded, Source, Subject, Tally};
use crate::table::{Item, keys};

/// Links that are looked up at once.
const LOOKED_UP: usize = 500;

/// Tallies that are stored at once, at most.
const STORED: usize = 256;

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
        for links in counted.links.chunks(LOOKED_UP) {
            let known = self.known(counting.hour, links).await?;
            for ((domain, _, count), known) in links.iter().zip(known) {
                let site = counting.sites.entry(domain.clone()).or_default();
                let Some(code) = known else {
                    site.orphans += count.orphans();
                    counting.orphans += count.orphans();
                    continue;
                };
                let mut tally = counted.tally(count);
                site.merge(&tally);
                tally.bound();
                waiting.push((Subject::Link(domain.clone(), code), tally));
            }
            if waiting.len() >= STORED && self.store(counting, std::mem::take(&mut waiting)).await? == Ended::OutOfTime
            {
                return Ok(Ended::OutOfTime);
            }
        }
        self.store(counting, waiting).await
    }

    /// Stores the sites, when all their links are counted.
    pub(super) async fn store_sites(&self, counting: &mut HourCounting) -> Result<Ended, IngestError> {
        let sites: BTreeMap<Domain, Tally> = std::mem::take(&mut counting.sites);
        let bounded = |(domain, mut tally): (Domain, Tally)| {
            tally.bound();
            (Subject::Site(domain), tally)
        };
        let sites = sites.into_iter().map(bounded).filter(|(_, tally)| !tally.is_empty()).collect();
        self.store(counting, sites).await
    }

    /// The codes of those that are links of this hour.
    async fn known(
        &self,
        hour: Hour,
        links: &[(Domain, Box<[u8]>, LinkCount)],
    ) -> Result<Vec<Option<ShortCode>>, IngestError> {
        let codes = links.iter().map(|(domain, code, count)| {
            let code = std::str::from_utf8(code).ok().and_then(|code| ShortCode::parse(code).ok());
            code.filter(|_| count.may_be_link()).map(|code| (keys::link(domain, &code), code))
        });
        let codes: Vec<_> = codes.collect();
        let keys: Vec<_> = codes.iter().flatten().map(|(key, _)| key.clone()).collect();
        let mut items = self.patiently(|| self.table.get_many(&keys)).await?.into_iter();
        let mut is_known = || items.next().flatten().is_some_and(|item| is_of(&item, hour));
        Ok(codes.into_iter().map(|code| code.filter(|_| is_known()).map(|(_, code)| code)).collect())
    }

    /// Stores tallies, fewer at a time while that fails.
    async fn store(&self, counting: &mut HourCounting, tallies: Vec<(Subject, Tally)>) -> Result<Ended, IngestError> {
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
        let HourCounting { hour, generation, people, .. } = *counting;
        let count = HourCount { hour, generation, people, tallies };
        Ok(self.ledger.record_all(&Source::edge(), &[count]).await?)
    }
}

/// Whether a click of this hour can be the link's own, and none of an earlier link with its code. Before it begins the edge
/// answers for it like for a code that no link has, which is a redirect, too, where the domain has a target for these.
fn is_of(item: &Item, hour: Hour) -> bool {
    // Of a damaged item it is not known: a click too many is better than one lost.
    LinkRecord::decode(item).map_or(true, |record| {
        hour >= Hour::of(record.here_since()) && record.body.starts_at.is_none_or(|at| hour >= Hour::of(at))
    })
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Link(domain, code) if domain.is_default() => format!("link {code}"),
        Subject::Link(domain, code) => format!("link {code} of {domain}"),
        Subject::Site(domain) => format!("domain {domain}"),
    }
}
