//! A disk under a cache, as an operating system promises it: what is synchronised is there after the power fails, of
//! the rest anything may be.
//!
//! Files are cut into sectors. The disk holds a sector in any of the forms that it had since it was last synchronised;
//! sectors, sizes and names reach it in any order. A name is synchronised with its folder.

use std::collections::{BTreeMap, HashMap};

use super::journal::Record;
use super::seed::Seed;

/// A name stands for a file, by number, or for a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    File(usize),
    Folder,
}

/// What happened to names.
#[derive(Debug, Clone)]
pub(super) enum Naming {
    Made(String, Entry),
    Gone(String),
    Moved(String, String),
}

impl Naming {
    fn folder(&self) -> &str {
        let (Self::Made(path, _) | Self::Gone(path) | Self::Moved(path, _)) = self;
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Carries it out on a set of names.
    pub(super) fn apply(&self, names: &mut BTreeMap<String, Entry>) {
        match self {
            Self::Made(path, entry) => _ = names.insert(path.clone(), *entry),
            Self::Gone(path) => _ = names.remove(path),
            Self::Moved(from, to) => {
                if let Some(entry) = names.remove(from) {
                    names.insert(to.clone(), entry);
                }
            }
        }
    }
}

/// A file: on the disk, in the cache, and what may be on the disk by now.
#[derive(Debug, Default)]
pub(super) struct Inode {
    pub(super) disk: Vec<u8>,
    pub(super) cache: Vec<u8>,
    /// The forms of each sector that is not synchronised, oldest first, each with the moment it got it.
    pub(super) sectors: BTreeMap<usize, Vec<(u64, Vec<u8>)>>,
    /// The sizes since the file was synchronised.
    pub(super) sizes: Vec<(u64, usize)>,
}

/// The disk, and the moment: a number that grows with each operation.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) sector: usize,
    pub(super) inodes: Vec<Inode>,
    /// Names as programs see them.
    pub(super) names: BTreeMap<String, Entry>,
    /// Names that are there after the power has failed.
    pub(super) durable: BTreeMap<String, Entry>,
    /// What happened to names and is not synchronised.
    pub(super) naming: Vec<(u64, Naming)>,
    now: u64,
    syncs: HashMap<(u32, String), u64>,
    coin: Seed,
}

impl Disk {
    /// An empty disk. `seed` decides what a failed fsync leaves.
    pub(super) fn new(sector: usize, seed: u64) -> Self {
        let (inodes, names, durable, naming) = Default::default();
        Self { sector, inodes, names, durable, naming, now: 0, syncs: HashMap::new(), coin: Seed::new(seed) }
    }

    /// Does what was noted.
    pub(super) fn apply(&mut self, record: &Record<'_>) {
        self.now += 1;
        match *record {
            Record::Created { path } => {
                self.inodes.push(Inode::default());
                self.name(Naming::Made(path.to_owned(), Entry::File(self.inodes.len() - 1)));
            }
            Record::Folder { path } => self.name(Naming::Made(path.to_owned(), Entry::Folder)),
            Record::Unlinked { path } => self.name(Naming::Gone(path.to_owned())),
            Record::Renamed { from, to } => self.name(Naming::Moved(from.to_owned(), to.to_owned())),
            Record::Written { path, at, data } => {
                let (now, sector) = (self.now, self.sector);
                self.file(path).write(now, sector, at, data);
            }
            Record::Truncated { path, bytes } => {
                let (now, sector) = (self.now, self.sector);
                self.file(path).truncate(now, sector, bytes);
            }
            Record::SyncBegins { thread, path } => _ = self.syncs.insert((thread, path.to_owned()), self.now),
            Record::SyncEnds { thread, path, is_done } => {
                let begun = self.syncs.remove(&(thread, path.to_owned())).expect("an fsync that began");
                self.synchronise(path, begun, is_done);
            }
            Record::Said { .. } => {}
        }
    }

    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.names);
        self.naming.push((self.now, naming));
    }

    fn file(&mut self, path: &str) -> &mut Inode {
        let Some(Entry::File(number)) = self.names.get(path) else { panic!("there is no file {path}") };
        &mut self.inodes[*number]
    }

    fn synchronise(&mut self, path: &str, begun: u64, is_done: bool) {
        if let Some(Entry::File(number)) = self.names.get(path) {
            let (sector, coin) = (self.sector, &mut self.coin);
            self.inodes[*number].synchronise(sector, begun, |_| is_done || coin.below(2) == 0);
        } else if is_done {
            let is_done = |at: u64, naming: &Naming| at <= begun && naming.folder() == path;
            for (_, naming) in self.naming.extract_if(.., |(at, naming)| is_done(*at, naming)) {
                naming.apply(&mut self.durable);
            }
        }
    }
}

impl Inode {
    fn write(&mut self, now: u64, sector: usize, at: usize, data: &[u8]) {
        let end = at + data.len();
        if end > self.cache.len() {
            self.cache.resize(end, 0);
            self.sizes.push((now, end));
        }
        self.cache[at..end].copy_from_slice(data);
        self.note(now, sector, at, end);
    }

    fn truncate(&mut self, now: u64, sector: usize, bytes: usize) {
        let end = self.cache.len().max(self.disk.len()).max(bytes);
        self.cache.resize(bytes, 0);
        self.sizes.push((now, bytes));
        self.note(now, sector, bytes, end);
    }

    /// Remembers the form that the sectors between two places have now.
    fn note(&mut self, now: u64, sector: usize, from: usize, to: usize) {
        for number in from / sector..to.div_ceil(sector) {
            let begin = (number * sector).min(self.cache.len());
            let mut form = self.cache[begin..((number + 1) * sector).min(self.cache.len())].to_vec();
            form.resize(sector, 0);
            self.sectors.entry(number).or_default().push((now, form));
        }
    }

    /// What was there when an fsync began is on the disk, or where that failed, lost from the cache's list of what it
    /// still has to write: no later fsync speaks of it.
    fn synchronise(&mut self, sector: usize, begun: u64, mut is_kept: impl FnMut(usize) -> bool) {
        let size = self.sizes.iter().rev().find(|(at, _)| *at <= begun).map(|(_, size)| *size);
        self.sizes.retain(|(at, _)| *at > begun);
        if let Some(size) = size {
            self.disk.resize(size, 0);
        }
        self.sectors.retain(|number, forms| {
            let old = forms.partition_point(|(at, _)| *at <= begun);
            let last = forms.drain(..old).next_back();
            if let Some((_, form)) = last.filter(|_| is_kept(*number)) {
                put(&mut self.disk, number * sector, &form);
            }
            !forms.is_empty()
        });
    }
}

/// Puts a sector into a file, as far as the file goes.
pub(super) fn put(file: &mut [u8], at: usize, form: &[u8]) {
    if at < file.len() {
        let end = file.len().min(at + form.len());
        file[at..end].copy_from_slice(&form[..end - at]);
    }
}
