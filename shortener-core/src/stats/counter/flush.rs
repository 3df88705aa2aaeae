//! Stores what was counted: beside the server, and never for more than a twentieth of the time, or a four hundredth while
//! redirects wait.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::book::{Batch, Book};
use super::busy::is_busy;
use super::lost::Lost;
use super::notes::Notes;
use super::salted::DaySalts;
use super::shard::{Counted, Requests};
use super::{ClickCounter, SharedNames, lock, new_names};
use crate::clock::Clock;
use crate::stats::{Hour, HourCount, Ledger, People, Reached, Source, Sources};
use crate::table::{Table, TableError, keys};

/// How often what was counted is gathered and stored, if the table is quick: what a killed process loses at most.
const EVERY: Duration = Duration::from_secs(1);

/// After storing took so long, nothing is stored for this many times as long: a twentieth of the time is spent on it.
const REST: u32 = 20;

/// The same while redirects wait for each other, so that not one in a hundred of them waits for storing, too: both go on at the same
/// time, and more slowly, where they share a core, and the system has work of its own.
const REST_WHILE_BUSY: u32 = 400;

/// Longest rest while redirects wait for each other.
const LONGEST_REST: Duration = Duration::from_secs(10);

/// Longest pause after a failure: waiting for a store costs nothing.
const AGAIN: Duration = Duration::from_secs(10);

/// How often days are rolled up.
const ROLL_UP_EVERY: Duration = Duration::from_secs(10);

/// How often it is said how far counting is.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// After so long without a report others may soon take this run for lost, and roll up and delete what it has noted.
const UNHEARD: SignedDuration = SignedDuration::from_mins(5);

/// How long the first salt is waited for.
const FIRST_SALT: Duration = Duration::from_secs(1);

/// How many hours of links are stored at a time: not for so long that redirects that begin to come meanwhile notice.
const BATCH: usize = 64;

/// The same while redirects wait for each other: so few that a rest of [`REST_WHILE_BUSY`] is not longer than it may be.
const BATCH_WHILE_BUSY: usize = 16;

/// The same when the server stops: no redirect waits any more.
const LAST_BATCH: usize = 256;

/// Links and hours from which on a new book is begun, so that the old one can go.
const MANY: usize = 250_000;

/// How long storing the rest may take when the server stops.
const LAST: Duration = Duration::from_secs(5);

/// How many requests are gathered before others may run.
const AT_ONCE: usize = 64;

/// Pause after a failure while the server stops.
const LAST_PAUSE: Duration = Duration::from_millis(100);

/// What could not be stored before the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unstored {
    /// Requests in hours of which something may be missing: at least as many as are lost.
    pub requests: u64,
    /// Days of links that are not rolled up. Another server does so, if one runs within 35 days.
    pub days: usize,
}

/// Stores what a [`ClickCounter`] counts.
#[derive(Debug)]
pub struct Flusher {
    counter: Arc<ClickCounter>,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
    sources: Sources,
    notes: Notes,
    lost: Lost,
    salts: DaySalts,
    /// The last one is written in; the others are on their way out.
    books: VecDeque<Book>,
    spare: Vec<Requests>,
    generation: u64,
    next: Turn,
    /// The moment up to which everything is in the books.
    gathered_at: Timestamp,
    /// When it was said last how far counting is.
    reported_at: Timestamp,
    times: Times,
}

/// Whose turn it is where there is much of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Store,
    RollUp,
}

/// When something is to be done again.
#[derive(Debug)]
struct Times {
    store: Instant,
    roll_up: Instant,
    report: Instant,
}

