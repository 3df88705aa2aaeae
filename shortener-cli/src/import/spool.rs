//! The rows of the file on disk, read and judged once and then gone through as often as needed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shortener_core::wire::CreateLink;

use super::outcome::Reason;
use crate::comparison::Fields;

/// Bytes that are read or written at a time.
const BUFFER: usize = 128 * 1024;

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The line on which it begins.
    pub(crate) line: u64,
    /// The link it asks for; without a meaning if it could not be read.
    pub(crate) request: CreateLink,
    /// The fields it speaks of.
    pub(crate) given: Fields,
    /// Why it can be no link.
    pub(crate) refused: Option<Reason>,
    /// The row as it stands in the file.
    #[serde(skip)]
    pub(crate) raw: String,
}

/// Takes rows. The file has no name, so that nothing is left of it whatever happens.
#[derive(Debug)]
pub(crate) struct SpoolWriter {
    file: BufWriter<File>,
    digest: Sha256,
    rows: u64,
    json: Vec<u8>,
}

/// All rows of a file.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    /// How many there are.
    pub(crate) rows: u64,
    /// What is imported, as 256 bits: what the rows say, not whether they may.
    pub(crate) digest: [u8; 32],
}

impl SpoolWriter {
    /// # Errors
    /// There is no room for temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile()?);
        Ok(Self { file, digest: Sha256::new(), rows: 0, json: Vec::new() })
    }

    /// Appends a row: the lengths of its two parts, the row as JSON, and as it stands in the file.
    ///
    /// # Errors
    /// The disk is full.
    pub(crate) fn push(&mut self, entry: &Entry) -> io::Result<()> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, entry)?;
        self.file.write_all(&length(&self.json)?)?;
        self.file.write_all(&length(entry.raw.as_bytes())?)?;
        self.file.write_all(&self.json)?;
        self.file.write_all(entry.raw.as_bytes())?;
        self.rows += 1;
        if entry.refused.is_some() {
            // Whether it is refused depends on rules that change; what it says does not.
            self.json.clear();
            serde_json::to_writer(&mut self.json, &Entry { refused: None, ..entry.clone() })?;
        }
        self.digest.update(length(&self.json)?);
        self.digest.update(&self.json);
        self.digest.update(length(entry.raw.as_bytes())?);
        self.digest.update(entry.raw.as_bytes());
        Ok(())
    }

    /// # Errors
    /// The disk is full.
    pub(crate) fn finish(self) -> io::Result<Spool> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Spool { file, rows: self.rows, digest: self.digest.finalize().into() })
    }
}

impl Spool {
    /// The rows in the order of the file. Only one reader at a time: they share a position.
    ///
    /// # Errors
    /// The disk fails.
    pub(crate) fn read(&self) -> io::Result<SpoolReader> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(SpoolReader { file: BufReader::with_capacity(BUFFER, file), json: Vec::new() })
    }
}

/// Goes through the rows.
#[derive(Debug)]
pub(crate) struct SpoolReader {
    file: BufReader<File>,
    json: Vec<u8>,
}

impl Iterator for SpoolReader {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.file.fill_buf_is_empty() {
            Ok(true) => None,
            Ok(false) => Some(self.entry()),
            Err(error) => Some(Err(error)),
        }
    }
}

impl SpoolReader {
    fn entry(&mut self) -> io::Result<Entry> {
        let (json, raw) = (self.length()?, self.length()?);
        self.json.resize(json, 0);
        self.file.read_exact(&mut self.json)?;
        let mut entry: Entry = serde_json::from_slice(&self.json)?;
        let mut bytes = vec![0; raw];
        self.file.read_exact(&mut bytes)?;
        entry.raw = String::from_utf8(bytes).map_err(io::Error::other)?;
        Ok(entry)
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes)?;
        usize::try_from(u32::from_le_bytes(bytes)).map_err(io::Error::other)
    }
}

/// Whether a reader is at its end.
trait AtEnd {
    fn fill_buf_is_empty(&mut self) -> io::Result<bool>;
}

impl AtEnd for BufReader<File> {
    fn fill_buf_is_empty(&mut self) -> io::Result<bool> {
        Ok(io::BufRead::fill_buf(self)?.is_empty())
    }
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    Ok(u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes())
}
