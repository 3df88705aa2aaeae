//! A run of processes, cut off by a power loss at any of its operations.

use std::collections::BTreeMap;

use super::image::Image;
use super::journal::{Record, parse};
use super::model::Disk;
use super::seed::Seed;
use super::states::{States, digest, read};

/// What an acknowledgement promises.
pub(super) enum Promise {
    /// That an item, named by both its keys, has this version or a later one.
    Version(String, u64),
    /// That everything is stored which was committed by then.
    Everything,
}

/// What a process said, as promises.
pub(super) type Reader = fn(&[u8]) -> Vec<Promise>;

/// What must be there after a power loss at a moment.
#[derive(Debug, Default, Clone)]
struct Owed {
    versions: BTreeMap<String, u64>,
    /// The earliest state that may be found, and the latest.
    states: (usize, usize),
}

/// A run, with what it owes at each of its operations.
pub(super) struct Run<'a> {
    name: &'static str,
    records: Vec<Record<'a>>,
    states: States,
    owed: Vec<Owed>,
}

/// What cutting a run off has shown.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) cuts: u64,
    /// Each with what is needed to see it again.
    pub(super) failures: Vec<String>,
}

impl<'a> Run<'a> {
    /// Reads what was noted of a run.
    pub(super) fn of(name: &'static str, journal: &'a [u8], reader: Reader) -> Self {
        let records = parse(journal);
        let (mut disk, mut states, mut now) = (Disk::new(4096, 0), States::new(), Owed::default());
        let mut owed: Vec<Owed> = Vec::with_capacity(records.len());
        for record in &records {
            disk.apply(record);
            let written = states.follow(record, &disk);
            now.states.1 = states.versions.len() - 1;
            // It can be there as soon as its last frame is, whole or not.
            owed.iter_mut().rev().take(written).for_each(|owed| owed.states.1 = now.states.1);
            if let Record::Said { data } = record {
                for promise in reader(data) {
                    now.keep(promise);
                }
            }
            owed.push(now.clone());
        }
        Self { name, records, states, owed }
    }

    /// How many commits there were, and promises of versions.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.states.versions.len() - 1, self.owed.last().map_or(0, |owed| owed.versions.len()))
    }

    /// Cuts it off so many times at random moments, half of them around an fsync or an acknowledgement.
    pub(super) fn cut(&self, cuts: u64, seed: u64) -> Findings {
        let mut findings = Findings::default();
        for sector in [512, 4096] {
            let seed = seed ^ u64::try_from(sector).unwrap();
            let mut coin = Seed::new(seed);
            let mut moments: Vec<usize> = (0..cuts.div_ceil(2)).map(|_| self.moment(&mut coin)).collect();
            moments.sort_unstable();
            let mut disk = Disk::new(sector, seed);
            let mut done = 0;
            for moment in moments {
                self.records[done..moment].iter().for_each(|record| disk.apply(record));
                done = moment;
                findings.cuts += 1;
                let image = Image::after_a_power_loss(&disk, &mut coin);
                if let Err(failure) = self.judge(moment, &image) {
                    let name = self.name;
                    findings.failures.push(format!("{name}, operation {moment}, seed {seed}, {sector}: {failure}"));
                }
            }
        }
        findings
    }

    fn moment(&self, coin: &mut Seed) -> usize {
        let any = coin.below(self.records.len());
        let is_turn = |record: &Record<'_>| {
            matches!(record, Record::SyncBegins { .. } | Record::SyncEnds { .. } | Record::Said { .. })
        };
        let turn = match coin.below(2) {
            0 => None,
            _ => self.records[any..].iter().position(is_turn),
        };
        (any + turn.map_or(0, |turn| turn + coin.below(3))).min(self.records.len())
    }

    /// Demands one of the states that were, and in it what was promised.
    fn judge(&self, moment: usize, image: &Image) -> Result<(), String> {
        let nothing = Owed::default();
        let owed = moment.checked_sub(1).map_or(&nothing, |last| &self.owed[last]);
        let rows = read(image)?;
        let states = self.states.numbers(digest(&rows));
        if states.is_empty() {
            return Err(format!("{} rows that were never there together", rows.len()));
        }
        let (earliest, latest) = owed.states;
        let Some(state) = states.iter().find(|state| (earliest..=latest).contains(*state)) else {
            return Err(format!("state {states:?}, not of {earliest} to {latest}"));
        };
        let found = &self.states.versions[*state];
        let is_lost = |(name, version): &(&String, &u64)| found.get(*name).is_none_or(|found| found < *version);
        match owed.versions.iter().find(is_lost) {
            None => Ok(()),
            Some((name, version)) => {
                Err(format!("{name} was acknowledged in version {version}: {:?}", found.get(name)))
            }
        }
    }
}

impl Owed {
    fn keep(&mut self, promise: Promise) {
        match promise {
            Promise::Everything => self.states.0 = self.states.1,
            Promise::Version(name, version) => {
                let owed = self.versions.entry(name).or_default();
                *owed = version.max(*owed);
            }
        }
    }
}
