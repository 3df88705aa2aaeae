//! How many different visitors came: a sketch that can be merged, and from which nobody can be told.

use datasketches::common::NumStdDev;
use datasketches::hll::{HllSketch, HllType, HllUnion};
use smallvec::SmallVec;

/// Base-2 logarithm of the registers of a sketch: 4,096 of them, in at most 2 KB, with a standard error of 1.6 %.
const LG_REGISTERS: u8 = 12;

/// A `HyperLogLog` sketch of hashes of visitors, in the byte format of Apache `DataSketches`.
///
/// It holds registers of maxima, no hash; with few visitors it holds 26 bits of each hash. Hashes are keyed with the salt
/// of a day, which is destroyed two days later.
#[derive(Debug, Clone, Default)]
pub struct Visitors(Option<Box<HllUnion>>);

impl Visitors {
    /// Counts a visitor by a keyed hash.
    pub fn add(&mut self, hash: u64) {
        if let Some(union) = self.union() {
            union.update_value(hash);
        }
    }

    /// Counts the visitors of another sketch, too.
    pub fn merge(&mut self, other: &Self) {
        if let (Some(others), Some(union)) = (&other.0, self.union()) {
            union.update(&others.to_sketch(HllType::Hll4));
        }
    }

    /// About how many different visitors there were.
    pub fn estimate(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |union| union.estimate())
    }

    /// The standard error of the estimate, in visitors.
    pub fn standard_error(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |union| (union.upper_bound(NumStdDev::One) - union.estimate()).max(0.0))
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|union| union.is_empty())
    }

    /// The stored bytes; none if it is empty.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        self.0.as_ref().filter(|union| !union.is_empty()).map(|union| union.to_sketch(HllType::Hll4).serialize())
    }

    /// Reads stored bytes; none if they are no sketch.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sketch = HllSketch::deserialize(bytes).ok()?;
        let mut visitors = Self::default();
        visitors.union()?.update(&sketch);
        Some(visitors)
    }

    /// About how many bytes it takes in memory.
    pub fn size_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |union| union.estimated_size())
    }

    fn union(&mut self) -> Option<&mut HllUnion> {
        if self.0.is_none() {
            self.0 = HllUnion::new(LG_REGISTERS).ok().map(Box::new);
        }
        self.0.as_deref_mut()
    }
}

impl PartialEq for Visitors {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Visitors {}

/// Visitors that are held one by one in a [`Crowd`]: a sketch of so few is larger.
const FEW: usize = 32;

/// Visitors that need no memory of their own.
const INLINE: usize = 2;

/// The visitors of one count: their hashes while they are few, then a sketch.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    few: SmallVec<[u64; INLINE]>,
    many: Visitors,
}

impl Crowd {
    /// Counts a visitor by a keyed hash.
    pub(crate) fn add(&mut self, hash: u64) {
        if !self.many.is_empty() {
            self.many.add(hash);
        } else if !self.few.contains(&hash) {
            self.few.push(hash);
            if self.few.len() > FEW {
                self.sketch();
            }
        }
    }

    /// Counts the visitors of another one, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.few.iter().for_each(|hash| self.add(*hash));
        if !other.many.is_empty() {
            self.sketch();
            self.many.merge(&other.many);
        }
    }

    /// All of them as a sketch.
    pub(crate) fn visitors(&self) -> Visitors {
        let mut visitors = self.many.clone();
        self.few.iter().for_each(|hash| visitors.add(*hash));
        visitors
    }

    /// About how many bytes it takes in memory.
    #[cfg(feature = "logs")]
    pub(crate) fn size_bytes(&self) -> usize {
        let sketch = if self.many.0.is_some() { crate::heap::block(size_of::<HllUnion>()) } else { 0 };
        let few = if self.few.spilled() { crate::heap::block(self.few.capacity() * size_of::<u64>()) } else { 0 };
        few + sketch + self.many.size_bytes()
    }

    fn sketch(&mut self) {
        for hash in std::mem::take(&mut self.few) {
            self.many.add(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_survives_its_storage_and_merges() {
        let of = |range: std::ops::Range<u64>| {
            let mut visitors = Visitors::default();
            range.for_each(|n| visitors.add(n));
            visitors
        };
        for (first, second, both) in [(0..3, 2..5, 5.0), (0..20_000, 10_000..30_000, 30_000.0)] {
            let stored = of(first.clone()).to_bytes().unwrap();
            let mut merged = Visitors::from_bytes(&stored).unwrap();
            assert_eq!(merged, of(first));
            merged.merge(&of(second));
            assert!((merged.estimate() - both).abs() <= both * 0.05, "{}", merged.estimate());
            assert!(merged.standard_error() < both * 0.03);
            assert!(merged.to_bytes().unwrap().len() < 2200);
        }
        assert_eq!((Visitors::default().to_bytes(), Visitors::from_bytes(b"garbage")), (None, None));
    }
}
