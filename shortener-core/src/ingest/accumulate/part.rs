//! A part of an hour, for hours that do not fit into memory at once.

/// The lines whose hash begins with certain bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    bits: u32,
    index: u64,
}

impl Part {
    /// The whole hour.
    pub(crate) const ALL: Self = Self { bits: 0, index: 0 };

    /// Most bits: one link alone cannot be divided, and a part that is still too big holds little else.
    const MOST_BITS: u32 = 12;

    /// Whether it is everything.
    pub(crate) fn is_all(self) -> bool {
        self.bits == 0
    }

    /// Whether a line with this hash is in it.
    pub(crate) fn contains(self, hash: u64) -> bool {
        self.is_all() || hash >> (64 - self.bits) == self.index
    }

    /// Its two halves; none if it is as small as can be.
    pub(crate) fn halves(self) -> Option<[Self; 2]> {
        let half = |low| Self { bits: self.bits + 1, index: self.index * 2 + low };
        (self.bits < Self::MOST_BITS).then(|| [half(0), half(1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_is_in_exactly_one_half() {
        let mut parts = vec![Part::ALL];
        for _ in 0..4 {
            parts = parts.into_iter().flat_map(|part| part.halves().unwrap()).collect();
        }
        for hash in (0..1000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) {
            assert_eq!(parts.iter().filter(|part| part.contains(hash)).count(), 1);
        }
    }
}
