//! The codes that are asked for of one domain.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::{CodeCount, LinkCount};
use crate::heap;

/// In how many tables the codes are: they grow one by one, so that little is held twice.
const TABLES: usize = 16;

/// What was counted of some codes.
pub(super) type Table = HashMap<Box<[u8]>, LinkCount, RandomState>;

/// What was counted of each code of one domain.
#[derive(Debug, Default)]
pub(super) struct Codes {
    hasher: RandomState,
    tables: [Table; TABLES],
}

impl Codes {
    /// Whether a code was asked for.
    pub(super) fn contains(&self, code: &[u8]) -> bool {
        self.tables[self.table(code)].contains_key(code)
    }

    /// The table that has a code, or will.
    pub(super) fn table_of(&mut self, code: &[u8]) -> &mut Table {
        let table = self.table(code);
        &mut self.tables[table]
    }

    /// How many bytes its tables take in memory at most until so many codes are added.
    pub(super) fn size_bytes(&self, added: usize) -> usize {
        heap::tables::<CodeCount>(self.tables.iter().map(|table| (table.len(), table.capacity())), added)
    }

    /// Those that may be links, in their order, and how many requests were for the others. Nothing is held twice but the places
    /// of what may be links.
    pub(super) fn into_links(self) -> (Vec<CodeCount>, u64) {
        let all = self.tables.iter().flat_map(HashMap::values);
        let mut links = Vec::with_capacity(all.filter(|count| count.may_be_link()).count());
        let mut orphans = 0;
        for (code, count) in self.tables.into_iter().flatten() {
            if count.may_be_link() {
                links.push((code, count));
            } else {
                orphans += count.orphans();
            }
        }
        links.sort_unstable_by(|(code, _), (other, _)| code.cmp(other));
        (links, orphans)
    }

    fn table(&self, code: &[u8]) -> usize {
        // Tables use the highest bits and the lowest ones.
        let bits = (self.hasher.hash_one(code) >> 40) as usize;
        bits % TABLES
    }
}
