//! The file that is imported, opened, and where its rejected rows go.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::exit::Stopped;
use crate::formats::{self, Input, ReadOptions, Source};

/// An opened file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) source: Source,
    /// What people call it.
    pub(super) name: String,
    /// Where standard input was written; removed when this is dropped.
    pub(super) spooled: Option<TempPath>,
}

/// Opens a file, or standard input, which is first written to disk: what it is can only be found out by reading it twice.
///
/// # Errors
/// [`formats::FileError`] if it cannot be read or is nothing known, [`io::Error`] if the disk is full.
pub(super) fn open(file: Option<&Path>, options: &ReadOptions) -> anyhow::Result<Opened> {
    let (input, spooled) = if let Some(path) = file {
        (Input::File(path.to_owned()), None)
    } else {
        let mut copy = tempfile::NamedTempFile::new()?;
        io::copy(&mut io::stdin().lock(), &mut copy)?;
        let path = copy.into_temp_path();
        (Input::Stdin(path.to_path_buf()), Some(path))
    };
    let source = formats::open(&input, options)?;
    Ok(Opened { source, name: input.name(), spooled })
}

/// The file for rejected rows: what was asked for, else beside the imported one, with `.rejects` in its name.
///
/// # Errors
/// It would replace the imported file, or its folder is none.
pub(super) fn report(asked: Option<&Path>, file: Option<&Path>, extension: &str) -> Result<PathBuf, Stopped> {
    let path = match (asked, file) {
        (Some(path), _) => path.to_owned(),
        (None, Some(file)) => rejects_of(file, extension),
        (None, None) => PathBuf::from(format!("import.rejects.{extension}")),
    };
    let same = |file: &Path| {
        path == file || path.canonicalize().is_ok_and(|path| file.canonicalize().is_ok_and(|f| f == path))
    };
    if file.is_some_and(same) {
        let detail = format!("--report would replace {}, which is imported", path.display());
        return Err(Stopped::usage(detail, "name another file by --report"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let detail = format!("there is no folder {} for the rows that fail", folder.display());
        return Err(Stopped::usage(detail, "name a file elsewhere by --report"));
    }
    Ok(path)
}

/// `links.csv.gz` has its rejects in `links.rejects.csv`.
fn rejects_of(file: &Path, extension: &str) -> PathBuf {
    let is_compression = |extension: &OsStr| extension == "gz" || extension == "zst";
    let plain = if file.extension().is_some_and(is_compression) { file.with_extension("") } else { file.to_owned() };
    let mut name = plain.file_stem().map_or_else(|| OsString::from("import"), OsStr::to_owned);
    name.push(format!(".rejects.{extension}"));
    file.with_file_name(name)
}

/// The journal beside the rejected rows.
pub(super) fn journal_of(report: &Path) -> PathBuf {
    let mut name = report.as_os_str().to_owned();
    name.push(".journal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_lie_beside_the_file() {
        for (file, extension, rejects) in [
            ("links.csv", "csv", "links.rejects.csv"),
            ("./links.csv.gz", "csv", "./links.rejects.csv"),
            ("dump.sql.zst", "csv", "dump.rejects.csv"),
            ("links", "ndjson", "links.rejects.ndjson"),
        ] {
            let found = report(None, Some(Path::new(file)), extension).unwrap();
            assert_eq!(found, Path::new(rejects));
            assert_eq!(journal_of(&found), PathBuf::from(format!("{rejects}.journal")));
        }
        assert_eq!(report(None, None, "csv").unwrap(), Path::new("import.rejects.csv"));
        assert!(report(Some(Path::new("a.csv")), Some(Path::new("a.csv")), "csv").is_err());
        assert!(report(Some(Path::new("no/such/a.csv")), None, "csv").is_err());
    }
}
