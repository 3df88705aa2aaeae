//! What became of each row: a byte for each on disk, and the journal that outlives the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::journal::Journal;
use super::outcome::{Outcome, Totals};

/// Batches that wait to be made durable before the writing pass does.
const QUEUE: usize = 256;

/// What became of rows that follow each other, from this one on.
pub(crate) type Rows = (u64, Vec<Option<Outcome>>);

/// What became of each row. The file has no name.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    file: Arc<Mutex<File>>,
    rows: u64,
}

impl Ledger {
    /// Nothing is known of so many rows.
    ///
    /// # Errors
    /// There is no room for temporary files.
    pub(crate) fn new(rows: u64) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        file.set_len(rows)?;
        Ok(Self { file: Arc::new(Mutex::new(file)), rows })
    }

    /// Notes what became of rows; what is none stays as it was.
    ///
    /// # Errors
    /// The disk is full, or there are no such rows.
    pub(crate) fn note(&self, first: u64, outcomes: &[Option<Outcome>]) -> io::Result<()> {
        let known = self.read(first, outcomes.len())?;
        let after = outcomes.iter().zip(known).map(|(new, known)| new.or(known).map_or(0, |outcome| outcome as u8));
        let bytes: Vec<u8> = after.collect();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(first))?;
        file.write_all(&bytes)
    }

    /// What became of rows.
    ///
    /// # Errors
    /// There are no such rows.
    pub(crate) fn read(&self, first: u64, length: usize) -> io::Result<Vec<Option<Outcome>>> {
        let mut bytes = vec![0; length];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(first))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes.into_iter().map(Outcome::of_byte).collect())
    }

    /// How many rows ended how.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn totals(&self) -> io::Result<Totals> {
        let mut totals = Totals::default();
        let mut first = 0;
        while first < self.rows {
            let length = (self.rows - first).min(64 * 1024);
            let known = self.read(first, usize::try_from(length).map_err(io::Error::other)?)?;
            known.into_iter().flatten().for_each(|outcome| totals.count(outcome));
            first += length;
        }
        Ok(totals)
    }
}

/// Makes the ledger last while the import goes on: all batches that have come together share one fsync.
#[derive(Debug)]
pub(crate) struct Scribe {
    queue: mpsc::Sender<Rows>,
    work: JoinHandle<io::Result<Journal>>,
}

impl Scribe {
    /// Begins to write.
    pub(crate) fn start(journal: Journal) -> Self {
        let (queue, batches) = mpsc::channel(QUEUE);
        let work = tokio::task::spawn_blocking(move || write(journal, batches));
        Self { queue, work }
    }

    /// Takes what became of a batch; false if the journal can no longer be written, which [`Self::finish`] explains.
    pub(crate) async fn take(&self, rows: Rows) -> bool {
        self.queue.send(rows).await.is_ok()
    }

    /// Waits until everything lasts.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub(crate) async fn finish(self) -> io::Result<Journal> {
        drop(self.queue);
        self.work.await.map_err(io::Error::other)?
    }
}

fn write(mut journal: Journal, mut batches: mpsc::Receiver<Rows>) -> io::Result<Journal> {
    while let Some(first) = batches.blocking_recv() {
        let mut together = vec![first];
        while let Ok(next) = batches.try_recv() {
            together.push(next);
        }
        journal.record(&together)?;
    }
    Ok(journal)
}
