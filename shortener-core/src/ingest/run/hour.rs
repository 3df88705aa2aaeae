//! Counts one hour.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::accumulate::{Part, Rules};
use super::super::manifest::{Content, Domains, Figures, Manifest, Name, RolledUp, Touched};
use super::super::{LogFile, Rejection};
use super::dropped::Dropped;
use super::files::Files;
use super::reading::{FileRead, PartRead};
use super::storing::Ended;
use super::strays::Strays;
use super::{Ingest, IngestError};
use crate::link::{CodeGenerator, Domain, RandomCodes};
use crate::stats::{Hour, People, Recorded, Subject, Tally};
use crate::table::keys::{self, attribute};
use crate::table::{Added, TableError};
use crate::when::whole_milliseconds;

/// An hour that is being counted.
#[derive(Debug)]
pub(super) struct HourCounting {
    pub(super) hour: Hour,
    pub(super) generation: u64,
    pub(super) people: People,
    pub(super) sites: BTreeMap<Domain, Tally>,
    /// As they are, and of which of them something is counted.
    pub(super) domains: Domains,
    /// Where subjects may have dropped out of the hour since it was counted before.
    pub(super) dropped: Option<Dropped>,
    pub(super) orphans: u64,
    /// If what is stored is rolled up at once: when that was begun.
    pub(super) rolls_up: Option<Timestamp>,
    pub(super) recorded: Recorded,
    pub(super) problems: Vec<String>,
}

impl HourCounting {
    /// These are in the count.
    pub(super) fn counts(&mut self, tallies: &[(Subject, Tally)]) {
        if let Some(dropped) = &mut self.dropped {
            for (subject, _) in tallies {
                dropped.is_counted(subject);
            }
        }
    }
}

/// A file with the hours that it touches.
pub(super) type Mark = (Content, Touched);

/// What a run has read of files before.
#[derive(Debug, Default)]
pub(super) struct Learned {
    pub(super) marks: BTreeMap<(Hour, Name), Mark>,
    pub(super) strays: Strays,
}

/// An hour that was counted.
#[derive(Debug)]
pub(super) struct HourDone {
    pub(super) generation: u64,
    /// What was known of the hour before.
    pub(super) before: Manifest,
    pub(super) figures: Figures,
    pub(super) domains: Domains,
    pub(super) rolled_up: RolledUp,
    /// Every file that the count took into account: of the hour, the one before and the one after.
    pub(super) files: BTreeMap<(Hour, Name), Mark>,
    pub(super) recorded: Recorded,
    pub(super) problems: Vec<String>,
    /// The files of the hour that are broken as a whole, each with what is wrong.
    pub(super) broken: Vec<String>,
}

/// What came of counting an hour.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is counted and stored.
    Counted(Box<HourDone>),
    /// Another run has begun to count it later than we, and sees what we see.
    TakenOver,
    /// Files are gone that were counted before: so many that were named for these hours.
    Missing(BTreeMap<Hour, usize>),
    /// The time is over.
    OutOfTime,
}

impl Ingest {
    /// Counts an hour from all its files. `seen` is what this run saw first. Of hours after `latest` no line is counted and
    /// nothing is stored: what their files have of earlier hours is learned.
    pub(super) async fn count_hour(
        &self,
        hour: Hour,
        latest: Hour,
        seen: &Files,
        learned: &Learned,
    ) -> Result<Outcome, IngestError> {
        let is_stored = self.stores(hour, latest);
        let generation = if is_stored { self.begin_hour(hour).await? } else { 0 };
        // After the generation is taken: whoever takes a later one sees all that we see.
        let files = self.files(Some(hour.plus(-1)..=hour.plus(1)), seen.distribution.as_deref()).await?;
        let before = files.manifest(hour);
        if is_stored && before.generation != generation {
            return Ok(Outcome::TakenOver);
        }
        let missing = files.missing(hour);
        if !missing.is_empty() && !self.options.without_missing {
            return Ok(Outcome::Missing(missing));
        }
        let rules = self.rules(hour, latest).await?;
        let mut counting = HourCounting {
            hour,
            generation,
            people: if rules.salt.is_some() { People::Counted } else { People::AsStored },
            sites: BTreeMap::new(),
            domains: Domains { hosts: rules.directory.digest(), ..Domains::default() },
            dropped: None,
            orphans: 0,
            rolls_up: self.rolls_up(hour, &before).then(|| whole_milliseconds(self.clock.now())),
            recorded: Recorded::default(),
            problems: Vec::new(),
        };
        let has_other_files = !missing.is_empty() || files.has_replaced(hour);
        counting.dropped = self.may_drop(&counting, &rules.directory, &before.domains, has_other_files);
        let (marks, read) = known_marks(hour, &files, &learned.marks);
        let Some((figures, reads)) = self.count_files(&mut counting, &rules, &read, &learned.strays).await? else {
            return Ok(Outcome::OutOfTime);
        };
        let done = done(counting, before, marks, figures, read.iter().zip(reads));
        Ok(Outcome::Counted(Box::new(done)))
    }

