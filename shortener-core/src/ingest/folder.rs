//! Access logs in files and folders of this machine.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;

use super::left_alone::{LeftAlone, Seen};
use super::source::{LogFile, LogSource, SourceError};
use crate::stats::Hour;

/// Folders in folders that are followed: real ones end long before, circles of links do not.
const DEEPEST: usize = 64;

/// Files, and folders with all that is in them.
#[derive(Debug, Clone)]
pub struct Folder {
    paths: Vec<PathBuf>,
    seen: Seen,
}

impl Folder {
    /// Logs at these paths.
    pub fn new(paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self { paths: paths.into_iter().map(Into::into).collect(), seen: Seen::default() }
    }

    /// Lists them, each file once however often it is reached.
    fn files(&self) -> Result<Vec<LogFile>, SourceError> {
        let mut walk = Walk::default();
        for path in &self.paths {
            walk.visit(path, 0)?;
        }
        self.seen.set(walk.left_alone);
        Ok(walk.files)
    }
}

#[async_trait]
impl LogSource for Folder {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        let folder = self.clone();
        let mut files = on_a_thread(move || folder.files()).await?;
        files.retain(|file| hours.as_ref().is_none_or(|hours| hours.contains(&file.hour)));
        Ok(files)
    }

    fn left_alone(&self) -> LeftAlone {
        self.seen.get()
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        let path = PathBuf::from(&file.location);
        let opened = on_a_thread(move || File::open(&path).map_err(|error| unreadable(&path, error))).await?;
        Ok(Box::new(opened))
    }
}

/// Runs what waits for a disk where it holds up nothing else.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(SourceError::Unavailable { place: "the folder".to_owned(), source: error.into() }))
}

#[derive(Default)]
struct Walk {
    files: Vec<LogFile>,
    /// Files and folders that were visited, by their real paths.
    visited: BTreeSet<PathBuf>,
    left_alone: LeftAlone,
}

