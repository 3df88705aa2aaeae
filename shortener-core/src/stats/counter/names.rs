//! The names under which clicks are broken down, each held once and known by a number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use foldhash::fast::RandomState;

use super::lock;
use crate::stats::agent::Agent;
use crate::stats::{Breakdown, Dimension, Split, Tally};

/// Most names that are held: whoever makes up more finds them in one sum. At most 35 MB.
const MOST: usize = 100_000;

/// The number that stands for all names that are not held.
const OTHER: u32 = (1 << KIND_SHIFT) - 1;

const KIND_SHIFT: u32 = 29;

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameKind {
    /// What an agent is: a device, a browser and a system.
    Agent,
    Referrer,
    Source,
    Medium,
    Campaign,
}

/// A name of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name(u32);

impl Name {
    fn new(kind: NameKind, number: u32) -> Self {
        Self((kind as u32) << KIND_SHIFT | number)
    }

    /// The name, of the same kind, of all that are not told apart.
    pub(super) fn other(self) -> Self {
        Self(self.0 | OTHER)
    }
}

/// The names that are held.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    numbers: HashMap<Arc<str>, u32, RandomState>,
    texts: Vec<Arc<str>>,
    /// There are only so many ways in which agents differ.
    agents: Vec<Agent>,
    agent_numbers: HashMap<[&'static str; 3], u32, RandomState>,
}

impl Names {
    /// The name of a text.
    pub(super) fn of(&self, kind: NameKind, text: &str) -> Name {
        let mut held = lock(&self.0);
        if let Some(number) = held.numbers.get(text) {
            return Name::new(kind, *number);
        }
        if held.texts.len() >= MOST {
            return Name::new(kind, OTHER);
        }
        let (number, text) = (u32::try_from(held.texts.len()).unwrap_or(OTHER), Arc::<str>::from(text));
        held.texts.push(Arc::clone(&text));
        held.numbers.insert(text, number);
        Name::new(kind, number)
    }

    /// The name of what an agent is.
    pub(super) fn of_agent(&self, agent: Agent) -> Name {
        let mut held = lock(&self.0);
        let Held { agents, agent_numbers, .. } = &mut *held;
        let number = agent_numbers.entry([agent.device, agent.browser, agent.os]).or_insert_with(|| {
            agents.push(agent);
            u32::try_from(agents.len() - 1).unwrap_or(OTHER)
        });
        Name::new(NameKind::Agent, *number)
    }

    /// Whether more than half of the room is taken.
    pub(super) fn are_many(&self) -> bool {
        lock(&self.0).texts.len() > MOST / 2
    }

    /// Adds clicks under names to a tally.
    pub(super) fn spell(&self, tally: &mut Tally, names: impl Iterator<Item = (Name, Split)>) {
        let held = lock(&self.0);
        for (name, clicks) in names {
            held.spell(tally, name, clicks);
        }
    }
}

impl Held {
    fn spell(&self, tally: &mut Tally, name: Name, clicks: Split) {
        let number = name.0 & OTHER;
        let dimension = match name.0 >> KIND_SHIFT {
            kind if kind == NameKind::Agent as u32 => {
                let agent = self.agents.get(number as usize);
                add(tally, Dimension::Device, agent.map(|agent| agent.device), clicks);
                add(tally, Dimension::Browser, agent.map(|agent| agent.browser), clicks);
                return add(tally, Dimension::Os, agent.map(|agent| agent.os), clicks);
            }
            kind if kind == NameKind::Referrer as u32 => Dimension::Referrer,
            kind if kind == NameKind::Source as u32 => Dimension::UtmSource,
            kind if kind == NameKind::Medium as u32 => Dimension::UtmMedium,
            _ => Dimension::UtmCampaign,
        };
        add(tally, dimension, self.texts.get(number as usize).map(|text| &**text), clicks);
    }
}

fn add(tally: &mut Tally, dimension: Dimension, name: Option<&str>, clicks: Split) {
    let breakdown: &mut Breakdown = tally.breakdown_mut(dimension);
    match name {
        Some(name) => breakdown.add(name, clicks),
        None => breakdown.other.add(clicks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_held_are_one_sum_of_their_dimension() {
        let names = Names::default();
        let kept = names.of(NameKind::Referrer, "a.example");
        lock(&names.0).texts.resize(MOST, Arc::from("x"));
        let lost = names.of(NameKind::Referrer, "b.example");
        assert_eq!((names.of(NameKind::Referrer, "a.example"), lost), (kept, kept.other()));
        let campaign = names.of(NameKind::Campaign, "spring");
        let agent = names.of_agent(Agent::of("")).other();
        let mut tally = Tally::default();
        let clicks = [(kept, Split(1, 0)), (lost, Split(2, 0)), (campaign, Split(0, 3)), (agent, Split(4, 0))];
        names.spell(&mut tally, clicks.into_iter());
        assert_eq!(tally.breakdowns[&Dimension::Referrer].names["a.example"], Split(1, 0));
        let other = |dimension| tally.breakdowns[&dimension].other;
        assert_eq!((other(Dimension::Referrer), other(Dimension::UtmCampaign)), (Split(2, 0), Split(0, 3)));
        assert_eq!((other(Dimension::Device), other(Dimension::Os)), (Split(4, 0), Split(4, 0)));
    }
}
