//! What the table knows of the logs of one hour: the fence of its count, and the files that were counted.

use std::collections::BTreeMap;

use data_encoding::BASE64_NOPAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::LogFile;
use crate::link::Domain;
use crate::service::Directory;
use crate::stats::Hour;
use crate::table::keys;
use crate::table::{Item, TableError};

/// Bytes kept of each file: 8 of its name's digest, 7 of its content's, and one of the hours that it touches.
///
/// An item of 400 KB holds 19,000 files. Two of so many names share a digest with odds of 1 in 10¹¹.
const MARK_BYTES: usize = 16;

/// The hours around the one in a file's name in which it has lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Touched(u8);

impl Touched {
    /// The hours that a file named for `named` may touch.
    pub(crate) fn window(named: Hour) -> [Hour; 3] {
        [named.plus(-1), named, named.plus(1)]
    }

    /// Whether a file named for `named` may have lines of `hour` at all.
    pub(crate) fn allows(named: Hour, hour: Hour) -> bool {
        Self::window(named).contains(&hour)
    }

    /// The file has a line of `hour`.
    pub(crate) fn add(&mut self, named: Hour, hour: Hour) {
        for (bit, other) in Self::window(named).into_iter().enumerate() {
            self.0 |= u8::from(other == hour) << bit;
        }
    }

    /// Whether it has.
    pub(crate) fn has(self, named: Hour, hour: Hour) -> bool {
        self.hours(named).any(|other| other == hour)
    }

    /// The hours of which it has lines.
    pub(crate) fn hours(self, named: Hour) -> impl Iterator<Item = Hour> {
        let hours = Self::window(named).into_iter().enumerate();
        hours.filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, hour)| hour)
    }
}

/// A file's name, told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name([u8; 8]);

/// A file's content, told from other versions under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Content([u8; 7]);

impl Name {
    /// Of a listed file.
    pub(crate) fn of(file: &LogFile) -> Self {
        Self(first(&Sha256::digest(&file.name)))
    }
}

impl Content {
    /// Of a file of which lines are left to a later count. It is no file's own, so that the file stays a new one, and yet is
    /// missed when it is gone.
    pub(crate) const UNFINISHED: Self = Self([0; 7]);

    /// Of a listed file: its size, and the tag that changes with what is in it.
    pub(crate) fn of(file: &LogFile) -> Self {
        Self(first(&Sha256::digest(format!("{}\n{}", file.bytes, file.tag))))
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut kept = [0; N];
    kept.iter_mut().zip(bytes).for_each(|(kept, byte)| *kept = *byte);
    kept
}

/// What was counted of the hour itself, in lines of logs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Lines of the hour, copies counted once.
    #[serde(default)]
    pub(crate) lines: u64,
    /// Copies beyond the first.
    #[serde(default)]
    pub(crate) duplicates: u64,
    /// Lines that could not be counted, of the files that are named for the hour.
    #[serde(default)]
    pub(crate) rejected: BTreeMap<String, u64>,
    /// Requests for codes that no link has.
    #[serde(default)]
    pub(crate) orphans: u64,
    /// Requests that the edge said it answered when the hour was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<u64>,
}

/// Most domains of which an hour remembers that they had a part in it.
const MOST_SITES: usize = 1_000;

/// Which domains there were when an hour was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Domains {
    /// A digest of which host was which domain; empty where there was only the default one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) hosts: String,
    /// Those beside the default one of which something was counted, with their hosts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sites: BTreeMap<Domain, String>,
}

impl Domains {
    /// Something is counted of a domain.
    pub(crate) fn count(&mut self, domain: &Domain, directory: &Directory) {
        if let Some(host) = directory.host(domain)
            && !domain.is_default()
            && self.sites.len() < MOST_SITES
        {
            self.sites.insert(domain.clone(), host.to_owned());
        }
    }
}

/// Whether an hour's count has become days, months, totals and rankings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct RolledUp {
    /// When a count of it last did.
    #[serde(default, rename = "rolled_up_at", skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// A later one has not yet.
    #[serde(default, rename = "roll_up_waits", skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waits: bool,
}

/// What is known of the logs of one hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Manifest {
    /// The latest count that was begun; 0 for none.
    pub(crate) generation: u64,
    /// The files *named* for the hour of which every line is counted, in whichever hours they are.
    pub(crate) files: BTreeMap<Name, (Content, Touched)>,
    /// Of the hour's own count.
    pub(crate) figures: Figures,
    /// When it was counted.
    pub(crate) domains: Domains,
    /// How far its count has come.
    pub(crate) rolled_up: RolledUp,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    generation: u64,
    #[serde(default)]
    files: String,
    #[serde(flatten)]
    figures: Figures,
    #[serde(flatten)]
    domains: Domains,
    #[serde(flatten)]
    rolled_up: RolledUp,
}

