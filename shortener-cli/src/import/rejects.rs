//! The rows that failed, in the form of the file that they come from.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use crate::formats::{RejectsForm, RejectsWriter};

/// Takes rows that failed. There is no file until the first comes.
#[derive(Debug)]
pub(crate) struct Rejects {
    path: PathBuf,
    form: RejectsForm,
    writer: Option<RejectsWriter<BufWriter<File>>>,
}

impl Rejects {
    /// Rows go to this file.
    ///
    /// # Errors
    /// A file that an earlier run left there cannot be removed.
    pub(crate) fn new(path: &Path, form: RejectsForm) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), form, writer: None })
    }

    /// Takes a row, and why it failed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn push(&mut self, line: u64, raw: &str, reason: &str) -> io::Result<()> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => RejectsWriter::new(BufWriter::new(File::create(&self.path)?), self.form.clone()),
        };
        writer.write(line, raw, reason)?;
        self.writer = Some(writer);
        Ok(())
    }

    /// The file, complete and lasting; none if nothing was rejected.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn finish(self) -> io::Result<Option<PathBuf>> {
        let Some(writer) = self.writer else { return Ok(None) };
        let (_, file) = writer.finish()?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Some(self.path))
    }
}
