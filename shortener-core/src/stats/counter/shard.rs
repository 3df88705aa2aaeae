//! What one thread counts, and what it knows of the clients it has seen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::link::LinkCount;
use super::{Hit, Outcome, SharedNames, lock, sent};
use crate::redirect::Visitor;
use crate::stats::agent::Agent;
use crate::stats::memo::Memo;
use crate::stats::names::Name;
use crate::stats::{Class, Dimension, Hour, Salt, Subject};

/// User agents, referrers and queries that are remembered.
const REMEMBERED: usize = 1_024;

/// What was counted of each link.
pub(super) type Links = HashMap<Subject, LinkCount, RandomState>;

/// What one thread counts.
#[derive(Debug)]
pub(super) struct Shard {
    names: SharedNames,
    agents: Memo<(Class, Name)>,
    referrers: Memo<Name>,
    queries: Memo<[Option<Name>; 3]>,
    people: People,
    /// Mostly one hour; more where the clock jumps.
    hours: Vec<(Hour, Links)>,
    spare: Option<Links>,
}

/// What is counted of a click.
struct Counted {
    class: Class,
    names: [Option<Name>; 5],
    person: Option<u64>,
}

impl Shard {
    pub(super) fn new(names: SharedNames) -> Self {
        Self {
            names,
            agents: Memo::of(REMEMBERED),
            referrers: Memo::of(REMEMBERED),
            queries: Memo::of(REMEMBERED),
            people: People::default(),
            hours: Vec::new(),
            spare: None,
        }
    }

    /// Counts a request.
    pub(super) fn count(&mut self, hour: Hour, subject: Subject, hit: &Hit<'_>) {
        let counted = (hit.outcome == Outcome::Click).then(|| self.read(hour, hit));
        let links = self.links(hour);
        // Looked up by reference first: most links are there, and then nothing is moved.
        let link = match links.get_mut(&subject) {
            Some(link) => link,
            None => links.entry(subject).or_default(),
        };
        match (hit.outcome, counted) {
            (Outcome::Click, Some(counted)) => counted.add_to(link),
            (Outcome::Gone, _) => link.gone(),
            _ => link.orphan(),
        }
    }

    fn links(&mut self, hour: Hour) -> &mut Links {
        let place = self.hours.iter().position(|(other, _)| *other == hour).unwrap_or_else(|| {
            self.hours.push((hour, self.spare.take().unwrap_or_default()));
            self.hours.len() - 1
        });
        &mut self.hours[place].1
    }

    fn read(&mut self, hour: Hour, hit: &Hit<'_>) -> Counted {
        let Visitor::Agent(user_agent) = hit.visitor else {
            return Counted { class: Class::Head, names: [None; 5], person: None };
        };
        let (names, agent) = (&self.names, user_agent.as_bytes());
        let (hash, (class, agent_name)) = self.agents.get_or(agent, || {
            let agent = Agent::of(user_agent);
            (agent.kind.class(), lock(names).of_agent(&agent))
        });
        let (_, referrer) = self.referrers.get_or(hit.referrer, || {
            let host = sent::referrer_host(hit.referrer);
            lock(names).of(Dimension::Referrer, &host)
        });
        let [source, medium, campaign] = if sent::may_have_tags(hit.query) {
            self.queries.get_or(hit.query.as_bytes(), || tags(names, hit.query)).1
        } else {
            [None; 3]
        };
        let address = hit.address.filter(|_| class == Class::Human);
        let person = address.and_then(|address| self.people.hash(hour, address, hash, agent));
        Counted { class, names: [Some(agent_name), Some(referrer), source, medium, campaign], person }
    }

    /// What was counted since the last time.
    pub(super) fn take(&mut self, spare: Option<Links>, names: Option<&SharedNames>) -> Vec<(Hour, Links)> {
        self.spare = spare.or(self.spare.take());
        if let Some(names) = names {
            self.names = Arc::clone(names);
            self.agents.clear();
            self.referrers.clear();
            self.queries.clear();
        }
        std::mem::take(&mut self.hours)
    }

    pub(super) fn set_salts(&mut self, salts: Vec<(Hour, Salt)>) {
        self.people = People { salts, ..People::default() };
    }

    pub(super) fn names(&self) -> SharedNames {
        Arc::clone(&self.names)
    }
}

impl Counted {
    fn add_to(&self, link: &mut LinkCount) {
        link.click(self.class);
        let clicks = if self.class == Class::Human { (1, 0) } else { (0, 1) };
        self.names.iter().flatten().for_each(|name| link.name(*name, clicks));
        if let Some(hash) = self.person {
            link.person(hash);
        }
    }
}

fn tags(names: &SharedNames, query: &str) -> [Option<Name>; 3] {
    let [source, medium, campaign] = sent::campaign_tags(query);
    let mut names = lock(names);
    let mut name = |dimension, tag: Option<String>| tag.map(|tag| names.of(dimension, &tag));
    [name(Dimension::UtmSource, source), name(Dimension::UtmMedium, medium), name(Dimension::UtmCampaign, campaign)]
}

/// The keyed hashes of visitors, some of which are remembered with the address they are of.
#[derive(Debug)]
struct People {
    /// With the first hours of their days.
    salts: Vec<(Hour, Salt)>,
    known: Box<[Option<Person>]>,
}

#[derive(Debug, Clone, Copy)]
struct Person {
    day: Hour,
    address: IpAddr,
    agent: u64,
    hash: u64,
}

impl Default for People {
    fn default() -> Self {
        Self { salts: Vec::new(), known: vec![None; REMEMBERED].into() }
    }
}

impl People {
    /// The hash of a visitor; none on a day whose salt is not known. `agent` is a hash of the user agent.
    fn hash(&mut self, hour: Hour, address: IpAddr, agent: u64, user_agent: &[u8]) -> Option<u64> {
        let (day, salt) = self.salts.iter().find(|(day, _)| (*day..day.plus(24)).contains(&hour))?;
        let low = match address {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            #[expect(clippy::cast_possible_truncation, reason = "it only chooses a place")]
            IpAddr::V6(address) => (address.to_bits() ^ (address.to_bits() >> 64)) as u64,
        };
        let place = ((low ^ agent).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize % REMEMBERED;
        if let Some(known) = &self.known[place]
            && (known.day, known.address, known.agent) == (*day, address, agent)
        {
            return Some(known.hash);
        }
        let hash = salt.visitor(address, user_agent);
        self.known[place] = Some(Person { day: *day, address, agent, hash });
        Some(hash)
    }
}
