//! A small cache of what texts come to, of a fixed size.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

/// Longest text that is remembered, in bytes: few real ones are longer.
const LONGEST: usize = 512;

/// Remembers what texts came to. A text has two places where it can be; the third one that has the same takes that of the
/// one before.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    places: Box<[Option<Known<V>>]>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Known<V> {
    hash: u64,
    text: Box<[u8]>,
    value: V,
}

impl<V: Clone> Memo<V> {
    /// A cache of so many texts, a power of two.
    pub(crate) fn of(places: usize) -> Self {
        Self { places: (0..places.next_power_of_two()).map(|_| None).collect(), hasher: RandomState::default() }
    }

    /// What a text comes to, and its hash, which nobody outside can foresee.
    pub(crate) fn get_or(&mut self, text: &[u8], make: impl FnOnce() -> V) -> (u64, V) {
        let hash = self.hasher.hash_one(text);
        let mask = self.places.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
        let (first, second) = (hash as usize & mask, hash as usize & mask ^ 1);
        for place in [first, second] {
            if let Some(known) = &self.places[place]
                && known.hash == hash
                && *known.text == *text
            {
                return (hash, known.value.clone());
            }
        }
        let value = make();
        if text.len() <= LONGEST {
            self.places.swap(first, second);
            self.places[first] = Some(Known { hash, text: text.into(), value: value.clone() });
        }
        (hash, value)
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.places.fill_with(|| None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_to_the_same_whether_it_is_remembered_or_not() {
        let mut memo = Memo::of(8);
        let mut made = 0;
        for round in 0..3 {
            for text in 0..100_u32 {
                let (_, value) = memo.get_or(&text.to_be_bytes(), || {
                    made += 1;
                    text
                });
                assert_eq!(value, text, "round {round}");
            }
        }
        assert!(made > 100);
        let made = std::cell::Cell::new(0);
        for _ in 0..3 {
            memo.get_or(b"again", || made.replace(made.get() + 1));
        }
        assert_eq!(made.get(), 1);
        let long = [b'x'; LONGEST + 1];
        for _ in 0..2 {
            memo.get_or(&long, || made.replace(made.get() + 1));
        }
        assert_eq!(made.get(), 3, "long texts are not remembered");
        assert_eq!(memo.places.len(), 8);
    }
}
