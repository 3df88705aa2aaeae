//! What a table holds, as one number, and the states that it went through.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;
use shortener_core::table::sqlite::{SqliteOptions, SqliteTable};

use super::image::Image;
use super::journal::Record;
use super::model::Disk;
use super::shim::folder;

/// Where the table of every workload is, below the watched folder. Its folders are made by the command.
pub(super) const TABLE: &str = "new/deep/links.db";

/// Opens the table as the product does and reads all of it.
pub(super) fn read(image: &Image) -> Result<Vec<[String; 3]>, String> {
    let root = folder();
    image.write(root.path());
    rows(&root.path().join(TABLE))
}

pub(super) fn rows(file: &Path) -> Result<Vec<[String; 3]>, String> {
    let table =
        SqliteTable::open(file, SqliteOptions::default()).map_err(|error| format!("it does not open: {error}"))?;
    table.check_integrity().map_err(|error| error.to_string())?;
    let connection = Connection::open(file).unwrap();
    let read = |sql: &str| -> rusqlite::Result<Vec<[String; 3]>> {
        let mut statement = connection.prepare(sql)?;
        statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?.collect()
    };
    let items = read("SELECT pk, sk, body FROM items ORDER BY pk, sk").map_err(|error| error.to_string())?;
    // Two states that hold the same are told apart by the number of changes before them.
    let changes = read("SELECT 'changes', '', coalesce(max(sequence), 0) || '' FROM changes");
    Ok([items, changes.map_err(|error| error.to_string())?].concat())
}

/// A number for what a table holds.
pub(super) fn digest(rows: &[[String; 3]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    rows.hash(&mut hasher);
    hasher.finish()
}

/// The states of a table, one after each commit, and the versions of the items in each.
pub(super) struct States {
    pub(super) versions: Vec<BTreeMap<String, u64>>,
    /// The numbers of the states with a digest: what was undone may have been the same before.
    numbers: HashMap<u64, Vec<usize>>,
    /// Operations since a header was written to the log that ends a transaction.
    since_end: Option<usize>,
}

impl States {
    /// Of a table that is not there, which opens as an empty one.
    pub(super) fn new() -> Self {
        let mut states = Self { versions: Vec::new(), numbers: HashMap::new(), since_end: None };
        states.add(&Image::after_a_kill(&Disk::new(4096, 0)));
        states
    }

    /// The numbers of the states with this digest, ascending.
    pub(super) fn numbers(&self, digest: u64) -> &[usize] {
        self.numbers.get(&digest).map_or(&[], Vec::as_slice)
    }

    /// Looks whether an operation, which the disk has just carried out, has completed a commit, and answers since how
    /// many operations it may have been there. Each frame of the log is a header of 24 bytes, which has the size of the
    /// file in pages if the frame is the last of a transaction, and a page. Headers may be written again before the fsync.
    pub(super) fn follow(&mut self, record: &Record<'_>, disk: &Disk) -> usize {
        let since = self.since_end.as_mut().map_or(0, |since| {
            *since += 1;
            *since
        });
        let is_complete = match record {
            Record::Written { path, data, .. } if path.ends_with("-wal") => {
                if data.len() == 24 && data[4..8] != [0; 4] {
                    self.since_end = Some(0);
                }
                since == 1
            }
            Record::SyncBegins { path, .. } => path.ends_with("-wal"),
            _ => false,
        };
        if is_complete {
            self.add(&Image::after_a_kill(disk));
        }
        since
    }

    fn add(&mut self, image: &Image) {
        let rows = read(image).expect("a table that a killed process leaves");
        let digest = digest(&rows);
        let numbers = self.numbers.entry(digest).or_default();
        if numbers.last().is_some_and(|last| last + 1 == self.versions.len()) {
            return;
        }
        numbers.push(self.versions.len());
        self.versions.push(rows.iter().filter_map(version).collect());
    }
}

fn version([pk, sk, body]: &[String; 3]) -> Option<(String, u64)> {
    let body: Value = serde_json::from_str(body).ok()?;
    Some((format!("{pk} {sk}"), body.get("version")?.as_u64()?))
}
