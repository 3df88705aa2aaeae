//! How much of the server clients may take.

use std::time::Duration;

/// Most open connections, if nothing else is said. Each takes about 20 KB, and some times as much while its client sends
/// without end and reads nothing.
const CONNECTIONS: usize = 10_000;

/// File descriptors kept for everything but connections: the store, logs, and clients that are refused.
const OTHER_FILES: u64 = 512;

/// The bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most open connections. One more closes those that do nothing, or is answered 503.
    pub connections: usize,
    /// How long a connection must have done nothing to be closed when there are too many.
    pub idle: Duration,
    /// How long a client may take to send a request's head, and to stay silent between two requests.
    pub head: Duration,
    /// How long a client may take nothing of an answer.
    pub answer: Duration,
    /// How long requests under way may take to end after the server is told to stop.
    pub grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            idle: Duration::from_secs(1),
            head: Duration::from_mins(1),
            answer: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

impl Bounds {
    /// Bounds that this process can keep: it is allowed as many open files as the system lets it, and has no more
    /// connections than it has files for. `connections` are wanted, or else 10,000.
    pub fn of_process(connections: Option<usize>) -> Self {
        let wanted = connections.unwrap_or(CONNECTIONS);
        let possible = open_files().map_or(wanted, |files| {
            let left = files.saturating_sub(OTHER_FILES).max(files / 2);
            usize::try_from(left).unwrap_or(wanted)
        });
        if possible < wanted {
            tracing::warn!(wanted, possible, "fewer connections than wanted: the limit of open files allows no more");
        }
        Self { connections: wanted.min(possible).max(1), ..Self::default() }
    }
}

/// How many files this process may open, after asking for as many as it can get; none is any number.
#[cfg(unix)]
fn open_files() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_ok() {
        limit = raised;
    }
    limit.current
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}
