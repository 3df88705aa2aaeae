//! The journal: which rows are done, so that a later run need not ask about them again.
//!
//! A text file beside the rejects: a line for what is imported, then a line for each batch, each with its CRC-32. A line
//! that was torn by a crash, and what follows it, counts as not written. Losing it loses no link: it only saves work.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// Version of the file's form.
const VERSION: u32 = 1;

/// Longest line: 500 rows, each with another outcome than the one before.
const LONGEST: u64 = 16 * 1024;

/// What is imported, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// Version of the file's form.
    version: u32,
    /// The rows, as 256 bits.
    pub(crate) rows: String,
    /// How many rows there are.
    pub(crate) count: u64,
    /// Where the links go.
    pub(crate) table: String,
    /// What is done about taken codes.
    pub(crate) on_conflict: String,
}

/// Rows that are done.
#[derive(Debug, Serialize, Deserialize)]
struct Done {
    first: u64,
    rows: String,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// It cannot be read or written.
    #[error("{path}: {}", .source.kind())]
    Io {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("{0}: another import is writing this journal")]
    Busy(PathBuf),
    /// It is none, or of another version.
    #[error("{0} is no journal of an import by this version")]
    Foreign(PathBuf),
    /// It belongs to something else.
    #[error("{path} is the journal of another import: {difference}")]
    Other {
        /// Where it is.
        path: PathBuf,
        /// What is different.
        difference: &'static str,
    },
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
}

impl Header {
    /// What is imported.
    pub(crate) fn new(rows: String, count: u64, table: String, on_conflict: &str) -> Self {
        Self { version: VERSION, rows, count, table, on_conflict: on_conflict.to_owned() }
    }

    fn difference(&self, found: &Self) -> Option<&'static str> {
        if (&found.rows, found.count) != (&self.rows, self.count) {
            return Some("its rows are others (another file, or other --map, --format, --domain or --tag)");
        }
        if found.table != self.table {
            return Some("its links went elsewhere (another --file, --table or --api)");
        }
        (found.on_conflict != self.on_conflict).then_some("it was made with another --on-conflict")
    }
}

impl Journal {
    /// Begins anew, whatever is there.
    ///
    /// # Errors
    /// It cannot be written, or another process writes it.
    pub(crate) fn create(path: &Path, header: &Header) -> Result<Self, JournalError> {
        let mut journal = Self::open(path)?;
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        journal.file.set_len(0).map_err(failed)?;
        journal.append(&[header]).map_err(failed)?;
        Ok(journal)
    }

    /// Goes on with what is there, and tells which rows are done; begins anew if nothing is there.
    ///
    /// # Errors
    /// It belongs to another import, cannot be written, or another process writes it.
    pub(crate) fn resume(
        path: &Path,
        header: &Header,
        done: impl FnMut(u64, &[Option<Outcome>]) -> io::Result<()>,
    ) -> Result<Self, JournalError> {
        let mut journal = Self::open(path)?;
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let Some(found) = journal.header().map_err(failed)? else {
            if journal.file.metadata().map_err(failed)?.len() > LONGEST {
                return Err(JournalError::Foreign(path.to_owned()));
            }
            return Self::create_in(journal, header);
        };
        let found: Header = serde_json::from_slice(&found).map_err(|_| JournalError::Foreign(path.to_owned()))?;
        if found.version != VERSION {
            return Err(JournalError::Foreign(path.to_owned()));
        }
        if let Some(difference) = header.difference(&found) {
            return Err(JournalError::Other { path: path.to_owned(), difference });
        }
        let valid = journal.replay(done).map_err(failed)?;
        journal.file.set_len(valid).map_err(failed)?;
        journal.file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(journal)
    }

    /// Whether a file is the journal of this import.
    pub(crate) fn belongs_to(path: &Path, header: &Header) -> bool {
        let first = File::open(path).ok().and_then(|file| line(&mut BufReader::new(file)).ok()?);
        first.is_some_and(|(json, _)| serde_json::from_slice::<Header>(&json).is_ok_and(|found| found == *header))
    }

