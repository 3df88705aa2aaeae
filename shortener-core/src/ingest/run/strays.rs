//! Lines of the hours beside, kept from the first reading of a file, so that it need not be read again for a few lines.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::manifest::{Content, Name, Touched};
use super::super::{LogFile, LogLine};
use crate::stats::Hour;

/// Most that is kept of one file, in bytes: a file with more lines of other hours is read again.
const MOST_OF_FILE: usize = 256 << 10;

/// Most that is kept of all files, in bytes.
const MOST: usize = 24 << 20;

/// What is kept of the files of a run.
#[derive(Debug, Default)]
pub(super) struct Strays(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<(Hour, Name, Content), Arc<FileStrays>>,
    bytes: usize,
}

/// All lines of one file that are not of the hour for which it is named.
#[derive(Debug, Default)]
pub(super) struct FileStrays {
    pub(super) touched: Touched,
    lines: Vec<Stray>,
    bytes: usize,
}

/// A line that outlives its file.
#[derive(Debug)]
struct Stray {
    second: i64,
    status: u16,
    /// Where each value ends in `text`.
    ends: [usize; VALUES],
    text: Box<[u8]>,
}

/// Values of a line that are text.
const VALUES: usize = 10;

impl Strays {
    /// The lines of a file beside its own hour, if all of them are kept.
    pub(super) fn of(&self, file: &LogFile) -> Option<Arc<FileStrays>> {
        self.with(|kept| kept.files.get(&key(file)).cloned())
    }

    /// Keeps the lines of a file, if there is room.
    pub(super) fn keep(&self, file: &LogFile, strays: FileStrays) {
        self.with(|kept| {
            if kept.bytes + strays.bytes <= MOST && !kept.files.contains_key(&key(file)) {
                kept.bytes += strays.bytes;
                kept.files.insert(key(file), Arc::new(strays));
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(file: &LogFile) -> (Hour, Name, Content) {
    (file.hour, Name::of(file), Content::of(file))
}

impl FileStrays {
    /// Keeps a line; false once there are too many of them.
    pub(super) fn push(&mut self, line: &LogLine<'_>) -> bool {
        let stray = Stray::of(line);
        self.bytes += size_of::<Stray>() + stray.text.len();
        self.lines.push(stray);
        self.bytes <= MOST_OF_FILE
    }

    /// The lines of an hour, in the order of the file.
    pub(super) fn of_hour(&self, hour: Hour) -> impl Iterator<Item = LogLine<'_>> {
        self.lines.iter().filter(move |stray| Hour::of_second(stray.second) == hour).map(Stray::line)
    }
}

impl Stray {
    fn of(line: &LogLine<'_>) -> Self {
        let LogLine {
            second,
            request_id,
            host,
            method,
            path,
            query,
            status,
            result,
            referrer,
            user_agent,
            country,
            address,
        } = *line;
        let values: [&[u8]; VALUES] =
            [request_id, host, method, path, query, result, referrer, user_agent, country, address];
        let mut end = 0;
        let ends = values.map(|value| {
            end += value.len();
            end
        });
        Self { second, status, ends, text: values.concat().into_boxed_slice() }
    }

    fn line(&self) -> LogLine<'_> {
        let mut from = 0;
        let [request_id, host, method, path, query, result, referrer, user_agent, country, address] =
            self.ends.map(|end| {
                let value = self.text.get(from..end).unwrap_or_default();
                from = end;
                value
            });
        LogLine {
            second: self.second,
            request_id,
            host,
            method,
            path,
            query,
            status: self.status,
            result,
            referrer,
            user_agent,
            country,
            address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tag: &str) -> LogFile {
        let name = "E1.2026-11-26-04.a.gz";
        let (distribution, hour) = LogFile::parse_name(name).unwrap();
        let (distribution, tag) = (distribution.to_owned(), tag.to_owned());
        LogFile { name: name.to_owned(), location: name.to_owned(), hour, distribution, bytes: 7, tag }
    }

    #[test]
    fn a_line_is_given_back_as_it_was_to_the_file_as_it_was() {
        let line = LogLine {
            second: 3_600,
            request_id: b"id",
            path: b"/launch",
            status: 302,
            user_agent: b"curl/8",
            address: b"203.0.113.1",
            ..LogLine::default()
        };
        let mut kept = FileStrays::default();
        assert!(kept.push(&line));
        assert_eq!(kept.of_hour(Hour::of_second(3_600)).collect::<Vec<_>>(), [line]);
        assert_eq!(kept.of_hour(Hour::of_second(0)).count(), 0);
        let strays = Strays::default();
        strays.keep(&file("1"), kept);
        assert!(strays.of(&file("1")).is_some() && strays.of(&file("2")).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let long = vec![b'x'; 10_000];
        let line = LogLine { query: &long, ..LogLine::default() };
        let mut kept = FileStrays::default();
        assert!((0..100).any(|_| !kept.push(&line)));
        let strays = Strays::default();
        for number in 0..200 {
            let mut kept = FileStrays::default();
            while kept.bytes < MOST_OF_FILE - 11_000 {
                kept.push(&line);
            }
            strays.keep(&file(&number.to_string()), kept);
        }
        assert!(strays.of(&file("0")).is_some() && strays.of(&file("199")).is_none());
    }
}
