//! What is counted of one link.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::heap;
use crate::ingest::LogLine;
use crate::ingest::fields::{EdgeResult, edge_result};
use crate::stats::names::{Name, Names};
use crate::stats::visitors::Crowd;
use crate::stats::{Class, EdgeResults, Split, Tally};

/// What is counted of one link, in one hour. Of most codes that are asked for there is none: they must be small.
#[derive(Debug, Default)]
pub(crate) struct LinkCount {
    hit: u32,
    miss: u32,
    error: u32,
    not_found: u32,
    answered: Option<Box<Answered>>,
}

/// What is counted of a link that has answered: with its redirect, or that it is over.
#[derive(Debug, Default)]
struct Answered {
    clicks: [u32; 5],
    gone: u32,
    names: HashMap<Name, (u32, u32), FixedState>,
    people: Crowd,
}

impl LinkCount {
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
        self.answered.get_or_insert_default().gone += 1;
    }

    /// Counts a click.
    pub(super) fn click(&mut self, class: Class) {
        self.answered.get_or_insert_default().clicks[class as usize] += 1;
    }

    /// Counts a click under names.
    pub(super) fn names(&mut self, names: impl IntoIterator<Item = Name>, is_human: bool) {
        let answered = self.answered.get_or_insert_default();
        for name in names {
            let (people, automated) = answered.names.entry(name).or_default();
            *if is_human { people } else { automated } += 1;
        }
    }

    /// Counts a visitor by a keyed hash.
    pub(super) fn person(&mut self, hash: u64) {
        self.answered.get_or_insert_default().people.add(hash);
    }

    /// Whether it can be a link: one that has only been answered “not found” is not looked up.
    pub(crate) fn may_be_link(&self) -> bool {
        self.answered.is_some()
    }

    /// Requests that count as orphans if there is no such link.
    pub(crate) fn orphans(&self) -> u64 {
        let answered = |answered: &Answered| {
            answered.clicks.iter().map(|clicks| u64::from(*clicks)).sum::<u64>() + u64::from(answered.gone)
        };
        u64::from(self.not_found) + self.answered.as_deref().map_or(0, answered)
    }

    /// How many bytes of memory it takes beside its place in a table, and later in a list if it may be a link.
    pub(super) fn size_bytes(&self) -> usize {
        let Some(answered) = &self.answered else { return 0 };
        let names = heap::table::<(Name, (u32, u32))>(answered.names.capacity());
        let listed = size_of::<(Box<[u8]>, Self)>();
        heap::block(size_of::<Answered>()) + listed + names + answered.people.size_bytes()
    }

    /// The same as a tally, all names kept.
    pub(crate) fn tally(&self, names: &Names) -> Tally {
        let mut tally = Tally {
            edge: EdgeResults { hit: self.hit.into(), miss: self.miss.into(), error: self.error.into() },
            ..Tally::default()
        };
        let Some(answered) = &self.answered else { return tally };
        tally.gone = answered.gone.into();
        tally.visitors = answered.people.visitors();
        for class in Class::ALL {
            *tally.clicks.of_mut(class) = answered.clicks[class as usize].into();
        }
        for (name, (people, automated)) in &answered.names {
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
