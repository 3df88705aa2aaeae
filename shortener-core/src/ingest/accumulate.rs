//! Counts the lines of one hour in memory, as small as it can.
//!
//! What is counted of a link is a few numbers and a map of interned names; texts are held once for all links. Addresses and
//! user agents are looked at and forgotten.

use std::borrow::Cow;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use super::LogLine;
use super::duplicates::Seen;
use super::fields::{self, Controls};
use crate::heap;
use crate::link::Domain;
use crate::redirect::Asked;
use crate::service::Directory;
use crate::stats::Hour;
use crate::stats::memo::Memo;
use crate::stats::names::Names;
use crate::stats::salt::Salt;

mod agent;
mod click;
mod codes;
mod link;
mod part;

pub(crate) use link::LinkCount;
pub(crate) use part::Part;

use click::Values;
use codes::Codes;

/// Hosts of lines that are remembered: a distribution answers for few.
const HOSTS: usize = 1_024;
/// Who is counted as whom, for one hour.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Which host is which domain.
    pub(crate) directory: Arc<Directory>,
    /// The salt of the day; without it no visitors are counted.
    pub(crate) salt: Option<Salt>,
    /// The key of this count's hashes, drawn anew for each.
    pub(crate) key: [u8; 16],
    /// The last hour of which there can be lines.
    pub(crate) latest: Hour,
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
    links: Vec<Codes>,
    values: Values,
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
    /// By domain, in their order.
    pub(crate) domains: Vec<DomainCount>,
    /// What the names in them are.
    pub(crate) names: Names,
}

/// A code, and what was counted of it.
pub(crate) type CodeCount = (Box<[u8]>, LinkCount);

/// What was counted of one domain.
#[derive(Debug)]
pub(crate) struct DomainCount {
    pub(crate) domain: Domain,
    /// What may be links, known or not, in the order of their codes.
    pub(crate) links: Vec<CodeCount>,
    /// Requests for all other codes.
    pub(crate) orphans: u64,
}

impl Accumulator {
    /// Nothing yet, of a part.
    pub(crate) fn new(rules: Rules, part: Part) -> Self {
        let seen = Seen::new(rules.key);
        Self {
            part,
            seen,
            domains: Vec::new(),
            hosts: Memo::of(HOSTS),
            links: Vec::new(),
            values: Values::new(),
            link_bytes: 0,
            lines: 0,
            duplicates: 0,
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

    /// How many bytes it takes in memory at most until so many lines are added, without what is remembered of
    /// user agents and referrers: that has a bound of its own, and a smaller part would have as much.
    pub(crate) fn size_bytes(&self, added: usize) -> usize {
        let codes: usize = self.links.iter().map(|codes| codes.size_bytes(added)).sum();
        self.seen.size_bytes(added) + codes + self.link_bytes + self.values.names.size_bytes(added)
    }

    /// All that was counted. What is needed no more is given back first.
    pub(crate) fn finish(self) -> Counted {
        let Self { lines, duplicates, values: Values { names, .. }, domains, links, seen, .. } = self;
        drop(seen);
        let each = domains.into_iter().zip(links).map(|(domain, codes)| {
            let (links, orphans) = codes.into_links();
            DomainCount { domain, links, orphans }
        });
        let mut domains: Vec<_> = each.collect();
        domains.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        Counted { lines, duplicates, domains, names }
    }

    fn domain(&mut self, host: &[u8]) -> usize {
        let (directory, domains, links) = (&self.rules.directory, &mut self.domains, &mut self.links);
        let make = || {
            let domain = &directory.of_host(&String::from_utf8_lossy(host)).domain;
            domains.iter().position(|other| other == domain).unwrap_or_else(|| {
                domains.push(domain.clone());
                links.push(Codes::default());
                domains.len() - 1
            })
        };
        self.hosts.get_or(host, make).1
    }

    /// The code that a path asks for, if it asks for a redirect.
    fn code<'a>(&self, domain: usize, path: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        // A code that is known has no spelling to undo.
        if let [b'/', code @ ..] = path
            && self.links.get(domain).is_some_and(|codes| codes.contains(code))
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
        let codes = codes.table_of(code);
        let (count, bytes) = match codes.get_mut(code) {
            Some(count) => (count, 0),
            None => (codes.entry(code.into()).or_default(), heap::block(code.len())),
        };
        let before = count.size_bytes();
        self.values.count(count, line, self.rules.salt.as_ref());
        self.link_bytes += bytes + count.size_bytes().saturating_sub(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::BaseUrl;
    use crate::service::{Service, Settings};
    use crate::table::memory::MemoryTable;

    #[tokio::test]
    async fn the_size_is_told_before_the_lines_come_and_codes_that_no_link_can_have_are_let_go() {
        let settings = Settings::new(BaseUrl::parse("https://s.example").unwrap());
        let directory = Service::new(Arc::new(MemoryTable::new()), settings).directory().await.unwrap();
        let rules = Rules { directory, salt: None, key: [7; 16], latest: Hour::of_second(0) };
        let mut accumulator = Accumulator::new(rules, Part::ALL);
        let mut told = usize::MAX;
        for n in 0..200_000_u32 {
            let (id, path) = (n.to_be_bytes(), format!("/{n:x}"));
            let status = if n % 100 == 0 { 302 } else { 404 };
            if n % 4_096 == 0 {
                told = accumulator.size_bytes(4_096);
            }
            let path = path.as_bytes();
            accumulator.line(&LogLine { request_id: &id, method: b"GET", path, status, ..LogLine::default() });
            // The first tables are small, and grow several times; what answers has more than its places.
            let is_told = accumulator.size_bytes(0) <= told.saturating_add(4_096 * 40);
            assert!(n < 16_384 || is_told, "{n}: {} > {told}", accumulator.size_bytes(0));
        }
        // The place, the code and the id of each.
        let least = 200_000 * (size_of::<CodeCount>() + 1 + 32 + 9);
        let size = accumulator.size_bytes(0);
        assert!((least..3 * least).contains(&size), "{size}, not {least}");
        let Counted { lines, domains, .. } = accumulator.finish();
        let [DomainCount { links, orphans, .. }] = &domains[..] else { panic!("{domains:?}") };
        assert_eq!((lines, links.len(), links.capacity(), *orphans), (200_000, 2_000, 2_000, 198_000));
        assert!(links.is_sorted_by(|(code, _), (other, _)| code < other));
    }
}
