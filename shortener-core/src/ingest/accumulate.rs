//! Counts the lines of one hour in memory, as small as it can.
//!
//! What is counted of a link is a few numbers and a map of interned names; texts are held once for all links. Addresses and
//! user agents are looked at and forgotten.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use siphasher::sip::SipHasher13;

use super::LogLine;
use super::duplicates::Seen;
use super::fields::{self, Controls};
use crate::link::Domain;
use crate::redirect::Asked;
use crate::service::Directory;
use crate::stats::memo::Memo;
use crate::stats::names::{Name, Names};
use crate::stats::salt::Salt;
use crate::stats::{Class, Dimension};

mod agent;
mod link;
mod part;

pub(crate) use link::LinkCount;
pub(crate) use part::Part;

use agent::UserAgent;

/// Most names held of one hour. Real hours have thousands; whoever forges more finds his in one sum.
const MOST_NAMES: usize = 400_000;
/// Hosts of lines that are remembered: a distribution answers for few.
const HOSTS: usize = 1_024;
/// User agents that are remembered with what they came to, in 1.5 MB: more than most hours have.
const AGENTS: usize = 32_768;
/// Referrers that are remembered with the names of their hosts, in 0.5 MB.
const REFERRERS: usize = 16_384;

/// Who is counted as whom, for one hour.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Which host is which domain.
    pub(crate) directory: Arc<Directory>,
    /// The salt of the day; without it no visitors are counted.
    pub(crate) salt: Option<Salt>,
    /// The key of this count's hashes, drawn anew for each.
    pub(crate) key: [u8; 16],
}

/// What was counted so far of one part of one hour.
#[derive(Debug)]
pub(crate) struct Accumulator {
    rules: Rules,
    part: Part,
    seen: Seen,
    domains: Vec<Domain>,
    hosts: Memo<usize>,
    /// By domain, then by code.
    links: Vec<HashMap<Box<[u8]>, LinkCount, RandomState>>,
    names: Names,
    agents: Memo<UserAgent>,
    referrers: Memo<Name>,
    link_bytes: usize,
    lines: u64,
    duplicates: u64,
}

/// What was counted of one part of one hour.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Lines, copies counted once.
    pub(crate) lines: u64,
    /// Copies beyond the first.
    pub(crate) duplicates: u64,
    /// The links asked for, known or not, in the order of domain and code.
    pub(crate) links: Vec<(Domain, Box<[u8]>, LinkCount)>,
    /// What the names in them are.
    pub(crate) names: Names,
}

impl Accumulator {
    /// Nothing yet, of a part.
    pub(crate) fn new(rules: Rules, part: Part) -> Self {
        let seen = Seen::new(rules.key);
        let names = Names::at_most(MOST_NAMES);
        Self {
            part,
            seen,
            domains: Vec::new(),
            hosts: Memo::of(HOSTS),
            links: Vec::new(),
            agents: Memo::of(AGENTS),
            referrers: Memo::of(REFERRERS),
            link_bytes: 0,
            lines: 0,
            duplicates: 0,
            names,
            rules,
        }
    }

    /// Counts a line of the hour.
    pub(crate) fn line(&mut self, line: &LogLine<'_>) {
        let domain = self.domain(line.host);
        let code = match line.method {
            b"GET" | b"HEAD" if !fields::is_upgrade(line.result) => self.code(domain, line.path),
            _ => None,
        };
        if !self.part.is_all() && !self.part.contains(self.hash(domain, code.as_ref(), line.request_id)) {
            return;
        }
        if !self.seen.insert(line.request_id) {
            self.duplicates += 1;
            return;
        }
        self.lines += 1;
        if let Some(code) = code {
            self.request(domain, &code, line);
        }
    }

    /// About how many bytes it takes in memory.
    pub(crate) fn size_bytes(&self) -> usize {
        self.seen.size_bytes() + self.link_bytes + self.names.size_bytes()
    }

