//! The first pass: every row is read, judged, and kept on disk. Nothing is written to the table meanwhile.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use shortener_core::operations::Operations;
use shortener_core::service::Content;
use shortener_core::wire::{CreateLink, Problem};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::BATCH;
use super::duplicates::{Annotation, Finder, Kind, Pile, Sighting};
use super::judge::Settlement;
use super::outcome::{Outcome, Reason, RowNote};
use super::patience::Endurance;
use super::rows;
use super::samples::{SHOWN, note};
use super::spool::{Entry, Spool, SpoolWriter};
use crate::comparison::{Field, Fields};
use crate::formats::{FileError, Record, Row};

/// Batches that wait between two stages.
const QUEUE: usize = 1;

/// Batches that are judged at the same time.
const JUDGED: usize = 4;

/// What the command line says of every row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Additions {
    /// Domain of the rows that name none.
    pub(crate) domain: Option<String>,
    /// Tags of all rows.
    pub(crate) tags: Vec<String>,
}

/// A file that was read and judged.
#[derive(Debug)]
pub(crate) struct Collected {
    /// Its rows.
    pub(crate) spool: Spool,
    /// Which of them are not the first of their kind.
    pub(crate) duplicates: Pile<Annotation>,
}

/// What the first pass needs.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Who judges the rows.
    pub(crate) operations: Arc<dyn Operations>,
    /// What is added to every row.
    pub(crate) additions: Additions,
    /// How long to wait for a judgement.
    pub(crate) endurance: Endurance,
    /// More invalid rows than this end the pass.
    pub(crate) max_errors: Option<u64>,
}

/// How the first pass ended.
#[derive(Debug)]
pub(crate) enum Ending<S> {
    /// Every row was read. The source says what it could not keep.
    Whole(Box<Collected>, S),
    /// There were too many invalid rows; these are the first.
    TooMany(Vec<RowNote>),
}

/// Goes through all records.
///
/// # Errors
/// [`FileError`] if the file cannot be read to its end, [`Problem`] if the rows cannot be judged, [`io::Error`] if the disk
/// is full.
pub(crate) async fn collect<S>(
    reading: Reading,
    records: S,
    progress: impl Fn(u64) + Send + 'static,
) -> anyhow::Result<Ending<S>>
where
    S: Iterator<Item = Result<Record, FileError>> + Send + 'static,
{
    let (to_judges, mut read) = mpsc::channel(QUEUE);
    let (to_keeper, judged) = mpsc::channel(QUEUE);
    let additions = reading.additions.clone();
    let reader = tokio::task::spawn_blocking(move || read_all(records, &additions, &to_judges));
    let max_errors = reading.max_errors;
    let keeper = tokio::task::spawn_blocking(move || keep_all(judged, max_errors, progress));
    let judges = judge_all(Arc::new(reading), &mut read, to_keeper).await;
    drop(read);
    let (records, reader) = reader.await?;
    let kept = keeper.await??;
    // What the reader says comes first: the other stages end when it does.
    reader?;
    judges?;
    Ok(match kept {
        Kept::Whole(collected) => Ending::Whole(collected, records),
        Kept::TooMany(first) => Ending::TooMany(first),
    })
}

fn read_all<S>(mut records: S, additions: &Additions, to: &mpsc::Sender<Vec<Entry>>) -> (S, Result<(), FileError>)
where
    S: Iterator<Item = Result<Record, FileError>>,
{
    loop {
        let some: Result<Vec<Entry>, FileError> =
            records.by_ref().take(BATCH).map(|record| record.map(|record| entry(record, additions))).collect();
        match some {
            Err(error) => return (records, Err(error)),
            Ok(some) => {
                if some.is_empty() || to.blocking_send(some).is_err() {
                    return (records, Ok(()));
                }
            }
        }
    }
}

fn entry(record: Record, additions: &Additions) -> Entry {
    let Record { line, raw, row } = record;
    match row {
        Ok(Row { mut request, mut given }) => {
            request.domain = request.domain.or_else(|| additions.domain.clone());
            if !additions.tags.is_empty() {
                request.tags.extend_from_slice(&additions.tags);
                given = given.with(Field::Tags);
            }
            request.occurrence = Some(1);
            Entry { line, request, given, refused: None, raw }
        }
        Err(violations) => Entry {
            line,
            request: CreateLink::default(),
            given: Fields::default(),
            refused: Some(Reason::of_violations(&violations)),
            raw,
        },
    }
}

