//! Counts clicks in the memory of a server, where no edge stands in front whose logs could be counted.
//!
//! A redirect pays for [`ClickCounter::count`] alone: it finds what is known of the user agent and the referrer in small
//! caches of its thread and writes a few numbers down, without waiting for anybody. Everything else is the [`Flusher`]'s, a
//! task beside the server: it gathers what the threads have counted, and stores the running totals of each hour.
//!
//! Memory is bounded whatever is sent: the caches have a fixed size, the names of a link and of all links are limited
//! and the rest is one sum, and codes that do not exist are one number of their domain.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::names::Names;
use super::{Hour, Salt, Subject};
use crate::clock::Clock;
use crate::redirect::Visitor;

mod book;
mod busy;
mod flush;
mod link;
mod lost;
mod notes;
mod salted;
mod sent;
mod shard;

pub use flush::{Flusher, Unstored};

use shard::{Counted, Requests, Shard};

/// Most threads that count without sharing anything.
const MOST_SHARDS: usize = 64;

/// Most names that are held: whoever makes up more finds them in one sum. At most 35 MB.
const MOST_SHARED_NAMES: usize = 100_000;

/// The names in use, which all threads share. They rarely ask, because they remember what texts came to.
type SharedNames = Arc<Mutex<Names>>;

/// A request that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// How it was answered.
    pub outcome: Outcome,
    /// Who asked.
    pub visitor: Visitor<'a>,
    /// The `Referer` header; empty if there was none.
    pub referrer: &'a [u8],
    /// The query of the short URL, as it was sent; empty if there was none.
    pub query: &'a str,
    /// Whose address the request came from, where that is known. It is forgotten at once.
    pub address: Option<IpAddr>,
}

/// How a request was answered that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With the redirect.
    Click,
    /// With 410.
    Gone,
    /// With 404, or the domain's target for such: no link has the code.
    Orphan,
}

/// Counts clicks, in as many parts as there are threads.
#[derive(Debug)]
pub struct ClickCounter {
    clock: Arc<dyn Clock>,
    shards: Box<[Mutex<Shard>]>,
}

impl ClickCounter {
    /// A counter that has counted nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_SHARDS);
        let names = new_names();
        Self { clock, shards: (0..threads).map(|_| Mutex::new(Shard::new(Arc::clone(&names)))).collect() }
    }

    /// Counts a request for a link, or for a code that no link of the domain has, in the hour it is now.
    pub fn count(&self, subject: Subject, hit: &Hit<'_>) {
        let hour = Hour::of(self.clock.now());
        lock(&self.shards[this_thread() % self.shards.len()]).count(hour, subject, hit);
    }

    /// Takes what was counted since the last time. With `names`, these are the names from then on. `spare` is room that was
    /// used before.
    fn take(&self, spare: &mut Vec<Requests>, names: Option<&SharedNames>) -> Vec<Counted> {
        let take = |shard: &Mutex<Shard>| lock(shard).take(spare.pop(), names);
        self.shards.iter().flat_map(take).collect()
    }

    /// Makes known by which salts people are told apart on the days that begin with these hours.
    fn set_salts(&self, salts: &[(Hour, Salt)]) {
        for shard in &self.shards {
            lock(shard).set_salts(salts.to_vec());
        }
    }

    /// The names in use.
    fn names(&self) -> SharedNames {
        lock(&self.shards[0]).names()
    }
}

fn new_names() -> SharedNames {
    Arc::new(Mutex::new(Names::at_most(MOST_SHARED_NAMES)))
}

/// The number of this thread among those that have counted.
fn this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static NUMBER: Cell<Option<usize>> = const { Cell::new(None) });
    NUMBER.with(|number| {
        number.get().unwrap_or_else(|| {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            number.set(Some(next));
            next
        })
    })
}

/// A counter that another thread left in a panic is as good as before: every count is a single addition.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