impl Manifest {
    /// Reads the item of an hour; the default where there is none.
    ///
    /// # Errors
    /// [`TableError::BadItem`] if it is damaged.
    pub(crate) fn decode(item: Option<&Item>) -> Result<Self, TableError> {
        let Some(item) = item else { return Ok(Self::default()) };
        let stored: Stored = item.decode()?;
        let bytes = BASE64_NOPAD.decode(stored.files.as_bytes());
        let bytes = bytes.map_err(|error| TableError::BadItem(format!("{}: files: {error}", item.key.sk)))?;
        let mark = |mark: &[u8]| {
            let touched = Touched(mark.last().copied().unwrap_or_default());
            (Name(first(mark)), (Content(first(mark.get(8..).unwrap_or_default())), touched))
        };
        let files = bytes.chunks_exact(MARK_BYTES).map(mark).collect();
        let Stored { generation, figures, domains, rolled_up, .. } = stored;
        Ok(Self { generation, files, figures, domains, rolled_up })
    }

    /// The item to store.
    ///
    /// # Errors
    /// None that can happen.
    pub(crate) fn encode(&self, hour: Hour) -> Result<Item, TableError> {
        let mut bytes = Vec::with_capacity(self.files.len() * MARK_BYTES);
        for (name, (content, touched)) in &self.files {
            bytes.extend_from_slice(&name.0);
            bytes.extend_from_slice(&content.0);
            bytes.push(touched.0);
        }
        let files = BASE64_NOPAD.encode(&bytes);
        let (figures, domains) = (self.figures.clone(), self.domains.clone());
        let stored = Stored { generation: self.generation, files, figures, domains, rolled_up: self.rolled_up };
        Item::encode(keys::ingest_hour(hour), &stored)
    }

    /// Whether the hour was ever counted, and not only begun.
    pub(crate) fn is_counted(&self) -> bool {
        !self.files.is_empty() || self.figures.lines > 0
    }

    /// The hours that a file is known to touch; none if it is not counted, or was another one then.
    pub(crate) fn touched(&self, file: &LogFile) -> Option<Touched> {
        let (content, touched) = self.files.get(&Name::of(file))?;
        (*content == Content::of(file)).then_some(*touched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, tag: &str) -> LogFile {
        let (distribution, hour) = LogFile::parse_name(name).unwrap();
        let (name, distribution, tag) = (name.to_owned(), distribution.to_owned(), tag.to_owned());
        LogFile { location: name.clone(), name, hour, distribution, bytes: 7, tag }
    }

    #[test]
    fn what_is_known_of_an_hour_is_stored_and_read_again() {
        let (a, b) = (file("E1.2026-11-26-04.a.gz", "1"), file("E1.2026-11-26-04.b.gz", "1"));
        let mut touched = Touched::default();
        touched.add(a.hour, a.hour.plus(-1));
        touched.add(a.hour, a.hour.plus(2));
        let rejected = BTreeMap::from([("truncated".to_owned(), 1)]);
        let domain = Domain::parse("b.example").unwrap();
        let manifest = Manifest {
            generation: 3,
            files: BTreeMap::from([(Name::of(&a), (Content::of(&a), touched))]),
            figures: Figures { lines: 5, duplicates: 1, rejected, orphans: 2, expected: None },
            domains: Domains { hosts: "0123".to_owned(), sites: BTreeMap::from([(domain, "b.example".to_owned())]) },
            rolled_up: RolledUp { at: Some(a.hour.end()), waits: true },
        };
        let read = Manifest::decode(Some(&manifest.encode(a.hour).unwrap())).unwrap();
        assert_eq!(read, manifest);
        assert!(Manifest { figures: Figures::default(), ..read.clone() }.is_counted());
        assert_eq!(read.touched(&a).unwrap().hours(a.hour).collect::<Vec<_>>(), [a.hour.plus(-1)]);
        assert_eq!((read.touched(&b), read.touched(&file(&a.name, "2"))), (None, None));
    }

    #[test]
    fn a_fence_alone_is_an_hour_of_which_nothing_is_counted() {
        let item = Item::encode(keys::ingest_hour(Hour::of_second(0)), &serde_json::json!({"generation": 4})).unwrap();
        let manifest = Manifest { generation: 4, ..Manifest::default() };
        assert_eq!(Manifest::decode(Some(&item)).unwrap(), manifest);
        assert!(!manifest.is_counted());
        let of_files_that_are_gone = Figures { lines: 1, ..Figures::default() };
        assert!(Manifest { figures: of_files_that_are_gone, ..manifest }.is_counted());
        assert_eq!(Manifest::decode(None).unwrap(), Manifest::default());
    }
}