    /// All that was counted.
    pub(crate) fn finish(self) -> Counted {
        let mut links = Vec::with_capacity(self.links.iter().map(HashMap::len).sum());
        for (domain, codes) in self.domains.into_iter().zip(self.links) {
            links.extend(codes.into_iter().map(|(code, count)| (domain.clone(), code, count)));
        }
        links.sort_unstable_by(|(domain, code, _), (other, than, _)| (domain, code).cmp(&(other, than)));
        Counted { lines: self.lines, duplicates: self.duplicates, links, names: self.names }
    }

    fn domain(&mut self, host: &[u8]) -> usize {
        let (directory, domains, links) = (&self.rules.directory, &mut self.domains, &mut self.links);
        let make = || {
            let domain = &directory.of_host(&String::from_utf8_lossy(host)).domain;
            domains.iter().position(|other| other == domain).unwrap_or_else(|| {
                domains.push(domain.clone());
                links.push(HashMap::default());
                domains.len() - 1
            })
        };
        self.hosts.get_or(host, make).1
    }

    /// The code that a path asks for, if it asks for a redirect.
    fn code<'a>(&self, domain: usize, path: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        // A code that is known has no spelling to undo.
        if let [b'/', code @ ..] = path
            && self.links.get(domain).is_some_and(|codes| codes.contains_key(code))
        {
            return Some(code.into());
        }
        match Asked::of(&fields::decode(path, Controls::Keep)) {
            Asked::Redirect(code) => Some(code.as_str().as_bytes().to_vec().into()),
            Asked::Preview(_) | Asked::Nothing => None,
        }
    }

    /// The hash that decides in which part a line is: that of its link, so that each link is in one part alone.
    fn hash(&self, domain: usize, code: Option<&Cow<'_, [u8]>>, request_id: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.rules.key);
        match code {
            Some(code) => {
                hasher.write_usize(domain);
                hasher.write(code);
            }
            None => hasher.write(request_id),
        }
        hasher.finish()
    }

    /// Counts a request for a redirect.
    fn request(&mut self, domain: usize, code: &[u8], line: &LogLine<'_>) {
        let Some(codes) = self.links.get_mut(domain) else { return };
        if !codes.contains_key(code) {
            self.link_bytes += LinkCount::NEW_BYTES + code.len();
            codes.insert(code.into(), LinkCount::default());
        }
        let Some(count) = codes.get_mut(code) else { return };
        count.edge(line);
        match line.status {
            301 | 302 | 303 | 307 | 308 => {}
            404 => return count.not_found(),
            410 => return count.gone(),
            _ => return,
        }
        let names = &mut self.names;
        let (_, agent) = self.agents.get_or(line.user_agent, || UserAgent::read(line.user_agent, names));
        let class = if line.method == b"HEAD" { Class::Head } else { agent.class };
        count.click(class);
        if class == Class::Head {
            return;
        }
        let before = count.size_bytes();
        let is_human = class == Class::Human;
        count.name(agent.name, is_human);
        count.name(names.of(Dimension::Country, &fields::country(line.country)), is_human);
        let referrer = || names.of(Dimension::Referrer, &fields::referrer_host(line.referrer));
        count.name(self.referrers.get_or(line.referrer, referrer).1, is_human);
        let utm = fields::utm(line.query);
        let campaign = [utm.source, utm.medium, utm.campaign];
        for (dimension, value) in
            [Dimension::UtmSource, Dimension::UtmMedium, Dimension::UtmCampaign].iter().zip(campaign)
        {
            if let Some(value) = value {
                count.name(names.of(*dimension, &value), is_human);
            }
        }
        if is_human
            && let Some(salt) = &self.rules.salt
            && let Some(address) = fields::address(line.address)
        {
            count.person(salt.visitor(address, agent.text.as_bytes()));
        }
        self.link_bytes += count.size_bytes().saturating_sub(before);
    }
}

impl Counted {
    /// The tally of a link that was counted.
    pub(crate) fn tally(&self, count: &LinkCount) -> crate::stats::Tally {
        count.tally(&self.names)
    }
}
