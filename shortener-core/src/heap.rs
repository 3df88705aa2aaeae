//! How much memory what is on the heap takes: more than its values.

/// Bytes of a block of memory, with what the allocator adds: a header, and rounding up.
pub(crate) const fn block(bytes: usize) -> usize {
    if bytes == 0 {
        0
    } else if bytes <= 24 {
        32
    } else {
        (bytes + 8).next_multiple_of(16)
    }
}

/// Bytes of a hash table that has room for so many entries: places are powers of two, an eighth of them stays free, and each
/// has a byte of its own.
pub(crate) fn table<T>(capacity: usize) -> usize {
    if capacity == 0 {
        return 0;
    }
    let places = (capacity * 8 / 7).next_power_of_two().max(4);
    block(places * (size_of::<T>() + 1) + 16)
}

/// Bytes of a hash table to which so many entries may be added: when it grows, the old one is held beside the new one.
pub(crate) fn growing_table<T>(len: usize, capacity: usize, added: usize) -> usize {
    let now = table::<T>(capacity);
    if len + added <= capacity { now } else { now + table::<T>(capacity * 2) }
}

/// Bytes of hash tables, by length and capacity, to which so many entries may be added: they are spread evenly, and by chance
/// a little unevenly. One of them at a time is held beside what it grows to.
pub(crate) fn tables<T>(tables: impl ExactSizeIterator<Item = (usize, usize)>, added: usize) -> usize {
    let each = (added * 2).div_ceil(tables.len().max(1));
    let (mut sum, mut largest) = (0, 0);
    for (len, capacity) in tables {
        let now = table::<T>(capacity);
        if len + each > capacity {
            largest = largest.max(now);
            sum += table::<T>(capacity * 2);
        } else {
            sum += now;
        }
    }
    sum + largest
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_table_has_twice_the_places_when_it_grows_and_is_held_twice_meanwhile() {
        let mut map = HashMap::new();
        let mut seen = Vec::new();
        for n in 0..100_000_u64 {
            map.insert(n, n);
            seen.push((map.len(), map.capacity(), table::<(u64, u64)>(map.capacity())));
        }
        let (_, capacity, bytes) = seen.last().copied().unwrap();
        assert_eq!((capacity, bytes), (114_688, 131_072 * 17 + 32));
        for pair in seen.windows(2).filter(|pair| pair[0].1 < pair[1].1 && pair[0].1 > 7) {
            let [(len, capacity, old), (_, _, new)] = [pair[0], pair[1]];
            assert_eq!(growing_table::<(u64, u64)>(len, capacity, 1), old + new);
            assert_eq!(growing_table::<(u64, u64)>(len, capacity, 0), old);
        }
    }

    #[test]
    fn a_block_is_larger_than_what_is_in_it() {
        assert_eq!([0, 1, 24, 25, 40, 41].map(block), [0, 32, 32, 48, 48, 64]);
    }
}
