//! Reads the files of an hour, and counts its lines.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::accumulate::{Accumulator, Counted, Part, Rules};
use super::super::manifest::Touched;
use super::super::{FileReport, LogFile, Rejection, SourceError, read_log};
use super::strays::{FileStrays, Strays};
use super::{Ingest, IngestError};
use crate::stats::Hour;

/// Files that are opened ahead of the one that is read.
const AHEAD: usize = 4;

/// Lines between two looks at the memory.
const LOOK_EVERY: u64 = 4_096;

/// What takes too much memory within so many lines is not let grow: the next look may be after as many again in another file.
const AHEAD_LINES: usize = 8_192;

/// What was read of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRead {
    /// The hours that it touches.
    pub(super) touched: Touched,
    /// Lines that could not be counted.
    pub(super) rejected: BTreeMap<Rejection, u64>,
    /// What is wrong with it as a whole.
    pub(super) broken: Option<String>,
}

/// What came of reading a part of an hour.
#[derive(Debug)]
pub(super) enum PartRead {
    /// All of it.
    Counted(Box<Counted>),
    /// It takes more memory than it may.
    TooBig,
    /// The time is over.
    OutOfTime,
}

/// What one file adds.
struct Progress {
    accumulator: Box<Accumulator>,
    read: FileRead,
    /// Lines of the hours beside; none where they are too many.
    strays: Option<FileStrays>,
    lines: u64,
    is_too_big: bool,
}

impl Ingest {
    /// Counts a part of an hour from its files, and says of each file what was read.
    pub(super) async fn read_part(
        &self,
        hour: Hour,
        files: &[LogFile],
        rules: &Rules,
        part: Part,
        (reads, strays): (&mut [FileRead], &Strays),
    ) -> Result<PartRead, IngestError> {
        let limit = if part.halves().is_some() { self.options.memory_bytes } else { usize::MAX };
        let mut accumulator = Box::new(Accumulator::new(rules.clone(), part));
        let opening: Vec<_> = files.iter().map(|file| self.open(file, hour, strays)).collect();
        let mut opened = stream::iter(opening).buffered(AHEAD);
        for (file, read) in files.iter().zip(reads) {
            if self.is_over() {
                return Ok(PartRead::OutOfTime);
            }
            let (named, latest) = (file.hour, rules.latest);
            let counting = match opened.try_next().await? {
                None => break,
                Some(Opened::Kept(kept)) => {
                    kept.of_hour(hour).for_each(|line| accumulator.line(&line));
                    read.touched = kept.touched;
                    continue;
                }
                Some(Opened::File(reader)) => move || count_file(reader, hour, named, latest, accumulator, limit),
            };
            let failed = |source| IngestError::Read { file: file.name.clone(), source };
            let counted =
                tokio::task::spawn_blocking(counting).await.map_err(|error| failed(std::io::Error::other(error)))?;
            let progress = counted.map_err(failed)?;
            if progress.is_too_big {
                return Ok(PartRead::TooBig);
            }
            accumulator = progress.accumulator;
            *read = progress.read;
            if let Some(kept) = progress.strays {
                strays.keep(file, kept);
            }
            if let Some(watch) = &self.watch {
                watch.read(progress.lines);
            }
        }
        Ok(PartRead::Counted(Box::new(accumulator.finish())))
    }

    /// Opens a file, unless all that it has of an hour beside its own is kept.
    async fn open(&self, file: &LogFile, hour: Hour, strays: &Strays) -> Result<Opened, SourceError> {
        match strays.of(file).filter(|_| file.hour != hour) {
            Some(kept) => Ok(Opened::Kept(kept)),
            None => Ok(Opened::File(self.source.open(file).await?)),
        }
    }
}

/// Where the lines of a file come from.
enum Opened {
    Kept(Arc<FileStrays>),
    File(Box<dyn Read + Send>),
}

fn count_file(
    mut reader: Box<dyn Read + Send>,
    hour: Hour,
    named: Hour,
    latest: Hour,
    mut accumulator: Box<Accumulator>,
    limit: usize,
) -> std::io::Result<Progress> {
    let (mut touched, mut lines) = (Touched::default(), 0_u64);
    let mut elsewhere = FileReport::new();
    let mut is_too_big = false;
    // Of another hour's file the strays would be most of it.
    let mut strays = (named == hour).then(FileStrays::default);
    let mut report = read_log(reader.as_mut(), &mut |line| {
        let at = Hour::of_second(line.second);
        if !Touched::allows(named, at) {
            return elsewhere.reject(Rejection::OutsideFile);
        }
        if at > latest {
            // What is kept would hide that something is left.
            strays = None;
            return elsewhere.reject(Rejection::Future);
        }
        touched.add(named, at);
        if at != hour {
            strays = strays.take().and_then(|mut kept| kept.push(line).then_some(kept));
            return;
        }
        // What is too big is counted anew, in halves.
        if is_too_big {
            return;
        }
        accumulator.line(line);
        lines += 1;
        is_too_big = lines % LOOK_EVERY == 0 && accumulator.size_bytes(AHEAD_LINES) > limit;
    })?;
    is_too_big |= accumulator.size_bytes(AHEAD_LINES) > limit;
    let read = report.lines;
    report.lines -= elsewhere.rejected.get(&Rejection::OutsideFile).copied().unwrap_or_default();
    report.rejected.extend(elsewhere.rejected);
    if let Some(kept) = &mut strays {
        kept.touched = touched;
    }
    let broken = report.broken();
    let file = FileRead { touched, rejected: report.rejected, broken };
    Ok(Progress { accumulator, read: file, strays, lines: read, is_too_big })
}
