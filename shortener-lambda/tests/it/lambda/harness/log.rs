//! What a process writes, line by line.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// How long a line may take from the process to the test.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lines of one stream, so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Reads a stream to its end in a thread of its own.
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let written = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                written.0.lock().unwrap().push(line);
            }
        });
        lines
    }

    /// All lines so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// All lines so far, each of which must be JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.all().iter().map(parse).collect()
    }

    /// Waits for a line, of whatever form, that contains `text`.
    pub(crate) async fn tell(&self, text: &str) {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        while !self.all().iter().any(|line| line.contains(text)) {
            assert!(tokio::time::Instant::now() < give_up, "'{text}' is not in\n{}", self.all().join("\n"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for a JSON line that is as told.
    pub(crate) async fn find(&self, is_meant: impl Fn(&Value) -> bool) -> Value {
        self.find_all(1, is_meant).await.remove(0)
    }

    /// Waits for `count` JSON lines that are as told.
    pub(crate) async fn find_all(&self, count: usize, is_meant: impl Fn(&Value) -> bool) -> Vec<Value> {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found: Vec<Value> = self.json().into_iter().filter(&is_meant).collect();
            if found.len() >= count {
                return found;
            }
            assert!(tokio::time::Instant::now() < give_up, "{count} such lines in\n{}", self.all().join("\n"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