impl Walk {
    /// Visits what is at a path; `depth` is 0 for those that were named.
    fn visit(&mut self, path: &Path, depth: usize) -> Result<(), SourceError> {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            // A link to nothing, under a name that is no log's.
            Err(error) if depth > 0 && error.kind() == ErrorKind::NotFound && name_of_log(path).is_none() => {
                self.leave_alone(path);
                return Ok(());
            }
            Err(error) => return Err(unreadable(path, error)),
        };
        if depth > DEEPEST || !self.visited.insert(real) {
            return Ok(());
        }
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if metadata.is_dir() {
            return self.visit_all(path, depth);
        }
        match log_file(path, &metadata) {
            Ok(file) => self.files.push(file),
            Err(_) if depth > 0 && (name_of_log(path).is_none() || !metadata.is_file()) => self.leave_alone(path),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn leave_alone(&mut self, path: &Path) {
        self.left_alone.add(|| path.display().to_string());
    }

    fn visit_all(&mut self, folder: &Path, depth: usize) -> Result<(), SourceError> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<_> =
            entries.map_err(|error| unreadable(folder, error))?.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        for path in paths {
            // What tools and people keep beside logs under such names is none.
            if !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                self.visit(&path, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The name of a file, the distribution and the hour in it, if it is that of a log.
fn name_of_log(path: &Path) -> Option<(&str, &str, Hour)> {
    let name = path.file_name()?.to_str()?;
    let (distribution, hour) = LogFile::parse_name(name)?;
    Some((name, distribution, hour))
}

fn log_file(path: &Path, metadata: &Metadata) -> Result<LogFile, SourceError> {
    if !metadata.is_file() {
        return Err(refused(path, "this is neither a file nor a folder"));
    }
    let Some((name, distribution, hour)) = name_of_log(path) else {
        return Err(SourceError::NoLog { place: path.display().to_string() });
    };
    let location = path.to_str().ok_or_else(|| refused(path, "its path is no UTF-8"))?;
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(LogFile {
        name: name.to_owned(),
        hour,
        distribution: distribution.to_owned(),
        location: location.to_owned(),
        bytes: metadata.len(),
        tag: format!("{}-{}", metadata.len(), modified.as_nanos()),
    })
}

fn refused(path: &Path, reason: &str) -> SourceError {
    SourceError::Refused { place: path.display().to_string(), reason: reason.to_owned() }
}

fn unreadable(path: &Path, error: io::Error) -> SourceError {
    match error.kind() {
        ErrorKind::NotFound => refused(path, "there is no such file or folder"),
        ErrorKind::PermissionDenied => refused(path, "access is denied"),
        ErrorKind::NotADirectory => refused(path, "a part of the path is no folder"),
        _ => SourceError::Unavailable { place: path.display().to_string(), source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "E2EXAMPLE.2026-11-26-04.abcd1234.gz";

    fn names(files: &[LogFile]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[tokio::test]
    async fn files_and_folders_are_listed_and_opened() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("edge/2026/11/26/05");
        fs::create_dir_all(&deep).unwrap();
        let second = deep.join("E2EXAMPLE.2026-11-26-05.efgh5678");
        fs::write(&second, "two").unwrap();
        fs::write(folder.path().join(NAME), "one").unwrap();
        fs::write(folder.path().join(".DS_Store"), "").unwrap();
        let logs = Folder::new([folder.path().to_owned(), folder.path().join(NAME), deep]);
        let files = logs.list(None).await.unwrap();
        assert_eq!(names(&files), [NAME, "E2EXAMPLE.2026-11-26-05.efgh5678"]);
        assert_eq!((files[0].distribution.as_str(), files[0].bytes), ("E2EXAMPLE", 3));
        let hour = Hour::parse("2026-11-26-05").unwrap();
        assert_eq!(logs.list(Some(hour..=hour)).await.unwrap(), files[1..]);
        let mut text = String::new();
        logs.open(&files[1]).await.unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");

        fs::write(&second, "three").unwrap();
        assert_ne!(logs.list(None).await.unwrap()[1].tag, files[1].tag);
        fs::remove_file(&second).unwrap();
        assert!(matches!(logs.open(&files[1]).await, Err(SourceError::Refused { .. })));
    }

    #[tokio::test]
    async fn circles_of_links_end_and_each_file_is_listed_once() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join(NAME), "one").unwrap();
        std::os::unix::fs::symlink(folder.path(), inner.join("again")).unwrap();
        std::os::unix::fs::symlink(inner.join(NAME), folder.path().join("E2EXAMPLE.2026-11-26-04.link.gz")).unwrap();
        assert_eq!(Folder::new([folder.path()]).list(None).await.unwrap().len(), 1);
        std::os::unix::fs::symlink("self", folder.path().join("self")).unwrap();
        assert!(Folder::new([folder.path()]).list(None).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_log_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |result: Result<Vec<LogFile>, SourceError>| result.unwrap_err().to_string();
        let missing = folder.path().join("missing");
        let told = message(Folder::new([&missing]).list(None).await);
        assert_eq!(told, format!("{}: there is no such file or folder", missing.display()));
        let odd = folder.path().join("notes.txt");
        fs::write(&odd, "").unwrap();
        let told = message(Folder::new([&odd]).list(None).await);
        assert_eq!(
            told,
            format!(
                "{}: its name is not that of an access log: DISTRIBUTION.yyyy-mm-dd-hh.ID, and perhaps .gz",
                odd.display()
            )
        );
    }

    #[tokio::test]
    async fn what_is_no_log_in_a_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "one").unwrap();
        let odd = folder.path().join("notes.txt");
        fs::write(&odd, "").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("E1.2026-11-26-04.s")).unwrap();
        let logs = Folder::new([folder.path()]);
        assert!(logs.left_alone().is_empty());
        assert_eq!(names(&logs.list(None).await.unwrap()), [NAME]);
        let told = logs.left_alone().to_string();
        assert!(told.starts_with("3 files left alone") && told.contains(&odd.display().to_string()), "{told}");
        // What is named twice, as a file and by its folder, was named.
        let named = Folder::new([odd.as_path(), folder.path()]);
        assert!(matches!(named.list(None).await, Err(SourceError::NoLog { .. })));
        // A log that is not there is missed.
        std::os::unix::fs::symlink("nowhere", folder.path().join("E1.2026-11-26-05.a")).unwrap();
        assert!(matches!(logs.list(None).await, Err(SourceError::Refused { .. })));
    }

    #[test]
    fn a_path_that_is_missing_or_may_not_be_read_was_named_wrongly() {
        for kind in [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::NotADirectory] {
            let error = unreadable(Path::new("logs"), kind.into());
            assert!(matches!(error, SourceError::Refused { .. }), "{error:?}");
        }
        let error = unreadable(Path::new("logs"), ErrorKind::TimedOut.into());
        assert!(matches!(error, SourceError::Unavailable { .. }), "{error:?}");
    }
}
