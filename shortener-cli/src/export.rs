//! Writing links to a file: `short export`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use shortener_core::operations::Operations;
use shortener_core::table::Order;
use shortener_core::wire::{Link, LinkFilter, Problem, ProblemCode};
use tempfile::NamedTempFile;

use crate::again::patiently;
use crate::formats::OwnWriter;

/// Most links in a page.
const PAGE: u16 = 1000;

/// Writes every link of a filter, oldest first; answers the writer and how many. The file is begun once there is something
/// to say. `progress` hears how many were read with each page.
///
/// A change moves no link in this order, so that what others do meanwhile neither repeats nor skips one.
///
/// # Errors
/// The links cannot be read, though asked for again, or not written.
pub(crate) async fn copy<W: Write>(
    operations: &dyn Operations,
    filter: LinkFilter,
    begin: impl FnOnce() -> io::Result<OwnWriter<W>>,
    progress: impl Fn(u64),
) -> anyhow::Result<(OwnWriter<W>, u64)> {
    // The index by target is in the order of targets, in which a change does move a link.
    let host = filter.target_host.map(|host| host.trim().to_ascii_lowercase());
    let mut filter = LinkFilter { target_host: None, order: Some(Order::Ascending), limit: Some(PAGE), ..filter };
    let mut page = patiently(|| operations.list(&filter)).await?;
    let mut writer = begin()?;
    let mut written = 0;
    loop {
        let is_meant = |link: &&Link| host.as_deref().is_none_or(|host| link.target.host() == host);
        for link in page.links.iter().filter(is_meant) {
            writer.write(link)?;
            written += 1;
        }
        progress(page.links.len() as u64);
        filter.cursor = page.next_cursor;
        if filter.cursor.is_none() {
            return Ok((writer, written));
        }
        page = patiently(|| operations.list(&filter)).await?;
    }
}

/// A file that is complete once it is there.
#[derive(Debug)]
pub(crate) struct CompleteFile {
    path: PathBuf,
    partial: NamedTempFile,
}

impl CompleteFile {
    /// Begins the file beside its place.
    ///
    /// # Errors
    /// The folder cannot be written, or something that is no file has the name.
    pub(crate) fn begin(path: &Path) -> Result<Self, Problem> {
        if path.exists() && !path.is_file() {
            let detail = format!("{} is no file", path.display());
            return Err(Problem::new(ProblemCode::Invalid, detail).with_hint("name a file by --to"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".short-export-");
        #[cfg(unix)]
        builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
        let partial = builder.tempfile_in(folder).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), partial })
    }

    /// Where to write.
    ///
    /// # Errors
    /// The system gives no second handle.
    pub(crate) fn writer(&self) -> io::Result<File> {
        self.partial.as_file().try_clone()
    }

    /// Puts the file into its place, with all of its bytes on the disk.
    ///
    /// # Errors
    /// The disk is full, or the place is taken by what cannot be replaced.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Self { path, partial } = self;
        partial.as_file().sync_all().map_err(|error| unwritable(&path, &error))?;
        partial.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // Not every file system can do this, and the file is whole without it.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    let why = match error.kind() {
        ErrorKind::NotFound => "its folder does not exist".to_owned(),
        other => other.to_string(),
    };
    let detail = format!("cannot write {}: {why}", path.display());
    Problem::new(ProblemCode::Internal, detail).with_hint("check the folder, who may write to it, and its free space")
}

/// Whether a file is there that would be replaced.
pub(crate) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
