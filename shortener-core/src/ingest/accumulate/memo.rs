//! Remembers what a text came to.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// A bounded memory of what texts came to. When it is full it begins anew: what comes often is soon back.
#[derive(Debug)]
pub(super) struct Memo<T> {
    most: usize,
    known: HashMap<Box<[u8]>, T, RandomState>,
}

impl<T: Copy> Memo<T> {
    /// Remembers at most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: HashMap::default() }
    }

    /// What the text comes to.
    pub(super) fn get(&mut self, text: &[u8], find: impl FnOnce(&[u8]) -> T) -> T {
        if let Some(found) = self.known.get(text) {
            return *found;
        }
        if self.known.len() >= self.most {
            self.known.clear();
        }
        let found = find(text);
        self.known.insert(text.into(), found);
        found
    }
}
