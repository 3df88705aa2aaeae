//! Statistics, as a caller may see them.

use futures_util::future::{try_join_all, try_join3};

use super::{Caller, Service, ServiceError};
use crate::link::Domain;
use crate::operations::LinkRef;
use crate::stats::ledger::Subject;
use crate::stats::{Dimension, EdgeResults, Progress, Sources, Tally};
use crate::wire::{LinkClicks, Role, Stats, StatsQuery, Top, TopLink, TopQuery};

mod clicks;
mod coverage;
mod long_term;
mod range;
mod ranking;
mod reading;
mod shape;

#[cfg(feature = "logs")]
pub(crate) use coverage::HourFigures;
use range::Range;
use reading::Reading;

impl Service {
    /// Statistics of one link.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Invalid`] for the query.
    pub(super) async fn link_stats(
        &self,
        caller: &Caller,
        link: &LinkRef,
        query: &StatsQuery,
    ) -> Result<Stats, ServiceError> {
        caller.require_place(Role::Reader, &link.domain, &link.code)?;
        let now = self.now();
        let range = Range::parse(query, now)?;
        let record = self.require_link(&link.domain, &link.code).await?;
        caller.require_for(Role::Reader, &link.domain, &link.code, &record.body.tags)?;
        let sources = Sources::new(self.table().clone());
        let (reading, coverage, progress) = try_join3(
            self.read_subject(&record.subject(), &range, Some(record.own_since())),
            self.coverage(&range, now),
            async { Ok(sources.progress(now).await?) },
        )
        .await?;
        let all_time = record.with_imported(reading.all_time);
        let stats = shown(&range, &reading, progress, all_time);
        Ok(Stats { code: Some(record.code), domain: Some(record.domain), coverage, orphans: None, ..stats })
    }

    /// Statistics of all links of a domain, or of every domain together.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] if the caller's scope is narrower than a domain, [`ServiceError::Invalid`] for the query.
    pub(super) async fn site_stats(&self, caller: &Caller, query: &StatsQuery) -> Result<Stats, ServiceError> {
        let now = self.now();
        let domains = self.whole_domains(caller, query.domain.as_deref()).await?;
        let range = Range::parse(query, now)?;
        let subjects: Vec<Subject> = domains.into_iter().map(Subject::Site).collect();
        let reads: Vec<_> = subjects.iter().map(|subject| self.read_subject(subject, &range, None)).collect();
        let sources = Sources::new(self.table().clone());
        let (readings, coverage, progress) =
            try_join3(try_join_all(reads), self.coverage(&range, now), async { Ok(sources.progress(now).await?) })
                .await?;
        let mut reading = Reading::default();
        for of_domain in &readings {
            reading.merge(of_domain);
        }
        let all_time = LinkClicks { human: reading.all_time.human, total: reading.all_time.total() };
        let stats = shown(&range, &reading, progress, all_time);
        let domain = query.domain.as_ref().and_then(|_| subjects.first()).map(|subject| subject.domain().clone());
        Ok(Stats { domain, coverage, ..stats })
    }

    /// The most clicked links of a domain, or of every domain.
    ///
    /// # Errors
    /// As [`Self::site_stats`].
    pub(super) async fn top(&self, caller: &Caller, query: &TopQuery) -> Result<Top, ServiceError> {
        let domains = self.whole_domains(caller, query.domain.as_deref()).await?;
        let period = range::period_of(query.period.as_deref())?;
        let limit = range::limit_of(query.limit)?;
        let sources = Sources::new(self.table().clone());
        let (ranked, progress, directory) = try_join3(
            self.ranking(&domains, period, limit),
            async { Ok(sources.progress(self.now()).await?) },
            self.directory(),
        )
        .await?;
        let link = |ranked: ranking::Ranked| TopLink {
            short_url: directory.base_url(&ranked.record.domain).short_url(&ranked.record.code),
            code: ranked.record.code,
            domain: ranked.record.domain,
            target: ranked.record.body.target,
            clicks: ranked.clicks,
        };
        let period = query.period.clone().unwrap_or_else(|| "all".to_owned());
        Ok(Top { period, as_of: progress.rolled_up_as_of, links: ranked.into_iter().map(link).collect() })
    }

    /// The domains that are meant, all of whose links the caller may see.
    async fn whole_domains(&self, caller: &Caller, named: Option<&str>) -> Result<Vec<Domain>, ServiceError> {
        caller.require_whole_domains(Role::Reader)?;
        let directory = self.directory().await?;
        if named.is_some() {
            let domain = directory.find(named)?.domain.clone();
            caller.require_domain(&domain)?;
            return Ok(vec![domain]);
        }
        let domains = directory.entries.iter().map(|entry| entry.domain.clone());
        Ok(domains.filter(|domain| caller.require_domain(domain).is_ok()).collect())
    }
}

/// What was read, as a site's.
fn shown(range: &Range, reading: &Reading, progress: Progress, all_time: LinkClicks) -> Stats {
    let clicks = reading.clicks(range.from, range.to);
    let previous = reading.clicks(range.previous_from(), range.from);
    let list = |dimension| shape::list(reading, dimension, range, clicks);
    let sum = |of: fn(&Tally) -> u64| reading.daily.values().map(of).fold(0, u64::saturating_add);
    let edge = edge_of(reading);
    Stats {
        code: None,
        domain: None,
        from: range.from.start(),
        to: range.to.start(),
        tz: range.zone_name.clone(),
        as_of: progress.as_of,
        complete_until: progress.complete_until,
        coverage: None,
        clicks: clicks.into(),
        previous: reading.is_known_before.then(|| previous.into()),
        all_time,
        visitors: shape::visitors(reading, clicks).filter(|_| progress.as_of.is_some()),
        edge: (progress.has_edge || edge != EdgeResults::default()).then(|| edge.into()),
        gone: sum(|tally| tally.gone),
        orphans: Some(sum(|tally| tally.orphans)),
        by: range.by,
        series: shape::series(reading, range),
        countries: list(Dimension::Country),
        referrers: list(Dimension::Referrer),
        devices: list(Dimension::Device),
        browsers: list(Dimension::Browser),
        os: list(Dimension::Os),
        utm_sources: list(Dimension::UtmSource),
        utm_mediums: list(Dimension::UtmMedium),
        utm_campaigns: list(Dimension::UtmCampaign),
    }
}

fn edge_of(reading: &Reading) -> EdgeResults {
    let mut edge = EdgeResults::default();
    for tally in reading.daily.values() {
        edge.add(&tally.edge);
    }
    edge
}