    /// Whether a count of an hour is stored: of the future there is none.
    pub(super) fn stores(&self, hour: Hour, latest: Hour) -> bool {
        self.writes() && hour <= latest
    }

    /// Takes a generation: what is stored under an earlier one gives way from now on.
    async fn begin_hour(&self, hour: Hour) -> Result<u64, IngestError> {
        let key = keys::ingest_hour(hour);
        // Where the reply was lost, a number is skipped.
        match self.patiently(|| self.table.add(&key, attribute::GENERATION, 1, i64::MAX)).await? {
            Added::Now(generation) => Ok(u64::try_from(generation).unwrap_or_default()),
            Added::AtCeiling => Err(TableError::Invalid("the generations of an hour are used up".to_owned()).into()),
        }
    }

    async fn rules(&self, hour: Hour, latest: Hour) -> Result<Rules, IngestError> {
        let directory = self.patiently(|| self.service.directory()).await?;
        let (date, now) = (hour.date(), self.clock.now());
        let salt = if self.stores(hour, latest) { self.patiently(|| self.salts.of(date, now)).await? } else { None };
        let mut key = [0; 16];
        key.copy_from_slice(&RandomCodes.entropy()[..16]);
        Ok(Rules { directory, salt, key, latest })
    }

    /// Reads and stores part by part; none if the time is over.
    async fn count_files(
        &self,
        counting: &mut HourCounting,
        rules: &Rules,
        files: &[LogFile],
        strays: &Strays,
    ) -> Result<Option<(Figures, Vec<FileRead>)>, IngestError> {
        let mut figures = Figures::default();
        let mut reads = vec![FileRead::default(); files.len()];
        let mut parts = vec![Part::ALL];
        while let Some(part) = parts.pop() {
            match self.read_part(counting.hour, files, rules, part, (&mut reads, strays)).await? {
                PartRead::OutOfTime => return Ok(None),
                PartRead::TooBig => parts.extend(part.halves().into_iter().flatten()),
                PartRead::Counted(counted) => {
                    figures.lines += counted.lines;
                    figures.duplicates += counted.duplicates;
                    if self.store_links(counting, *counted).await? == Ended::OutOfTime {
                        return Ok(None);
                    }
                }
            }
        }
        figures.orphans = counting.orphans;
        let is_stored = self.store_sites(counting, &rules.directory).await? == Ended::Done
            && self.empty_dropped(counting).await? == Ended::Done;
        Ok(is_stored.then_some((figures, reads)))
    }
}

/// What is known of the files around an hour, and those that must be read for it.
fn known_marks(
    hour: Hour,
    files: &Files,
    learned: &BTreeMap<(Hour, Name), Mark>,
) -> (BTreeMap<(Hour, Name), Mark>, Vec<LogFile>) {
    let (mut marks, mut read) = (BTreeMap::new(), Vec::new());
    for file in &files.listed {
        let (name, content) = (Name::of(file), Content::of(file));
        let learned =
            learned.get(&(file.hour, name)).filter(|(other, _)| *other == content).map(|(_, touched)| *touched);
        match files.touched(file).or(learned) {
            // It is known to have no line of the hour.
            Some(touched) if !touched.has(file.hour, hour) && file.hour != hour => {
                marks.insert((file.hour, name), (content, touched));
            }
            _ => read.push(file.clone()),
        }
    }
    (marks, read)
}

fn done<'a>(
    counting: HourCounting,
    before: Manifest,
    mut marks: BTreeMap<(Hour, Name), Mark>,
    mut figures: Figures,
    reads: impl Iterator<Item = (&'a LogFile, FileRead)>,
) -> HourDone {
    let mut broken = Vec::new();
    for (file, read) in reads {
        let has_rest = read.rejected.contains_key(&Rejection::Future);
        let content = if has_rest { Content::UNFINISHED } else { Content::of(file) };
        marks.insert((file.hour, Name::of(file)), (content, read.touched));
        if file.hour == counting.hour {
            for (reason, lines) in read.rejected {
                *figures.rejected.entry(reason.as_str().to_owned()).or_default() += lines;
            }
            broken.extend(read.broken.map(|what| format!("{} is broken: {what}", file.name)));
        }
    }
    let HourCounting { generation, domains, rolls_up, recorded, problems, .. } = counting;
    let rolled_up = match rolls_up {
        Some(at) => RolledUp { at: Some(at), waits: false },
        None => RolledUp { waits: true, ..before.rolled_up },
    };
    HourDone { generation, before, figures, domains, rolled_up, files: marks, recorded, problems, broken }
}
