//! Which requests were counted already.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

/// The request ids seen, as hashes of 64 bits under a key of this count's own.
///
/// Of n different requests two share a hash, and one of them is lost, with odds of about n² / 2⁶⁵: for ten million of an
/// hour 1 in 370,000. The key is drawn anew each time, so that nobody can prepare such requests, and the next count of
/// the hour is very unlikely to lose the same one.
#[derive(Debug)]
pub(crate) struct Seen {
    key: [u8; 16],
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self { key, hashes: HashSet::default() }
    }

    /// Whether the request is a new one; it is not from now on.
    pub(crate) fn insert(&mut self, request_id: &[u8]) -> bool {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(request_id);
        self.hashes.insert(hasher.finish())
    }

    /// About how many bytes it takes in memory: while it grows, the old table is held beside the new one.
    pub(crate) fn size_bytes(&self) -> usize {
        // One byte of control for each place, an eighth of them free.
        self.hashes.capacity() * 8 / 7 * 9
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
        assert!((900_000..3_000_000).contains(&seen.size_bytes()), "{}", seen.size_bytes());
    }
}