    fn create_in(mut journal: Self, header: &Header) -> Result<Self, JournalError> {
        let begun = journal.file.set_len(0).and_then(|()| journal.file.rewind());
        begun
            .and_then(|()| journal.append(&[header]))
            .map_err(|source| JournalError::Io { path: journal.path.clone(), source })?;
        Ok(journal)
    }

    /// Appends what became of batches, and makes it last.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn record(&mut self, batches: &[(u64, Vec<Option<Outcome>>)]) -> io::Result<()> {
        let done: Vec<Done> =
            batches.iter().map(|(first, rows)| Done { first: *first, rows: run_lengths(rows) }).collect();
        self.append(&done)
    }

    /// Removes the file: nothing is left to do.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path: path.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Busy(path.to_owned())),
            // Some file systems have no locks.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Self { file, path: path.to_owned() })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn append<T: Serialize>(&mut self, lines: &[T]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            let json = serde_json::to_vec(line)?;
            write!(text, "{:08x} ", crc32fast::hash(&json))?;
            text.extend(json);
            text.push(b'\n');
        }
        self.file.write_all(&text)?;
        self.file.sync_data()
    }

    /// The first line, if it is whole.
    fn header(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.file.rewind()?;
        Ok(line(&mut BufReader::new(&self.file))?.map(|(json, _)| json))
    }

    /// Tells what became of rows, and to how many bytes the file is whole.
    fn replay(&mut self, mut done: impl FnMut(u64, &[Option<Outcome>]) -> io::Result<()>) -> io::Result<u64> {
        self.file.rewind()?;
        let mut reader = BufReader::new(&self.file);
        let mut valid = line(&mut reader)?.map_or(0, |(_, length)| length);
        while let Some((json, length)) = line(&mut reader)? {
            let Ok(record) = serde_json::from_slice::<Done>(&json) else { break };
            let Some(rows) = outcomes(&record.rows) else { break };
            done(record.first, &rows)?;
            valid += length;
        }
        Ok(valid)
    }
}

/// Reads a line whose checksum fits, and its whole length; none at the end, or where the file is torn.
fn line(reader: &mut impl BufRead) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut line = Vec::new();
    let length = reader.take(LONGEST).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') || line.len() < 9 {
        return Ok(None);
    }
    let (sum, json) = line.split_at(9);
    let expected = format!("{:08x} ", crc32fast::hash(json));
    Ok((sum == expected.as_bytes()).then(|| (json.to_vec(), u64::try_from(length).unwrap_or(u64::MAX))))
}

/// Outcomes as letters with how often they follow each other: `498c2u`; a row that is not done is `-`.
fn run_lengths(rows: &[Option<Outcome>]) -> String {
    let mut text = String::new();
    for run in rows.chunk_by(|a, b| a == b) {
        text.push_str(&run.len().to_string());
        text.push(letter(run[0]));
    }
    text
}

fn outcomes(text: &str) -> Option<Vec<Option<Outcome>>> {
    let mut rows = Vec::new();
    let mut count = 0_usize;
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            count = count.checked_mul(10)?.checked_add(usize::try_from(digit).ok()?)?;
            continue;
        }
        let mut all = std::iter::once(None).chain(Outcome::ALL.map(Some));
        let outcome = all.find(|outcome| letter(*outcome) == character)?;
        rows.extend((count <= super::BATCH).then(|| std::iter::repeat_n(outcome, count))?);
        count = 0;
    }
    Some(rows)
}

/// Only what is done has a letter of its own: everything else is tried again.
fn letter(outcome: Option<Outcome>) -> char {
    match outcome {
        Some(Outcome::Created) => 'c',
        Some(Outcome::Unchanged) => 'u',
        Some(Outcome::Updated) => 'o',
        Some(Outcome::Skipped) => 's',
        Some(Outcome::Conflict | Outcome::Invalid | Outcome::Failed) | None => '-',
    }
}

#[cfg(test)]
mod tests;
