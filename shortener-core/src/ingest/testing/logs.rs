//! Logs in memory, delivered when their time comes.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::ingest::{LogFile, LogSource, SourceError};
use crate::stats::Hour;

/// Logs in memory. A file is seen from its moment on.
#[derive(Debug)]
pub struct MemoryLogs {
    clock: Arc<dyn Clock>,
    files: Mutex<BTreeMap<String, Held>>,
    opened: AtomicU64,
}

#[derive(Debug, Clone)]
struct Held {
    arrives: Timestamp,
    bytes: Arc<[u8]>,
}

impl MemoryLogs {
    /// None yet; moments are those of the clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, files: Mutex::default(), opened: AtomicU64::new(0) }
    }

    /// Puts a file there, from a moment on; one of the same name is replaced.
    pub fn put(&self, name: &str, arrives: Timestamp, bytes: impl Into<Arc<[u8]>>) {
        self.files().insert(name.to_owned(), Held { arrives, bytes: bytes.into() });
    }

    /// Takes a file away.
    pub fn remove(&self, name: &str) {
        self.files().remove(name);
    }

    /// How many files were opened.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LogSource for MemoryLogs {
    async fn list(&self, hours: Option<RangeInclusive<Hour>>) -> Result<Vec<LogFile>, SourceError> {
        // Others run in between, as they do while a request is on its way.
        tokio::task::yield_now().await;
        let now = self.clock.now();
        let files = self.files();
        let there = files.iter().filter(|(_, held)| held.arrives <= now).filter_map(|(name, held)| {
            let (distribution, hour) = LogFile::parse_name(name)?;
            Some(LogFile {
                name: name.clone(),
                hour,
                distribution: distribution.to_owned(),
                location: name.clone(),
                bytes: held.bytes.len() as u64,
                tag: format!("{:?}", foldhash_of(&held.bytes)),
            })
        });
        Ok(there.filter(|file| hours.as_ref().is_none_or(|hours| hours.contains(&file.hour))).collect())
    }

    async fn open(&self, file: &LogFile) -> Result<Box<dyn Read + Send>, SourceError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let held = self.files().get(&file.location).cloned();
        let gone = || SourceError::Refused { place: file.location.clone(), reason: "there is no such file".to_owned() };
        Ok(Box::new(Cursor::new(held.ok_or_else(gone)?.bytes)))
    }
}

fn foldhash_of(bytes: &[u8]) -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::FixedState::default().hash_one(bytes)
}
