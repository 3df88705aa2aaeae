//! Reads the files of an hour, and counts its lines.

use std::collections::BTreeMap;
use std::io::Read;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::accumulate::{Accumulator, Counted, Part, Rules};
use super::super::manifest::Touched;
use super::super::{LogFile, Rejection, read_log};
use super::{Ingest, IngestError};
use crate::stats::Hour;

/// Files that are opened ahead of the one that is read.
const AHEAD: usize = 4;

/// Lines between two looks at the memory.
const LOOK_EVERY: u64 = 4_096;

/// What was read of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct FileRead {
    /// The hours that it touches.
    pub(super) touched: Touched,
    /// Lines that could not be counted.
    pub(super) rejected: BTreeMap<Rejection, u64>,
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
        reads: &mut [FileRead],
    ) -> Result<PartRead, IngestError> {
        let limit = if part.halves().is_some() { self.options.memory_bytes } else { usize::MAX };
        let mut accumulator = Box::new(Accumulator::new(rules.clone(), part));
        let opening: Vec<_> = files.iter().map(|file| self.source.open(file)).collect();
        let mut opened = stream::iter(opening).buffered(AHEAD);
        for (file, read) in files.iter().zip(reads) {
            if self.is_over() {
                return Ok(PartRead::OutOfTime);
            }
            let Some(reader) = opened.try_next().await? else { break };
            let named = file.hour;
            let counting = move || count_file(reader, hour, named, accumulator, limit);
            let failed = |source| IngestError::Read { file: file.name.clone(), source };
            let counted =
                tokio::task::spawn_blocking(counting).await.map_err(|error| failed(std::io::Error::other(error)))?;
            let progress = counted.map_err(failed)?;
            if progress.is_too_big {
                return Ok(PartRead::TooBig);
            }
            accumulator = progress.accumulator;
            *read = progress.read;
            if let Some(watch) = &self.watch {
                watch.read(progress.lines);
            }
        }
        Ok(PartRead::Counted(Box::new(accumulator.finish())))
    }
}

fn count_file(
    mut reader: Box<dyn Read + Send>,
    hour: Hour,
    named: Hour,
    mut accumulator: Box<Accumulator>,
    limit: usize,
) -> std::io::Result<Progress> {
    let (mut touched, mut outside, mut lines) = (Touched::default(), 0, 0_u64);
    let mut is_too_big = false;
    let report = read_log(reader.as_mut(), &mut |line| {
        let at = Hour::of_second(line.second);
        if !Touched::allows(named, at) {
            outside += 1;
            return;
        }
        touched.add(named, at);
        // What is too big is counted anew, in halves.
        if at != hour || is_too_big {
            return;
        }
        accumulator.line(line);
        lines += 1;
        is_too_big = lines % LOOK_EVERY == 0 && accumulator.size_bytes() > limit;
    })?;
    is_too_big |= accumulator.size_bytes() > limit;
    let mut rejected = report.rejected;
    if outside > 0 {
        *rejected.entry(Rejection::OutsideFile).or_default() += outside;
    }
    Ok(Progress { accumulator, read: FileRead { touched, rejected }, lines: report.lines, is_too_big })
}