type Judged = JoinHandle<Result<Vec<Entry>, Problem>>;

/// Judges batches, several at a time, and hands them on in their order.
async fn judge_all(
    reading: Arc<Reading>,
    read: &mut mpsc::Receiver<Vec<Entry>>,
    to: mpsc::Sender<Vec<Entry>>,
) -> anyhow::Result<()> {
    let mut under_way: VecDeque<Judged> = VecDeque::new();
    loop {
        let more = if under_way.len() < JUDGED { read.recv().await } else { None };
        if let Some(some) = more {
            under_way.push_back(tokio::spawn(judge(Arc::clone(&reading), some)));
            continue;
        }
        let Some(first) = under_way.pop_front() else { return Ok(()) };
        if to.send(first.await??).await.is_err() {
            return Ok(());
        }
    }
}

async fn judge(reading: Arc<Reading>, mut some: Vec<Entry>) -> Result<Vec<Entry>, Problem> {
    let readable: Vec<usize> = (0..some.len()).filter(|at| some[*at].refused.is_none()).collect();
    let requests: Vec<CreateLink> = readable.iter().map(|at| std::mem::take(&mut some[*at].request)).collect();
    if requests.is_empty() {
        return Ok(some);
    }
    let verdicts = reading.endurance.insist(|| reading.operations.check_batch(&requests)).await?;
    for ((at, request), verdict) in readable.into_iter().zip(requests).zip(verdicts) {
        some[at].request = request;
        some[at].refused = verdict.as_ref().map(Reason::from);
    }
    Ok(some)
}

enum Kept {
    Whole(Box<Collected>),
    TooMany(Vec<RowNote>),
}

fn keep_all(
    mut judged: mpsc::Receiver<Vec<Entry>>,
    max_errors: Option<u64>,
    progress: impl Fn(u64),
) -> io::Result<Kept> {
    let (spool, finder) = (SpoolWriter::new()?, Finder::new());
    let mut keeper = Keeper { spool, finder, rows: 0, refused: Vec::new(), errors: 0 };
    while let Some(some) = judged.blocking_recv() {
        progress(some.len() as u64);
        for entry in some {
            keeper.keep(entry)?;
        }
        if max_errors.is_some_and(|max| keeper.errors > max) {
            return Ok(Kept::TooMany(keeper.refused));
        }
    }
    let mut collected = Collected { spool: keeper.spool.finish()?, duplicates: keeper.finder.finish()? };
    if let Some(max) = max_errors
        && keeper.errors + codes_twice(&mut collected.duplicates)? > max
    {
        return Ok(Kept::TooMany(rows::first_invalid(&mut collected, SHOWN)?));
    }
    Ok(Kept::Whole(Box::new(collected)))
}

/// How many rows name the code of an earlier one and say something else.
fn codes_twice(duplicates: &mut Pile<Annotation>) -> io::Result<u64> {
    let mut count = 0;
    for annotation in duplicates.read()? {
        count += u64::from(matches!(annotation?.kind, Kind::CodeOf(_)));
    }
    Ok(count)
}

/// Keeps rows on disk.
#[derive(Debug)]
struct Keeper {
    spool: SpoolWriter,
    finder: Finder,
    rows: u64,
    /// The first refused rows.
    refused: Vec<RowNote>,
    errors: u64,
}

impl Keeper {
    fn keep(&mut self, mut entry: Entry) -> io::Result<()> {
        if entry.refused.is_none() {
            match Content::of(&entry.request) {
                Some(content) => self.finder.add(Sighting::new(self.rows, entry.line, &content))?,
                None => entry.refused = Some(Reason::new("unreadable", "the row cannot be told from others")),
            }
        }
        self.spool.push(&entry)?;
        self.rows += 1;
        if let Some(reason) = entry.refused {
            self.errors += 1;
            if self.refused.len() < SHOWN {
                let Entry { line, request, .. } = entry;
                let shown = Settlement::because(Outcome::Invalid, reason);
                self.refused.push(note(line, &request, &shown));
            }
        }
        Ok(())
    }
}
