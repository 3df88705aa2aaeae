//! What a disk may hold after the power has failed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::model::{Disk, Entry, Inode, put};
use super::seed::Seed;

/// How much of what was not synchronised is on the disk.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Nothing,
    Everything,
    /// All of one file or nothing of it.
    Whole,
    /// Each sector in any of its forms.
    Any,
    /// Nearly everything in its last form.
    Most,
    /// What was written until a moment, and some of what came next.
    Until(u64),
}

impl Fate {
    fn draw(disk: &Disk, seed: &mut Seed) -> Self {
        let moments = disk.inodes.iter().flat_map(|inode| inode.sectors.values().flatten()).map(|(at, _)| *at);
        let moments: Vec<u64> = moments.collect();
        match seed.below(8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2 => Self::Whole,
            3 => Self::Most,
            4 | 5 if !moments.is_empty() => Self::Until(moments[seed.below(moments.len())]),
            _ => Self::Any,
        }
    }

    /// How many of the moments, which ascend, have reached the disk.
    fn reached(self, moments: &[u64], is_whole: bool, seed: &mut Seed) -> usize {
        let all = moments.len();
        match self {
            Self::Nothing => 0,
            Self::Everything => all,
            Self::Whole => all * usize::from(is_whole),
            Self::Any => seed.below(all + 1),
            Self::Most => all.saturating_sub(usize::from(seed.below(16) == 0)),
            Self::Until(last) => {
                let before = moments.partition_point(|at| *at <= last);
                before + usize::from(before < all && seed.below(4) == 0)
            }
        }
    }
}

/// Files and folders by their path below the root.
pub(super) struct Image {
    files: BTreeMap<String, Vec<u8>>,
    folders: Vec<String>,
}

impl Image {
    /// What is there if only the processes end: everything.
    pub(super) fn after_a_kill(disk: &Disk) -> Self {
        Self::of(&disk.names, |number| disk.inodes[number].cache.clone())
    }

    /// What may be there if the power fails.
    pub(super) fn after_a_power_loss(disk: &Disk, seed: &mut Seed) -> Self {
        let fate = Fate::draw(disk, seed);
        let mut names = disk.durable.clone();
        for (at, naming) in &disk.naming {
            let is_whole = seed.below(2) == 0;
            if fate.reached(&[*at], is_whole, seed) > 0 {
                naming.apply(&mut names);
            }
        }
        // A name is not reached without its folders.
        let is_reached =
            |path: &str| path.match_indices('/').all(|(end, _)| names.get(&path[..end]) == Some(&Entry::Folder));
        let names = names.iter().filter(|(path, _)| is_reached(path)).map(|(path, entry)| (path.clone(), *entry));
        Self::of(&names.collect(), |number| contents(&disk.inodes[number], disk.sector, fate, seed))
    }

    fn of(names: &BTreeMap<String, Entry>, mut contents: impl FnMut(usize) -> Vec<u8>) -> Self {
        let mut image = Self { files: BTreeMap::new(), folders: Vec::new() };
        for (path, entry) in names {
            match entry {
                Entry::Folder => image.folders.push(path.clone()),
                // It is rebuilt from the log.
                Entry::File(_) if path.ends_with("-shm") => {}
                Entry::File(number) => _ = image.files.insert(path.clone(), contents(*number)),
            }
        }
        image
    }

    /// Writes it below a folder, which must be empty.
    pub(super) fn write(&self, root: &Path) {
        self.folders.iter().for_each(|folder| fs::create_dir_all(root.join(folder)).unwrap());
        self.files.iter().for_each(|(path, bytes)| fs::write(root.join(path), bytes).unwrap());
    }
}

fn contents(inode: &Inode, sector: usize, fate: Fate, seed: &mut Seed) -> Vec<u8> {
    let is_whole = seed.below(2) == 0;
    let sizes: Vec<u64> = inode.sizes.iter().map(|(at, _)| *at).collect();
    let mut file = inode.disk.clone();
    let reached = fate.reached(&sizes, is_whole, seed);
    if reached > 0 {
        // Where a file has grown before its data came, it holds zeros or what was there before.
        let filling = if seed.below(2) == 0 { 0 } else { 0xa5 };
        file.resize(inode.sizes[reached - 1].1, filling);
    }
    for (number, forms) in &inode.sectors {
        let moments: Vec<u64> = forms.iter().map(|(at, _)| *at).collect();
        let reached = fate.reached(&moments, is_whole, seed);
        if reached > 0 {
            put(&mut file, number * sector, &forms[reached - 1].1);
        }
    }
    file
}
