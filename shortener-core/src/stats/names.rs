//! The names under which clicks are broken down, each held once and known by a number.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::agent::Agent;
use super::{Dimension, Split, Tally};
use crate::heap;

/// The bits from this one on say what a name is of; those below count up.
const KIND_SHIFT: u32 = 28;

/// The kind of what an agent is. The others are the places in [`Dimension::ALL`].
const AGENT: u32 = 8;

/// The number that stands for all names that are not held.
const OTHER: u32 = (1 << KIND_SHIFT) - 1;

/// What an agent is broken down by.
const OF_AGENTS: [Dimension; 3] = [Dimension::Device, Dimension::Browser, Dimension::Os];

/// Bytes of a name in a tally, beside its text: places in trees are not all taken.
const SPELLED_BYTES: usize = 64;

/// A name of one dimension, or what an agent is: a device, a browser and a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(u32);

impl Name {
    fn new(kind: u32, number: usize) -> Self {
        Self(kind << KIND_SHIFT | u32::try_from(number).unwrap_or(OTHER))
    }

    /// The name, of the same kind, of all that are not told apart.
    pub(crate) fn other(self) -> Self {
        Self(self.0 | OTHER)
    }
}

/// The names that are held.
#[derive(Debug)]
pub(crate) struct Names {
    most: usize,
    numbers: HashMap<Arc<str>, usize, RandomState>,
    texts: Vec<Arc<str>>,
    text_bytes: usize,
    /// By [`OF_AGENTS`]. There are only so many ways in which agents differ.
    agents: Vec<[&'static str; 3]>,
    agent_numbers: HashMap<[&'static str; 3], usize, RandomState>,
}

impl Names {
    /// Will hold at most so many: whoever makes up more finds them in one sum.
    pub(crate) fn at_most(most: usize) -> Self {
        Self {
            most: most.min(OTHER as usize),
            numbers: HashMap::default(),
            texts: Vec::new(),
            text_bytes: 0,
            agents: Vec::new(),
            agent_numbers: HashMap::default(),
        }
    }

    /// The name of a text.
    pub(crate) fn of(&mut self, dimension: Dimension, text: &str) -> Name {
        let kind = dimension as u32;
        if let Some(number) = self.numbers.get(text) {
            return Name::new(kind, *number);
        }
        let number = self.texts.len();
        if number >= self.most {
            return Name(kind << KIND_SHIFT).other();
        }
        let text = Arc::<str>::from(text);
        self.text_bytes += heap::block(text.len() + 2 * size_of::<usize>());
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Name::new(kind, number)
    }

    /// The name of what an agent is.
    pub(crate) fn of_agent(&mut self, agent: &Agent) -> Name {
        let Self { agents, agent_numbers, .. } = self;
        let agent = [agent.device, agent.browser, agent.os];
        let number = agent_numbers.entry(agent).or_insert_with(|| {
            agents.push(agent);
            agents.len() - 1
        });
        Name::new(AGENT, *number)
    }

    /// Whether more than half of the room is taken.
    pub(crate) fn are_many(&self) -> bool {
        self.texts.len() > self.most / 2
    }

    /// How many bytes they take in memory at most until so many lines are counted, and then when all are spelled twice: in the
    /// tally of a link, and in that of its domain.
    #[cfg_attr(not(feature = "logs"), expect(dead_code, reason = "only counts of logs look at it"))]
    pub(crate) fn size_bytes(&self, added: usize) -> usize {
        let numbers = heap::growing_table::<(Arc<str>, usize)>(self.numbers.len(), self.numbers.capacity(), added);
        // A list may grow by being copied to one of twice its size.
        let texts = 3 * size_of::<Arc<str>>() * self.texts.capacity();
        numbers + texts + 3 * self.text_bytes + 2 * SPELLED_BYTES * self.texts.len()
    }

    /// Adds clicks under a name to a tally.
    pub(crate) fn spell(&self, tally: &mut Tally, name: Name, clicks: Split) {
        let number = (name.0 & OTHER) as usize;
        if let Some(dimension) = Dimension::ALL.get((name.0 >> KIND_SHIFT) as usize) {
            return add(tally, *dimension, self.texts.get(number).map(|text| &**text), clicks);
        }
        let agent = self.agents.get(number);
        for (place, dimension) in OF_AGENTS.into_iter().enumerate() {
            add(tally, dimension, agent.map(|agent| agent[place]), clicks);
        }
    }
}

fn add(tally: &mut Tally, dimension: Dimension, name: Option<&str>, clicks: Split) {
    let breakdown = tally.breakdown_mut(dimension);
    match name {
        Some(name) => breakdown.add(name, clicks),
        None => breakdown.other.add(clicks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_again_in_its_own_dimension() {
        let mut names = Names::at_most(10);
        let mut tally = Tally::default();
        for dimension in Dimension::ALL {
            let name = names.of(dimension, "de");
            assert_eq!(names.of(dimension, "de"), name);
            names.spell(&mut tally, name, Split(1, 0));
        }
        let agent = Agent { device: "tv", browser: "Firefox", os: "Linux", ..Agent::of("") };
        let name = names.of_agent(&agent);
        assert_eq!(names.of_agent(&agent), name);
        assert_ne!(names.of_agent(&Agent { os: "Windows", ..agent }), name);
        names.spell(&mut tally, name, Split(0, 2));
        for dimension in Dimension::ALL {
            let breakdown = &tally.breakdowns[&dimension];
            assert_eq!(breakdown.names["de"], Split(1, 0), "{dimension:?}");
            assert_eq!(breakdown.names.len(), if OF_AGENTS.contains(&dimension) { 2 } else { 1 }, "{dimension:?}");
        }
        let of_agent = OF_AGENTS.map(|dimension| tally.breakdowns[&dimension].names.keys().min().cloned());
        assert_eq!(of_agent, ["de", "Firefox", "Linux"].map(|name| Some(name.to_owned())));
        assert_eq!(tally.breakdowns[&Dimension::Device].names["tv"], Split(0, 2));
        assert_eq!(names.texts.len(), 1, "each text is held once");
    }

    #[test]
    fn names_that_are_not_held_are_one_sum_of_their_dimension() {
        let mut names = Names::at_most(2);
        let kept = names.of(Dimension::Referrer, "a.example");
        assert!(!names.are_many());
        let campaign = names.of(Dimension::UtmCampaign, "spring");
        assert!(names.are_many());
        let lost = names.of(Dimension::Referrer, "b.example");
        assert_eq!((names.of(Dimension::Referrer, "a.example"), lost), (kept, kept.other()));
        let agent = names.of_agent(&Agent::of("")).other();
        let mut tally = Tally::default();
        let clicks = [(kept, Split(1, 0)), (lost, Split(2, 0)), (campaign.other(), Split(0, 3)), (agent, Split(4, 0))];
        for (name, clicks) in clicks {
            names.spell(&mut tally, name, clicks);
        }
        assert_eq!(tally.breakdowns[&Dimension::Referrer].names["a.example"], Split(1, 0));
        let other = |dimension| tally.breakdowns[&dimension].other;
        assert_eq!((other(Dimension::Referrer), other(Dimension::UtmCampaign)), (Split(2, 0), Split(0, 3)));
        assert_eq!((other(Dimension::Device), other(Dimension::Os)), (Split(4, 0), Split(4, 0)));
    }
}
