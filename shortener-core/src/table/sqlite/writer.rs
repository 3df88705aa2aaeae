//! The one thread that writes: it gathers what is queued into one transaction, so that many writers share an fsync.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::super::TableError;
use super::apply::{Transaction, forget_changes};
use super::error::{commit_meaning, copy};

/// Requests that wait before senders do.
const QUEUE: usize = 1_024;

/// How long a transaction stays open for further requests, so that nobody's commit is held up for longer.
const GATHER: Duration = Duration::from_millis(50);

/// The same for bulk loads among themselves. Small transactions write them several times slower, because a commit writes
/// whole pages and random keys share few.
const BULK_GATHER: Duration = Duration::from_millis(250);

/// Commits between two prunings of the change feed.
const COMMITS_PER_PRUNING: u64 = 64;

/// A handle on the thread. Dropping it waits until everything queued is committed.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("commits", &self.commits).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, TableError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let commits = Arc::new(AtomicU64::new(0));
        let state = WriterThread { connection, jobs, commits: Arc::clone(&commits) };
        let thread = std::thread::Builder::new()
            .name("table-writer".to_owned())
            .spawn(move || state.run())
            .map_err(|error| TableError::Engine(error.into()))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), commits })
    }

    /// Runs `work` in the thread's next transaction and answers when that is durable. Its failure leaves others alone.
    pub(super) async fn submit<T, F>(&self, work: F) -> Result<T, TableError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, TableError> + Send + 'static,
    {
        self.send(work, Kind::Single).await
    }

    /// The same for many rows. `work` fails only if the store does: then the whole transaction fails.
    pub(super) async fn submit_bulk<T, F>(&self, work: F) -> Result<T, TableError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, TableError> + Send + 'static,
    {
        self.send(work, Kind::Bulk).await
    }

    async fn send<T, F>(&self, work: F, kind: Kind) -> Result<T, TableError>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, TableError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Request { kind, work: Some(work), result: None, reply };
        let stopped = || "the writing thread has stopped";
        let Some(queue) = &self.queue else { return Err(TableError::Unavailable(stopped().into())) };
        queue.send(Box::new(job)).await.map_err(|_| TableError::Unavailable(stopped().into()))?;
        answer.await.unwrap_or_else(|_| Err(TableError::OutcomeUnknown(stopped().into())))
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported to whoever waited for an answer.
            let _ = thread.join();
        }
    }
}

/// How a request shares a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It can be refused by itself, and others wait for the same commit.
    Single,
    /// It is a part of a load.
    Bulk,
}

/// A queued request, whatever its answer is.
trait Job: Send {
    fn kind(&self) -> Kind;

    /// Does the work inside the open transaction; an error means that it is to be rolled back.
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), TableError>;

    /// Answers, now that the transaction has committed or failed.
    fn finish(self: Box<Self>, committed: Result<(), TableError>);
}

struct Request<T, F> {
    kind: Kind,
    work: Option<F>,
    result: Option<Result<T, TableError>>,
    reply: oneshot::Sender<Result<T, TableError>>,
}

impl<T, F> Job for Request<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, TableError> + Send,
{
    fn kind(&self) -> Kind {
        self.kind
    }

    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), TableError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        self.result.insert(work(transaction)).as_ref().map(|_| ()).map_err(copy)
    }

    fn finish(self: Box<Self>, committed: Result<(), TableError>) {
        // A refusal may rest on what the same transaction wrote before: it too is void if the commit failed.
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(TableError::Unavailable("the request was not run".into())),
            (Err(error), _) => Err(error),
        };
        // Whoever asked may have gone; the write stands.
        let _ = self.reply.send(answer);
    }
}

struct WriterThread {
    connection: Connection,
    jobs: mpsc::Receiver<Box<dyn Job>>,
    commits: Arc<AtomicU64>,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut batch = vec![first];
            let result = self.transaction(&mut batch);
            if let Err(error) = &result {
                tracing::warn!(%error, requests = batch.len(), "transaction failed");
                self.roll_back();
            }
            for job in batch {
                job.finish(result.as_ref().copied().map_err(copy));
            }
        }
    }

    /// Runs the first job and all that queue up meanwhile in one transaction.
    fn transaction(&mut self, batch: &mut Vec<Box<dyn Job>>) -> Result<(), TableError> {
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            // Those who queued meanwhile have waited as long, and would each wait as long again.
            batch.extend(std::iter::from_fn(|| self.jobs.try_recv().ok()));
            return Err(error);
        }
        let (begin, mut done, mut gather) = (Instant::now(), 0, BULK_GATHER);
        let transaction = Transaction::new(&self.connection);
        while let Some(job) = batch.get_mut(done) {
            match job.kind() {
                Kind::Single => {
                    gather = GATHER;
                    self.run_single(job.as_mut(), &transaction)?;
                }
                Kind::Bulk => job.run(&transaction)?,
            }
            done += 1;
            if begin.elapsed() < gather {
                batch.extend(self.jobs.try_recv().ok());
            }
        }
        self.commit()
    }

    /// Runs one job under a savepoint, so that its failure leaves the others alone. The savepoint keeps a copy of each page
    /// that the job changes, which bulk loads cannot afford.
    fn run_single(&self, job: &mut dyn Job, transaction: &Transaction<'_>) -> Result<(), TableError> {
        self.execute("SAVEPOINT request")?;
        let result = job.run(transaction);
        // SQLite rolls the whole transaction back after some failures, such as a full disk.
        if self.connection.is_autocommit() {
            return result;
        }
        if result.is_err() {
            self.execute("ROLLBACK TO request")?;
        }
        self.execute("RELEASE request")
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // Nothing is left to try: the next BEGIN fails if this does, and says so to its callers.
            let _ = self.execute("ROLLBACK");
        }
    }

    fn commit(&self) -> Result<(), TableError> {
        if self.commits.load(Ordering::Relaxed).is_multiple_of(COMMITS_PER_PRUNING) {
            forget_changes(&self.connection)?;
        }
        let mut commit = self.connection.prepare_cached("COMMIT")?;
        commit.execute([]).map_err(|error| commit_meaning(&error))?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), TableError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}
