//! The files that a run sees, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::super::LogFile;
use super::super::manifest::{Content, Manifest, Name, Touched};
use super::{Ingest, IngestError};
use crate::stats::Hour;
use crate::stats::progress::all_of;
use crate::table::{Item, SortRange, TableError, keys};

/// Files at one moment, in the order of their names, with what the table knows of their hours.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) listed: Vec<LogFile>,
    pub(super) manifests: BTreeMap<Hour, Manifest>,
    /// The distribution whose files they are; none where there are several, and none is named.
    pub(super) distribution: Option<String>,
    /// Files of other distributions, which are left alone, by distribution.
    pub(super) foreign: BTreeMap<String, u64>,
}

impl Files {
    /// What the table knows of an hour.
    pub(super) fn manifest(&self, hour: Hour) -> Manifest {
        self.manifests.get(&hour).cloned().unwrap_or_default()
    }

    /// The hours that a file is known to touch; none if it is new.
    pub(super) fn touched(&self, file: &LogFile) -> Option<Touched> {
        self.manifests.get(&file.hour)?.touched(file)
    }

    /// The files of which not every line is counted.
    pub(super) fn new_ones(&self) -> impl Iterator<Item = &LogFile> {
        self.listed.iter().filter(|file| self.touched(file).is_none())
    }

    /// The hours in which lines of a file were counted, of whichever version of it.
    pub(super) fn touched_before(&self, file: &LogFile) -> impl Iterator<Item = Hour> {
        self.counted(file).map(|(_, touched)| *touched).unwrap_or_default().hours(file.hour)
    }

    /// How many files with lines of `hour` were counted before and are gone, by the hours that they were named for.
    pub(super) fn missing(&self, hour: Hour) -> BTreeMap<Hour, usize> {
        let there: BTreeSet<_> = self.listed.iter().map(|file| (file.hour, Name::of(file))).collect();
        let of = |named: Hour| {
            let counted = self.manifests.get(&named).into_iter().flat_map(|manifest| &manifest.files);
            let gone = counted.filter(|(name, _)| !there.contains(&(named, **name)));
            (named, gone.filter(|(_, (_, touched))| touched.has(named, hour)).count())
        };
        Touched::window(hour).into_iter().map(of).filter(|(_, gone)| *gone > 0).collect()
    }

    /// Whether a file that had lines of `hour` when it was counted has other content now.
    pub(super) fn has_replaced(&self, hour: Hour) -> bool {
        self.listed.iter().any(|file| {
            self.counted(file).is_some_and(|(content, touched)| {
                // One that has a rest is the same one, as far as is known.
                ![Content::of(file), Content::UNFINISHED].contains(content) && touched.has(file.hour, hour)
            })
        })
    }

    /// What a file was when it was counted, and the hours that it touched; none if it never was.
    fn counted(&self, file: &LogFile) -> Option<&(Content, Touched)> {
        self.manifests.get(&file.hour)?.files.get(&Name::of(file))
    }

    fn of(listed: Vec<LogFile>, distribution: Option<&str>) -> Self {
        let mut files = Self::default();
        let distributions: BTreeSet<_> = listed.iter().map(|file| file.distribution.clone()).collect();
        // Where none is named, all files must be of one.
        let only = distributions.first().filter(|_| distributions.len() == 1).cloned();
        files.distribution = distribution.map(str::to_owned).or(only);
        for file in listed {
            if files.distribution.as_ref() == Some(&file.distribution) {
                files.listed.push(file);
            } else {
                *files.foreign.entry(file.distribution).or_default() += 1;
            }
        }
        files.listed.sort_by(|a, b| (&a.name, &a.location).cmp(&(&b.name, &b.location)));
        // The same file found twice is read once.
        files.listed.dedup_by(|a, b| a.name == b.name && a.bytes == b.bytes && a.tag == b.tag);
        tell_apart(&mut files.listed);
        files
    }
}

/// Gives files of one name in several places names of their own, so that each is remembered.
fn tell_apart(files: &mut [LogFile]) {
    let mut before = (String::new(), 0);
    for file in files {
        if file.name == before.0 {
            before.1 += 1;
            file.name = format!("{} ({})", before.0, before.1);
        } else {
            before = (file.name.clone(), 0);
        }
    }
}

impl Ingest {
    async fn manifest_items(&self, range: SortRange) -> Result<Vec<Item>, TableError> {
        all_of(self.table.as_ref(), range).await
    }

    /// Lists the files whose names have one of these hours, all where it is none, and reads what is known of them.
    /// Only those of one distribution count.
    pub(super) async fn files(
        &self,
        hours: Option<RangeInclusive<Hour>>,
        distribution: Option<&str>,
    ) -> Result<Files, IngestError> {
        let listed = self.patiently(|| self.source.list(hours.clone())).await?;
        let mut files = Files::of(listed, distribution);
        let named = files.listed.iter().map(|file| file.hour);
        let (first, last) = match hours {
            Some(hours) => hours.into_inner(),
            None => match (named.clone().min(), named.max()) {
                (Some(first), Some(last)) => (first, last),
                _ => return Ok(files),
            },
        };
        let range = keys::ingest_hours(first, last);
        for item in self.patiently(|| self.manifest_items(range.clone())).await? {
            if let Some(hour) = keys::parse_ingest_hour(&item.key) {
                files.manifests.insert(hour, Manifest::decode(Some(&item))?);
            }
        }
        Ok(files)
    }
}
