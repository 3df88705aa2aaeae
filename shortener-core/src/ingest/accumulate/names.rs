//! Names of breakdowns, each held once.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::NAMED;
use crate::ingest::fields;
use crate::stats::{Breakdown, Dimension, Split, Tally};

/// Most names held of one hour. Real hours have thousands; whoever forges more finds his in `other`.
const MOST: usize = 400_000;

/// A name within its dimension, or what an agent is: 3 bits of kind, the rest counts up.
pub(super) type NameId = u32;

const KIND_SHIFT: u32 = 29;
/// The kind of what an agent is, after those of [`NAMED`].
const AGENT: u32 = 7;
/// The name of all that are not held.
const OTHER: u32 = (1 << KIND_SHIFT) - 1;

/// Names of breakdowns, each held once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: HashMap<Arc<str>, u32, RandomState>,
    texts: Vec<Arc<str>>,
    bytes: usize,
    agents: super::agents::Kinds,
}

impl Names {
    /// The id of what an agent is.
    pub(super) fn agent(agent: u32) -> NameId {
        AGENT << KIND_SHIFT | agent
    }

    /// The id of a name.
    pub(super) fn intern(&mut self, dimension: Dimension, name: &str) -> NameId {
        let kind = NAMED.iter().position(|other| *other == dimension).unwrap_or_default();
        let id = self.id(name);
        u32::try_from(kind).unwrap_or_default() << KIND_SHIFT | id
    }

    /// The id of a country as the log has it.
    pub(super) fn country(&mut self, country: &[u8]) -> NameId {
        self.intern(Dimension::Country, &fields::country(country))
    }

    /// The id of the host of a referrer as the log has it.
    pub(super) fn referrer(&mut self, referrer: &[u8]) -> NameId {
        self.intern(Dimension::Referrer, &fields::referrer_host(referrer))
    }

    /// Takes over what agents are.
    pub(super) fn know_agents(&mut self, agents: super::agents::Kinds) {
        self.agents = agents;
    }

    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        if self.texts.len() >= MOST {
            return OTHER;
        }
        let (id, text) = (u32::try_from(self.texts.len()).unwrap_or(OTHER), Arc::<str>::from(name));
        self.bytes += 80 + name.len();
        self.texts.push(Arc::clone(&text));
        self.ids.insert(text, id);
        id
    }

    /// Adds clicks under a name to a tally.
    pub(super) fn add(&self, tally: &mut Tally, name: NameId, clicks: Split) {
        let (kind, id) = (name >> KIND_SHIFT, name & OTHER);
        if kind == AGENT {
            let Some(agent) = self.agents.get(id) else { return };
            tally.breakdown_mut(Dimension::Device).add(agent.device, clicks);
            tally.breakdown_mut(Dimension::Browser).add(agent.browser, clicks);
            tally.breakdown_mut(Dimension::Os).add(agent.os, clicks);
            return;
        }
        let Some(dimension) = NAMED.get(kind as usize) else { return };
        let breakdown: &mut Breakdown = tally.breakdown_mut(*dimension);
        match self.texts.get(id as usize) {
            Some(text) => breakdown.add(text, clicks),
            None => breakdown.other.add(clicks),
        }
    }

    /// About how many bytes it takes in memory.
    pub(super) fn size_bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Class;

    #[test]
    fn a_name_is_found_again_in_its_own_dimension() {
        let mut names = Names::default();
        let ids = [
            names.country(b"de"),
            names.country(b"DE"),
            names.intern(Dimension::UtmSource, "DE"),
            names.country(b"-"),
            names.referrer(b"https://news.example/a%20b"),
            names.referrer(b""),
        ];
        assert_eq!(ids[0], ids[1]);
        let mut tally = Tally::default();
        for id in ids {
            names.add(&mut tally, id, Split::of(Class::Human, 1));
        }
        let of = |dimension: Dimension| {
            tally.breakdowns[&dimension].names.iter().map(|(name, split)| (name.as_str(), split.0)).collect::<Vec<_>>()
        };
        assert_eq!(of(Dimension::Country), [("(unknown)", 1), ("DE", 2)]);
        assert_eq!(of(Dimension::UtmSource), [("DE", 1)]);
        assert_eq!(of(Dimension::Referrer), [("(direct)", 1), ("news.example", 1)]);
    }

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut names = Names { texts: vec![Arc::from("x"); MOST], ..Names::default() };
        let id = names.intern(Dimension::UtmCampaign, "one too many");
        let mut tally = Tally::default();
        names.add(&mut tally, id, Split::of(Class::Bot, 3));
        assert_eq!(tally.breakdowns[&Dimension::UtmCampaign].other, Split(0, 3));
    }
}
