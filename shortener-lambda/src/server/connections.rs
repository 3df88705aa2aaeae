//! The table of open connections: how many there are, which do nothing, and how each is told to close.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// A full table is cleared by this part of itself at once, because looking through it takes time.
const CLEARED: usize = 16;

/// Pause between two looks through a table in which little was idle.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What [`Activity::idle_since`] holds while a request is under way.
const BUSY: u64 = u64::MAX;

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    idle: Duration,
    begin: Instant,
    /// Milliseconds after `begin`, as of the last tick: each answer notes it, and to ask for the time costs more.
    clock: Arc<AtomicU64>,
    table: Mutex<Table>,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    open: HashMap<u64, Open>,
    /// When there was little to clear.
    looked: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    activity: Arc<Activity>,
    /// None once it was told to close.
    close: Option<oneshot::Sender<Close>>,
}

/// How a connection is to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// When what has begun is answered.
    Gently,
    /// At once, but for a request under way: half a head, and an answer that nobody reads, are given up.
    Now,
}

/// Whether a connection has a request under way, or since when it has not. Travels as an extension with requests that have a
/// body.
#[derive(Debug)]
pub(crate) struct Activity {
    clock: Arc<AtomicU64>,
    idle_since: AtomicU64,
}

impl Activity {
    /// A request has begun.
    pub(super) fn begin(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// Its answer is being written.
    pub(super) fn end(&self) {
        self.idle_since.store(self.clock.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Waits for what the client has to send. Nobody else makes room for it meanwhile.
    pub(crate) async fn idle_during<T>(&self, wait: impl Future<Output = T>) -> T {
        self.end();
        let waited = wait.await;
        self.begin();
        waited
    }

    pub(super) fn is_busy(&self) -> bool {
        self.idle_since.load(Ordering::Relaxed) == BUSY
    }
}

/// A place in the table. Dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    id: u64,
    pub(super) activity: Arc<Activity>,
}

impl Connections {
    /// A table of at most `most` connections, in which one that did nothing for `idle` makes room for another: no less than
    /// a client needs to ask again.
    pub(super) fn new(most: usize, idle: Duration) -> Arc<Self> {
        Arc::new(Self {
            most,
            idle,
            begin: Instant::now(),
            clock: Arc::default(),
            table: Mutex::default(),
            emptied: Notify::new(),
        })
    }

    /// A place for a new connection, and what completes when it is to close. None if the table is full and no connection in
    /// it does nothing. Those that do are closed for this, the longest idle first; their tasks end when they next run, so
    /// that for this moment there are more connections than places.
    pub(super) fn enter(self: &Arc<Self>) -> Option<(Place, oneshot::Receiver<Close>)> {
        let mut table = self.table();
        if table.open.len() >= self.most && !self.clear(&mut table) {
            return None;
        }
        let activity = Arc::new(Activity { clock: Arc::clone(&self.clock), idle_since: AtomicU64::new(self.tick()) });
        let (close, told) = oneshot::channel();
        let id = table.next;
        table.next += 1;
        table.open.insert(id, Open { activity: Arc::clone(&activity), close: Some(close) });
        Some((Place { connections: Arc::clone(self), id, activity }, told))
    }

    /// Closes connections that do nothing, because there is no room, or no file descriptor. False if there are none.
    pub(super) fn make_room(&self) -> bool {
        self.clear(&mut self.table())
    }

    fn clear(&self, table: &mut Table) -> bool {
        if table.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return false;
        }
        let (now, idle) = (self.tick(), millis(self.idle));
        let mut found: Vec<_> = table
            .open
            .iter()
            .filter(|(_, open)| open.close.is_some())
            .map(|(id, open)| (open.activity.idle_since.load(Ordering::Relaxed), *id))
            .filter(|(since, _)| *since != BUSY && now.saturating_sub(*since) >= idle)
            .collect();
        let wanted = (self.most / CLEARED).max(1);
        if found.len() > wanted {
            found.select_nth_unstable(wanted);
            found.truncate(wanted);
        } else {
            table.looked = Some(Instant::now());
        }
        if found.is_empty() {
            return false;
        }
        tracing::info!(connections = found.len(), "idle connections are closed to make room");
        for (_, id) in found {
            // They leave the table when their tasks end, which is soon: the newcomers have their places.
            if let Some(close) = table.open.remove(&id).and_then(|open| open.close) {
                let _ = close.send(Close::Now);
            }
        }
        true
    }

    /// Tells all connections to close when their requests are answered, and waits until they are.
    pub(super) async fn close_all(&self) {
        for open in self.table().open.values_mut() {
            if let Some(close) = open.close.take() {
                let _ = close.send(Close::Gently);
            }
        }
        loop {
            let emptied = self.emptied.notified();
            if self.table().open.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Sets the clock, and says what it is. To be called some times a second.
    pub(super) fn tick(&self) -> u64 {
        let now = millis(self.begin.elapsed());
        self.clock.store(now, Ordering::Relaxed);
        now
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        table.open.remove(&self.id);
        if table.open.is_empty() {
            self.connections.emptied.notify_waiters();
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(BUSY - 1)
}
