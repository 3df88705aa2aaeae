//! Counts a request for one link.

use super::agent::UserAgent;
use super::link::LinkCount;
use crate::ingest::LogLine;
use crate::ingest::fields;
use crate::stats::memo::Memo;
use crate::stats::names::{Name, Names};
use crate::stats::salt::Salt;
use crate::stats::{Class, Dimension};

/// Most names held of one hour. Real hours have thousands; whoever forges more finds his in one sum.
const MOST_NAMES: usize = 400_000;
/// User agents that are remembered with what they came to, in 1.8 MB and their texts: more than most hours have. With the
/// longest of texts it is 37 MB.
const AGENTS: usize = 32_768;
/// Referrers that are remembered with the names of their hosts, in 0.6 MB and their texts. With the longest it is 9 MB.
const REFERRERS: usize = 16_384;

/// What is known of the values of clicks.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) names: Names,
    agents: Memo<UserAgent>,
    referrers: Memo<Name>,
}

impl Values {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { names: Names::at_most(MOST_NAMES), agents: Memo::of(AGENTS), referrers: Memo::of(REFERRERS) }
    }

    /// Counts a request for a link. Visitors are told apart by a salt.
    pub(super) fn count(&mut self, count: &mut LinkCount, line: &LogLine<'_>, salt: Option<&Salt>) {
        count.edge(line);
        match line.status {
            301 | 302 | 303 | 307 | 308 => self.click(count, line, salt),
            404 => count.not_found(),
            410 => count.gone(),
            _ => {}
        }
    }

    fn click(&mut self, count: &mut LinkCount, line: &LogLine<'_>, salt: Option<&Salt>) {
        let names = &mut self.names;
        let (_, agent) = self.agents.get_or(line.user_agent, || UserAgent::read(line.user_agent, names));
        let class = if line.method == b"HEAD" { Class::Head } else { agent.class };
        count.click(class);
        if class == Class::Head {
            return;
        }
        let is_human = class == Class::Human;
        let country = names.of(Dimension::Country, &fields::country(line.country));
        let referrer = || names.of(Dimension::Referrer, &fields::referrer_host(line.referrer));
        let (_, referrer) = self.referrers.get_or(line.referrer, referrer);
        count.names([agent.name, country, referrer], is_human);
        let utm = fields::utm(line.query);
        let campaign = [
            (Dimension::UtmSource, utm.source),
            (Dimension::UtmMedium, utm.medium),
            (Dimension::UtmCampaign, utm.campaign),
        ];
        let campaign = campaign.into_iter().filter_map(|(dimension, name)| Some(names.of(dimension, &name?)));
        count.names(campaign, is_human);
        if is_human
            && let Some(salt) = salt
            && let Some(address) = fields::address(line.address)
        {
            count.person(salt.visitor(address, agent.text.as_bytes()));
        }
    }
}
