//! What was acknowledged, kept outside of the processes that are killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use shortener_core::link::{Domain, ShortCode};
use shortener_core::table::sqlite::{OpenMode, SqliteOptions, SqliteTable};
use shortener_core::table::{Table, keys};

use crate::counting::{of, stored};
use crate::disk::Seed;

/// Links that are looked at again after each kill, beside those that have just been written.
const LOOKED_AT: usize = 200;

/// What is owed.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The version of each link that was acknowledged last, and the last that was asked for.
    links: BTreeMap<String, (u64, u64)>,
    /// Links that a command has printed.
    pub(super) printed: usize,
    /// Changes that were acknowledged.
    changes: usize,
    /// Clicks that were sent, and those that a server answered which was then told to end.
    pub(super) sent: u64,
    pub(super) clicks: u64,
    /// Lines of logs that are to be counted, each once.
    pub(super) lines: u64,
}

impl Ledger {
    /// A version of a link is asked for.
    pub(super) fn ask(&mut self, code: &str, version: u64) {
        self.links.entry(code.to_owned()).or_default().1 = version;
    }

    /// It is acknowledged.
    pub(super) fn acknowledge(&mut self, code: &str, version: u64) {
        let before = &mut self.links.entry(code.to_owned()).or_default().0;
        self.changes += usize::from(*before < version);
        *before = version;
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.changes
    }

    /// Opens the file, which takes as long as it answers, and demands the links that come last by name and some others.
    pub(super) fn demand(&self, file: &Path, is_checked: bool, coin: &mut Seed) -> Duration {
        let begin = Instant::now();
        // Who only reads leaves the log to the next process.
        let mode = [OpenMode::Create, OpenMode::ReadOnly][coin.below(2)];
        let table = open(file, mode);
        let took = begin.elapsed();
        let from = coin.below(self.links.len().saturating_sub(LOOKED_AT) + 1);
        self.compare(&table, from..self.links.len().min(from + LOOKED_AT));
        if is_checked {
            table.check_integrity().unwrap();
            self.compare(&table, 0..self.links.len());
        }
        took
    }

    /// Demands everything, now that nobody is killed any more.
    pub(super) fn demand_all(&self, file: &Path) {
        let table = open(file, OpenMode::Create);
        table.check_integrity().unwrap();
        self.compare(&table, 0..self.links.len());
        let clicks = of(&stored(file, Some("clicked")), "clicks/human");
        assert!(clicks >= self.clicks && clicks <= self.sent, "{clicks} clicks of {} to {}", self.clicks, self.sent);
        let lines = of(&stored(file, Some("logged")), "clicks/tool");
        assert_eq!(lines, self.lines, "lines of logs");
    }

    fn compare(&self, table: &SqliteTable, range: std::ops::Range<usize>) {
        let owed: Vec<_> = self.links.iter().skip(range.start).take(range.len()).collect();
        let default = Domain::default_domain();
        let keys: Vec<_> =
            owed.iter().map(|(code, _)| keys::link(&default, &ShortCode::parse(code).unwrap())).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(table.get_many(&keys)).unwrap();
        for ((code, (acknowledged, asked)), item) in owed.iter().zip(found) {
            let version = item.map_or(0, |item| item.attributes["version"].as_u64().unwrap());
            assert!(
                version >= *acknowledged && version <= *asked,
                "{code} has version {version}; {acknowledged} was acknowledged, {asked} asked for"
            );
        }
    }
}

/// A file that is not made to its end is no table yet for those who only read; it is finished here.
fn open(file: &Path, mode: OpenMode) -> SqliteTable {
    let open = |mode| SqliteTable::open(file, SqliteOptions { mode, ..SqliteOptions::default() });
    match open(mode) {
        Err(_) if mode == OpenMode::ReadOnly => open(OpenMode::Create).unwrap(),
        opened => opened.unwrap(),
    }
}