impl Flusher {
    /// Will store what `counter` counts in a table.
    ///
    /// # Errors
    /// There is no randomness to name the run by.
    pub fn new(
        counter: Arc<ClickCounter>,
        table: Arc<dyn Table>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, getrandom::Error> {
        let now = Instant::now();
        let (names, gathered_at) = (counter.names(), clock.now());
        Ok(Self {
            counter,
            ledger: Ledger::new(Arc::clone(&table), Arc::clone(&clock)),
            sources: Sources::new(Arc::clone(&table)),
            notes: Notes::new(Arc::clone(&table)),
            lost: Lost::new(Arc::clone(&table)),
            salts: DaySalts::new(table),
            books: VecDeque::from([Book::new(boot(gathered_at)?, names, Hour::of(gathered_at))]),
            clock,
            spare: Vec::new(),
            generation: 0,
            next: Turn::Store,
            gathered_at,
            reported_at: gathered_at,
            times: Times { store: now, roll_up: now + ROLL_UP_EVERY, report: now },
        })
    }

    /// Gets what is needed to tell people apart, if the table gives it within a second.
    pub async fn prepare(&mut self) {
        if tokio::time::timeout(FIRST_SALT, self.salts.keep(&self.counter, self.clock.now())).await.is_err() {
            tracing::warn!("the salt of the day is not there yet: visitors are not told apart for now");
        }
    }

    /// Stores until `stop` completes, and then what is left, for up to 5 seconds. Answers what could not be stored.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Unstored {
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            // Between two ticks as many batches are stored as a twentieth of the time allows.
            let is_tick = tokio::select! {
                biased;
                () = &mut stop => break,
                _ = ticks.tick() => true,
                () = tokio::time::sleep_until(self.times.store), if self.has_work() => false,
            };
            if is_tick {
                self.gather().await;
            }
            let work = async {
                if is_tick {
                    self.salts.keep(&self.counter, self.clock.now()).await;
                }
                self.work().await;
            };
            // What is broken off here is begun anew below.
            tokio::select! { biased; () = &mut stop => break, () = work => {} }
        }
        self.gather().await;
        if tokio::time::timeout(LAST, self.finish()).await.is_err() {
            tracing::error!(seconds = LAST.as_secs(), "storing the last clicks takes too long");
        }
        self.left()
    }

    fn has_unstored(&self) -> bool {
        self.books.iter().any(|book| !book.is_stored())
    }

    fn is_rolled_up(&self) -> bool {
        self.books.iter().all(Book::is_rolled_up)
    }

    fn is_roll_up_due(&self) -> bool {
        self.lost.is_any() || (Instant::now() >= self.times.roll_up && !self.is_rolled_up())
    }

    fn has_work(&self) -> bool {
        self.has_unstored() || self.is_roll_up_due()
    }

    /// Takes over what the threads have counted.
    async fn gather(&mut self) {
        let (now, since) = (self.clock.now(), self.gathered_at);
        let is_full = self.books.len() == 1 && self.book().len() > MANY;
        let has_many_names = lock(&self.book().names).are_many() && self.book().begun < Hour::of(now);
        let names = (is_full || has_many_names).then(new_names);
        let taken = self.counter.take(&mut self.spare, names.as_ref());
        let (late, in_time): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|counted| self.books.back().is_some_and(|book| book.has_closed(counted.hour)));
        self.add(in_time, since).await;
        let crowded_out = std::mem::take(&mut self.book().crowded_out);
        if crowded_out > 0 {
            tracing::warn!(crowded_out, "too many links are clicked: these clicks are only counted of their domain");
        }
        if !late.is_empty() {
            // The clock went back. What was dropped cannot be added to, and must not be replaced.
            let names = Arc::clone(&self.book().names);
            self.begin_book(names);
            self.add(late, since).await;
        }
        if let Some(names) = names {
            self.begin_book(names);
        }
        self.gathered_at = now;
    }

    /// Adds to the book that is written in.
    async fn add(&mut self, counted: Vec<Counted>, since: Timestamp) {
        for Counted { hour, mut requests, sums } in counted {
            for (at, (subject, request)) in requests.drain(..).enumerate() {
                self.book().add(hour, &subject, &request, since);
                if at % AT_ONCE == AT_ONCE - 1 {
                    // Redirects come first.
                    tokio::task::yield_now().await;
                }
            }
            self.spare.push(requests);
            for (at, (subject, count)) in sums.into_iter().enumerate() {
                self.book().add(hour, &subject, &count, since);
                if at % AT_ONCE == AT_ONCE - 1 {
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn book(&mut self) -> &mut Book {
        // There is always one: the last is never taken away.
        let last = self.books.len() - 1;
        &mut self.books[last]
    }

    fn begin_book(&mut self, names: SharedNames) {
        match boot(self.clock.now()) {
            Ok(source) => self.books.push_back(Book::new(source, names, Hour::of(self.clock.now()))),
            Err(error) => tracing::error!(%error, "no new book of clicks can be begun"),
        }
    }

    /// Stores or rolls up a batch, if it is time for one, and says how far counting is.
    async fn work(&mut self) {
        if Instant::now() < self.times.store {
            return;
        }
        let is_busy = self.has_work() && is_busy().await;
        let begin = Instant::now();
        let rolls_up = self.is_roll_up_due() && (self.next == Turn::RollUp || !self.has_unstored());
        self.next = if rolls_up { Turn::Store } else { Turn::RollUp };
        let most = if is_busy { BATCH_WHILE_BUSY } else { BATCH };
        let done = if rolls_up { self.roll_up(most).await } else { self.store(most).await };
        if let Err(error) = &done {
            tracing::warn!(error = error as &dyn std::error::Error, "clicks cannot be stored; they are kept");
        }
        let took = begin.elapsed();
        let rest = if is_busy { (took * REST_WHILE_BUSY).min(LONGEST_REST).max(took * REST) } else { took * REST };
        self.times.store = Instant::now() + if done.is_err() { rest.clamp(EVERY, AGAIN) } else { rest };
        self.tidy_up().await;
    }

    /// Stores so many hours of links at most.
    async fn store(&mut self, most: usize) -> Result<(), TableError> {
        let Some(at) = self.books.iter().position(|book| !book.is_stored()) else { return Ok(()) };
        let now = self.clock.now();
        self.heed_silence(now);
        if !self.books[at].is_known {
            self.report(at, &Reached { as_of: self.stored_until(), complete_until: None, stopped_at: None }).await?;
        }
        self.generation += 1;
        let (book, generation) = (&mut self.books[at], self.generation);
        let (Some(batch), source) = (book.next_batch(most), book.source.clone()) else { return Ok(()) };
        let mut held = Held { book, batch: Some(batch.clone()) };
        if let Some(pending) = held.book.unnoted(&batch) {
            self.notes.write(&source, pending.number, &held.book.days(&pending), now).await?;
            held.book.note(pending);
        }
        let people = People::Counted;
        let counts = batch.hours.iter().map(|(hour, tallies)| HourCount { hour: *hour, generation, people, tallies });
        let recorded = self.ledger.record_hours(&source, &counts.collect::<Vec<_>>()).await?;
        held.batch = None;
        if recorded.superseded > 0 {
            tracing::error!(?recorded, "someone else stores clicks under the name of this run");
        }
        Ok(())
    }

    /// Rolls up a batch of days, of servers that were killed before its own. After the last one it rests for a while.
    async fn roll_up(&mut self, most: usize) -> Result<(), TableError> {
        if self.lost.is_any() {
            return self.lost.roll_up(&self.ledger).await;
        }
        self.roll_up_own(most).await
    }

    async fn roll_up_own(&mut self, most: usize) -> Result<(), TableError> {
        if let Some(book) = self.books.iter_mut().find(|book| !book.is_rolled_up()) {
            let pending = book.next_pending(most);
            let days: BTreeSet<_> = pending.iter().flat_map(|pending| book.days(pending)).collect();
            self.ledger.roll_up(&days).await?;
            let notes = pending.iter().map(|pending| keys::pending_days(book.source.as_str(), pending.number));
            self.notes.delete(notes).await?;
            book.drop_pending(pending.len());
        }
        if self.is_rolled_up() {
            self.times.roll_up = Instant::now() + ROLL_UP_EVERY;
        }
        Ok(())
    }

    /// Up to when everything is stored.
    fn stored_until(&self) -> Timestamp {
        self.books.iter().filter_map(Book::stored_until).min().unwrap_or(self.gathered_at)
    }

    /// Says how far counting is, drops what is over, looks for servers that were killed, and destroys salts that are due.
    async fn tidy_up(&mut self) {
        let now = Instant::now();
        if now >= self.times.report {
            self.times.report = now + REPORT_EVERY;
            self.report_all(&Reached { as_of: self.stored_until(), complete_until: None, stopped_at: None }).await;
        }
        while self.books.len() > 1 && self.books[0].is_stored() && self.books[0].is_rolled_up() {
            let at = self.gathered_at;
            warn_unreported(self.report(0, &Reached { as_of: at, complete_until: None, stopped_at: Some(at) }).await);
            self.books.pop_front();
        }
        let before = Hour::of(self.gathered_at).plus(-1);
        self.book().drop_hours_before(before);
        self.salts.destroy_due(self.clock.now()).await;
        self.lost.look(self.clock.now(), |source| self.books.iter().any(|book| book.source == *source)).await;
    }

    /// After a sleep of the machine others may have taken this run for lost: then it tells everything again.
    fn heed_silence(&mut self, now: Timestamp) {
        if now.duration_since(self.reported_at) > UNHEARD {
            self.books.iter_mut().for_each(Book::forget_notes);
        }
    }

    /// Says of every book how far counting is.
    async fn report_all(&mut self, reached: &Reached) {
        for book in 0..self.books.len() {
            warn_unreported(self.report(book, reached).await);
        }
    }

    async fn report(&mut self, book: usize, reached: &Reached) -> Result<(), TableError> {
        let now = self.clock.now();
        self.heed_silence(now);
        self.sources.report_at(&self.books[book].source, reached, now).await?;
        self.books[book].is_known = true;
        self.reported_at = now;
        Ok(())
    }

    /// Stores everything that is left, and says that this run has ended.
    async fn finish(&mut self) {
        while self.has_unstored() {
            if let Err(error) = self.store(LAST_BATCH).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the last clicks cannot be stored yet");
                tokio::time::sleep(LAST_PAUSE).await;
            }
        }
        while !self.is_rolled_up() {
            if let Err(error) = self.roll_up_own(LAST_BATCH).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the last days cannot be rolled up yet");
                tokio::time::sleep(LAST_PAUSE).await;
            }
        }
        let at = self.gathered_at;
        self.report_all(&Reached { as_of: at, complete_until: None, stopped_at: Some(at) }).await;
    }

    fn left(&self) -> Unstored {
        Unstored {
            requests: self.books.iter().map(Book::unstored_requests).sum(),
            days: self.books.iter().map(Book::pending_days).sum(),
        }
    }
}

fn warn_unreported(reported: Result<(), TableError>) {
    if let Err(error) = reported {
        tracing::warn!(%error, "how far counting is cannot be stored");
    }
}

/// A batch on its way to the table. What is not stored when it is dropped goes back into its book.
struct Held<'a> {
    book: &'a mut Book,
    batch: Option<Batch>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.book.put_back(batch);
        }
    }
}

/// A name for a run, or a part of it, that no other has.
fn boot(now: Timestamp) -> Result<Source, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Ok(Source::boot(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()))
}
