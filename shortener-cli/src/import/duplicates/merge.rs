//! What was found in several partitions, in one order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use super::{Annotation, Pile, Reader};

/// Merges piles that are in the order of the rows.
pub(super) fn merge(mut piles: Vec<Pile<Annotation>>) -> io::Result<Pile<Annotation>> {
    let mut readers = piles.iter_mut().map(Pile::read).collect::<io::Result<Vec<Reader<'_, Annotation>>>>()?;
    let mut next = readers.iter_mut().map(|reader| reader.next().transpose()).collect::<io::Result<Vec<_>>>()?;
    let mut order: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    order.extend(next.iter().enumerate().filter_map(|(at, found)| Some(Reverse((found.as_ref()?.row, at)))));
    let mut merged = Pile::new();
    while let Some(Reverse((_, at))) = order.pop() {
        let following = readers[at].next().transpose()?;
        order.extend(following.as_ref().map(|found| Reverse((found.row, at))));
        if let Some(found) = std::mem::replace(&mut next[at], following) {
            merged.push(&found)?;
        }
    }
    Ok(merged)
}
