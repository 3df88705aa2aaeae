//! What is counted of one link.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use crate::ingest::LogLine;
use crate::ingest::fields::{EdgeResult, edge_result};
use crate::stats::names::{Name, Names};
use crate::stats::visitors::Crowd;
use crate::stats::{Class, EdgeResults, Split, Tally};

/// What is counted of one link, in one hour.
#[derive(Debug, Default)]
pub(crate) struct LinkCount {
    clicks: [u32; 5],
    hit: u32,
    miss: u32,
    error: u32,
    gone: u32,
    not_found: u32,
    names: HashMap<Name, (u32, u32), FixedState>,
    people: Crowd,
}

impl LinkCount {
    /// About how many bytes a new one takes in memory, with its place in a map but without its code.
    pub(super) const NEW_BYTES: usize = size_of::<Self>() + 32;

    /// Counts how the edge came by its answer.
    pub(super) fn edge(&mut self, line: &LogLine<'_>) {
        match edge_result(line.result, line.status) {
            Some(EdgeResult::Hit) => self.hit += 1,
            Some(EdgeResult::Miss) => self.miss += 1,
            Some(EdgeResult::Error) => self.error += 1,
            None => {}
        }
    }

    /// Counts an answer of 404.
    pub(super) fn not_found(&mut self) {
        self.not_found += 1;
    }

    /// Counts an answer of 410.
    pub(super) fn gone(&mut self) {
        self.gone += 1;
    }

    /// Counts a click.
    pub(super) fn click(&mut self, class: Class) {
        self.clicks[class as usize] += 1;
    }

    /// Counts a click under a name.
    pub(super) fn name(&mut self, name: Name, is_human: bool) {
        let (people, automated) = self.names.entry(name).or_default();
        *if is_human { people } else { automated } += 1;
    }

    /// Counts a visitor by a keyed hash.
    pub(super) fn person(&mut self, hash: u64) {
        self.people.add(hash);
    }

    /// Whether it can be a link: one that has only been answered “not found” is not looked up.
    pub(crate) fn may_be_link(&self) -> bool {
        self.gone > 0 || self.clicks.iter().any(|clicks| *clicks > 0)
    }

    /// Requests that count as orphans if there is no such link.
    pub(crate) fn orphans(&self) -> u64 {
        self.clicks.iter().map(|clicks| u64::from(*clicks)).sum::<u64>()
            + u64::from(self.gone)
            + u64::from(self.not_found)
    }

    /// About how many bytes of memory its names and visitors take.
    pub(super) fn size_bytes(&self) -> usize {
        let names = self.names.capacity() * 8 / 7 * (size_of::<(Name, (u32, u32))>() + 1);
        names + self.people.size_bytes()
    }

    /// The same as a tally, all names kept.
    pub(super) fn tally(&self, names: &Names) -> Tally {
        let mut tally = Tally {
            edge: EdgeResults { hit: self.hit.into(), miss: self.miss.into(), error: self.error.into() },
            gone: self.gone.into(),
            orphans: 0,
            visitors: self.people.visitors(),
            breakdowns: BTreeMap::new(),
            ..Tally::default()
        };
        for class in Class::ALL {
            *tally.clicks.of_mut(class) = self.clicks[class as usize].into();
        }
        for (name, (people, automated)) in &self.names {
            names.spell(&mut tally, *name, Split((*people).into(), (*automated).into()));
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Visitors;

    #[test]
    fn few_visitors_and_many_are_counted_alike() {
        for visitors in [1_u64, 32, 33, 1000] {
            let mut count = LinkCount::default();
            let mut sketch = Visitors::default();
            for _ in 0..2 {
                for visitor in 0..visitors {
                    count.person(visitor.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    sketch.add(visitor.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                }
            }
            assert_eq!(count.tally(&Names::at_most(1)).visitors, sketch, "{visitors}");
        }
    }
}
