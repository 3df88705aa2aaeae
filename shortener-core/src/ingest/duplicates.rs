//! Which requests were counted already.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

use crate::heap;

/// In how many tables the hashes are: they grow one by one, so that little is held twice.
const TABLES: usize = 16;

/// The request ids seen, as hashes of 64 bits under a key of this count's own.
///
/// Of n different requests two share a hash, and one of them is lost, with odds of about n² / 2⁶⁵: for ten million of an
/// hour 1 in 370,000. The key is drawn anew each time, so that nobody can prepare such requests, and the next count of
/// the hour is very unlikely to lose the same one.
#[derive(Debug)]
pub(crate) struct Seen {
    key: [u8; 16],
    tables: [HashSet<u64, BuildHasherDefault<AsItIs>>; TABLES],
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self { key, tables: Default::default() }
    }

    /// Whether the request is a new one; it is not from now on.
    pub(crate) fn insert(&mut self, request_id: &[u8]) -> bool {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(request_id);
        let hash = hasher.finish();
        // Tables use the highest bits and the lowest ones.
        let table = (hash >> 48) as usize % TABLES;
        self.tables[table].insert(hash)
    }

    /// How many bytes it takes in memory at most until so many requests are added.
    pub(crate) fn size_bytes(&self, added: usize) -> usize {
        heap::tables::<u64>(self.tables.iter().map(|table| (table.len(), table.capacity())), added)
    }
}

/// Hashes are spread already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_new_once() {
        let mut seen = Seen::new([7; 16]);
        let ids: Vec<String> = (0..100_000).map(|id| format!("{id:056}")).collect();
        assert!(ids.iter().all(|id| seen.insert(id.as_bytes())));
        assert!(ids.iter().all(|id| !seen.insert(id.as_bytes())));
        assert!((900_000..3_000_000).contains(&seen.size_bytes(0)), "{}", seen.size_bytes(0));
    }

    #[test]
    fn its_size_is_told_before_it_grows() {
        let mut seen = Seen::new([7; 16]);
        let mut told = usize::MAX;
        for id in 0..100_000_u64 {
            if id % 4_096 == 0 {
                told = seen.size_bytes(4_096);
            }
            seen.insert(&id.to_be_bytes());
            // The first tables are small, and grow several times.
            assert!(id < 8_192 || seen.size_bytes(0) <= told, "{id}: {} > {told}", seen.size_bytes(0));
        }
    }
}
