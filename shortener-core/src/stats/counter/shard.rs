//! What one thread counts, and what it knows of the clients it has seen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::link::{Counts as _, LinkCount, Request};
use super::{Hit, Outcome, SharedNames, lock, sent};
use crate::redirect::Visitor;
use crate::stats::agent::Agent;
use crate::stats::memo::Memo;
use crate::stats::names::Name;
use crate::stats::{Class, Dimension, Hour, Salt, Subject};

/// User agents, referrers and queries that are remembered.
const REMEMBERED: usize = 1_024;

/// Requests that are written down one by one. Who stores them takes them each second; if that is held up, further ones are
/// added up here, so that memory is bounded.
const WRITTEN_DOWN: usize = 1 << 18;

/// Requests, with what each is counted of.
pub(super) type Requests = Vec<(Subject, Request)>;

/// What one thread has counted in an hour.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) hour: Hour,
    /// In the order in which they came.
    pub(super) requests: Requests,
    /// Of those that came when there were too many.
    pub(super) sums: HashMap<Subject, LinkCount, RandomState>,
}

/// What one thread counts.
///
/// A request is only written down: to find the count of its link would cost a redirect several accesses to memory that is not
/// in a cache, if there are many links.
#[derive(Debug)]
pub(super) struct Shard {
    names: SharedNames,
    agents: Memo<(Class, Name)>,
    referrers: Memo<Name>,
    queries: Memo<[Option<Name>; 3]>,
    people: People,
    /// Mostly one hour; more where the clock jumps.
    hours: Vec<Counted>,
    spare: Option<Requests>,
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
        let request = match hit.outcome {
            Outcome::Click => self.read(hour, hit),
            Outcome::Gone => Request::Gone,
            Outcome::Orphan => Request::Orphan,
        };
        let counted = self.of_hour(hour);
        if counted.requests.len() < WRITTEN_DOWN {
            counted.requests.push((subject, request));
        } else {
            request.add_to(counted.sums.entry(subject).or_default());
        }
    }

    fn of_hour(&mut self, hour: Hour) -> &mut Counted {
        let place = self.hours.iter().position(|counted| counted.hour == hour).unwrap_or_else(|| {
            // All of the room at once: the system gives memory only for what is used, and no redirect waits while it grows.
            let requests = self.spare.take().unwrap_or_else(|| Vec::with_capacity(WRITTEN_DOWN));
            self.hours.push(Counted { hour, requests, sums: HashMap::default() });
            self.hours.len() - 1
        });
        &mut self.hours[place]
    }

    fn read(&mut self, hour: Hour, hit: &Hit<'_>) -> Request {
        let Visitor::Agent(user_agent) = hit.visitor else {
            return Request::Click { class: Class::Head, names: [None; 5], person: None };
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
        Request::Click { class, names: [Some(agent_name), Some(referrer), source, medium, campaign], person }
    }

    /// What was counted since the last time.
    pub(super) fn take(&mut self, spare: Option<Requests>, names: Option<&SharedNames>) -> Vec<Counted> {
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
