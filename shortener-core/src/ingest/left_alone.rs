//! Files beside logs that are none.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How many are named.
const NAMED: usize = 3;

/// Files in named folders whose names are not those of logs: nothing is read of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftAlone {
    files: u64,
    first: Vec<String>,
}

impl LeftAlone {
    /// Adds a file.
    pub fn add(&mut self, place: impl FnOnce() -> String) {
        self.files += 1;
        if self.first.len() < NAMED {
            self.first.push(place());
        }
    }

    /// Adds those of another place.
    pub fn extend(&mut self, other: Self) {
        self.files += other.files;
        let room = NAMED.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files == 0
    }
}

impl fmt::Display for LeftAlone {
    /// How many, and the first ones' names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, whose) =
            if self.files == 1 { ("file", "name is not that") } else { ("files", "names are not those") };
        write!(f, "{} {files} left alone, whose {whose} of access logs: {}", self.files, self.first.join(", "))?;
        match self.files - self.first.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What the last listing of all files left alone, shared by all clones of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<LeftAlone>>);

impl Seen {
    pub(super) fn set(&self, seen: LeftAlone) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    pub(super) fn get(&self) -> LeftAlone {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_said_and_how_many_more_there_are() {
        let mut one = LeftAlone::default();
        assert!(one.is_empty());
        one.add(|| "notes.md".to_owned());
        assert!(!one.is_empty());
        assert_eq!(one.to_string(), "1 file left alone, whose name is not that of access logs: notes.md");
        let mut many = LeftAlone::default();
        (0..4).for_each(|file| many.add(|| format!("{file}.md")));
        one.extend(many);
        let told = "5 files left alone, whose names are not those of access logs: notes.md, 0.md, 1.md and 2 more";
        assert_eq!(one.to_string(), told);
    }
}
