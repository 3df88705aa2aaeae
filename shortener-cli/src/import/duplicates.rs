//! Rows that are in the file more than once, found in bounded memory.
//!
//! Each row leaves a record of 49 bytes in one of 32 partitions on disk, by a hash of what must be unique: the place of a
//! row with a code, the content of one without. A partition is then gone through with its distinct hashes in memory; one
//! that has too many of them is split by further bits of the hash. What is found comes out in the order of the rows.

use std::collections::HashMap;
use std::io;

use sha2::{Digest, Sha256};
use shortener_core::service::Content;

mod merge;
mod records;

pub(crate) use records::{Pile, Reader};

/// Distinct hashes that are held in memory at a time, about 4 MB.
const IN_MEMORY: usize = 50_000;

/// Partitions of a level, by so many bits of the hash.
const BITS: u32 = 5;

/// What a row leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Its number in the file, from 0.
    pub(crate) row: u64,
    /// Its line in the file.
    pub(crate) line: u64,
    /// What it is compared by.
    identity: Identity,
    /// What it says.
    content: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Identity {
    /// It names its code.
    Place(u128),
    /// Its code is derived from its content.
    Content(u128),
}

impl Sighting {
    /// What a row with this content leaves behind.
    pub(crate) fn new(row: u64, line: u64, content: &Content) -> Self {
        let digest = u128::from_le_bytes(content.digest());
        let identity = match &content.place {
            Some((domain, code)) => Identity::Place(hash(&format!("{domain}/{code}"))),
            None => Identity::Content(digest),
        };
        Self { row, line, identity, content: digest }
    }
}

impl Identity {
    fn hash(self) -> u128 {
        match self {
            Self::Place(hash) | Self::Content(hash) => hash,
        }
    }

    fn compact(self) -> Compact {
        (matches!(self, Self::Place(_)), self.hash().to_le_bytes())
    }
}

/// What is to be known of a row that is not the first of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// Its number in the file, from 0.
    pub(crate) row: u64,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a row is that is not the first of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It names no code, and is the n-th row that says this.
    Occurrence(u32),
    /// It names the same code as an earlier line, and says the same.
    SameAs(u64),
    /// It names the same code as an earlier line, and says something else.
    CodeOf(u64),
}

/// Finds duplicates.
#[derive(Debug)]
pub(crate) struct Finder {
    level: Level,
    in_memory: usize,
}

impl Finder {
    /// Nothing was seen yet.
    pub(crate) fn new() -> Self {
        Self::holding(IN_MEMORY)
    }

    fn holding(in_memory: usize) -> Self {
        Self { level: Level::new(0), in_memory }
    }

    /// Notes a row. Rows come in the order of the file.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn add(&mut self, sighting: Sighting) -> io::Result<()> {
        self.level.add(sighting)
    }

    /// What was found, in the order of the rows.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn finish(self) -> io::Result<Pile<Annotation>> {
        self.level.resolve(self.in_memory)
    }
}

/// Partitions by some bits of the hash.
#[derive(Debug)]
struct Level {
    depth: u32,
    partitions: Vec<Pile<Sighting>>,
}

impl Level {
    fn new(depth: u32) -> Self {
        Self { depth, partitions: (0..1 << BITS).map(|_| Pile::new()).collect() }
    }

    fn add(&mut self, sighting: Sighting) -> io::Result<()> {
        let bits = sighting.identity.hash() >> (BITS * self.depth) & ((1 << BITS) - 1);
        let partition = usize::try_from(bits).map_err(io::Error::other)?;
        self.partitions[partition].push(&sighting)
    }

    fn resolve(self, in_memory: usize) -> io::Result<Pile<Annotation>> {
        let found = self.partitions.into_iter().map(|partition| resolve(partition, self.depth, in_memory));
        merge::merge(found.collect::<io::Result<_>>()?)
    }

    /// Whether there are further bits to split by.
    fn can_split(depth: u32) -> bool {
        (depth + 2) * BITS <= u128::BITS
    }
}

fn resolve(mut partition: Pile<Sighting>, depth: u32, in_memory: usize) -> io::Result<Pile<Annotation>> {
    match resolve_at_once(&mut partition, in_memory, depth)? {
        Some(found) => Ok(found),
        None => split(partition, depth)?.resolve(in_memory),
    }
}

fn split(mut partition: Pile<Sighting>, depth: u32) -> io::Result<Level> {
    let mut level = Level::new(depth + 1);
    for sighting in partition.read()? {
        level.add(sighting?)?;
    }
    Ok(level)
}

/// An identity as it is held in memory: bytes, which need no alignment.
type Compact = (bool, [u8; 16]);

/// The first row of its kind.
#[derive(Debug)]
struct First {
    line: u64,
    content: [u8; 16],
    count: u32,
}

/// Goes through a partition; none if it has more distinct hashes than may be held.
fn resolve_at_once(
    partition: &mut Pile<Sighting>,
    in_memory: usize,
    depth: u32,
) -> io::Result<Option<Pile<Annotation>>> {
    let mut seen: HashMap<Compact, First> = HashMap::new();
    let mut found = Pile::new();
    for sighting in partition.read()? {
        let Sighting { row, line, identity, content } = sighting?;
        if let Some(first) = seen.get_mut(&identity.compact()) {
            found.push(&Annotation { row, kind: repeated(first, identity, content)? })?;
        } else if seen.len() >= in_memory && Level::can_split(depth) {
            return Ok(None);
        } else {
            seen.insert(identity.compact(), First { line, content: content.to_le_bytes(), count: 1 });
        }
    }
    Ok(Some(found))
}

fn repeated(first: &mut First, identity: Identity, content: u128) -> io::Result<Kind> {
    Ok(match identity {
        Identity::Place(_) if first.content == content.to_le_bytes() => Kind::SameAs(first.line),
        Identity::Place(_) => Kind::CodeOf(first.line),
        Identity::Content(_) => {
            first.count = first.count.checked_add(1).ok_or_else(|| io::Error::other("too many equal rows"))?;
            Kind::Occurrence(first.count)
        }
    })
}

fn hash(text: &str) -> u128 {
    let digest = Sha256::digest(text);
    u128::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

#[cfg(test)]
mod tests;
