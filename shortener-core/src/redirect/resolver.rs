//! Finds the link of a click: in the store, or in memory where the store tells what changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::quota::Limit;
use super::{Answer, CacheLifetimes, Click, Prepared, Resolution, Visitor, not_found};
use crate::link::ShortCode;
use crate::metrics;
use crate::operations::LinkRef;
use crate::service::{Directory, DomainEntry, LinkRecord, Service, ServiceError};
use crate::stats::{Kind, Subject};
use crate::table::{ChangeFeed, Changes, Consistency, Item, Key, TableError, keys};
use crate::wire::Link;

/// Bytes of copies that answer first: with a change feed.
const MEMORY_FIRST_BYTES: u64 = 256 << 20;

/// Bytes of copies that only stand in for a sick store: small, because a function has little memory.
const STAND_IN_BYTES: u64 = 4 << 20;

/// About how many bytes a copy takes in the cache itself: with its key, and what the cache knows of it.
const PLACE_BYTES: usize = size_of::<(LinkRef, LinkCopy)>() + 40;

/// About how many bytes the target of a link takes.
const USUAL_TARGET: usize = 80;

/// How often another process's changes are looked for.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// How long a click may take before it is answered from memory, or with 503.
const BUDGET: Duration = Duration::from_millis(900);

/// Resolves clicks.
///
/// With a change feed, memory answers first and the feed drops what changed. Without one the store is read each time,
/// and memory answers only when the store does not.
#[derive(Debug)]
pub struct Resolver {
    service: Arc<Service>,
    feed: Option<Arc<dyn ChangeFeed>>,
    copies: Cache<LinkRef, LinkCopy, BySize>,
    /// The last change taken over, and how often changes were.
    sequence: AtomicU64,
    epoch: AtomicU64,
}

/// A link as it was read at some moment.
#[derive(Debug, Clone)]
struct LinkCopy {
    link: Prepared,
    /// In seconds since 1970, rounded down.
    read_at: i64,
}

/// Weighs copies by their memory.
#[derive(Debug, Clone)]
struct BySize;

impl Weighter<LinkRef, LinkCopy> for BySize {
    fn weight(&self, _link: &LinkRef, copy: &LinkCopy) -> u64 {
        (PLACE_BYTES + copy.link.heap_bytes()) as u64
    }
}

/// A link that was found, and whether it may have changed since.
enum Found {
    Current(LinkCopy),
    /// Read just now, but not strongly.
    Eventual(LinkCopy),
    /// Read by an earlier request.
    Old(LinkCopy),
}

impl Found {
    fn copy(&self) -> &LinkCopy {
        let (Self::Current(copy) | Self::Eventual(copy) | Self::Old(copy)) = self;
        copy
    }
}

/// What the preview page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// The link.
    Link(Box<Link>),
    /// No such code, or not yet.
    NotFound,
    /// Expired, disabled, deleted, used up, or refused by policy.
    Gone,
    /// The store failed.
    Unavailable,
}

impl Resolver {
    /// A resolver over the service's table; `feed` is the same table's change feed, if it has one.
    pub fn new(service: Arc<Service>, feed: Option<Arc<dyn ChangeFeed>>) -> Self {
        let sequence =
            feed.as_ref().and_then(|feed| feed.changes_since(u64::MAX).ok()).map_or(0, |changes| changes.latest);
        Self {
            service,
            copies: copies_of(if feed.is_some() { MEMORY_FIRST_BYTES } else { STAND_IN_BYTES }),
            feed,
            sequence: AtomicU64::new(sequence),
            epoch: AtomicU64::new(0),
        }
    }

    /// Answers a click on `code` at `host` by a program that does not name itself.
    pub async fn resolve(&self, host: &str, code: &ShortCode) -> Resolution {
        self.answer(&Click { host, code, visitor: Visitor::Agent(""), deadline: None }).await.resolution
    }

    /// Answers a click from memory, without waiting for anything. None if something is to be read, or to be written as for
    /// links with a limit: then [`answer`](Self::answer) does.
    pub fn recall(&self, host: &str, code: &ShortCode) -> Option<Answer> {
        self.feed.as_ref()?;
        let now = self.service.clock().now();
        let directory = self.service.directory_in_memory(now)?;
        let entry = directory.of_host(host);
        let link = LinkRef { domain: entry.domain.clone(), code: code.clone() };
        let copy = self.copies.get(&link).filter(|copy| copy.link.limit().is_none())?;
        let resolution = decide(&copy.link, &directory, entry, now);
        Some(Answer { resolution, subject: Some(Subject::Link(link.domain, link.code)) })
    }

    /// Answers a click within 900 ms. One on a limited link takes one of its clicks, if its visitor does so.
    pub async fn answer(&self, click: &Click<'_>) -> Answer {
        let deadline = within_budget(click.deadline);
        let directory = match within(deadline, self.service.directory()).await {
            Ok(directory) => directory,
            Err(error) => {
                tell_unavailable(&error);
                return Answer::unavailable();
            }
        };
        let entry = directory.of_host(click.host);
        let link = LinkRef { domain: entry.domain.clone(), code: click.code.clone() };
        let found = match self.feed {
            Some(_) => within_table(deadline, self.find_in_memory(&link)).await,
            None => self.find_in_store(&link, deadline).await,
        };
        let resolution = match found {
            Ok(Some(found)) => {
                let limit = found.copy().link.limit();
                match (self.decide_found(&found, &directory, entry), limit) {
                    (redirect @ Resolution::Redirect(_), Some(limit)) => {
                        self.limited(redirect, limit, click.visitor.kind(), &link, deadline).await
                    }
                    (resolution, _) => resolution,
                }
            }
            Ok(None) => {
                return Answer { resolution: not_found(entry, None), subject: Some(Subject::Site(link.domain)) };
            }
            // A row that could not have been created leads nowhere; it is no sign that the store is sick.
            Err(TableError::BadItem(detail)) => {
                tracing::error!(detail, "a stored link is refused");
                Resolution::Gone { cache: CacheLifetimes::NoStore }
            }
            Err(other) => {
                tell_unavailable(&other.into());
                return Answer::unavailable();
            }
        };
        Answer { resolution, subject: Some(Subject::Link(link.domain, link.code)) }
    }

    /// The redirect of a limited link if it admits the click. Everything else is decided by now, so that no click is
    /// taken for an answer that is none.
    async fn limited(
        &self,
        redirect: Resolution,
        limit: Limit,
        kind: Kind,
        link: &LinkRef,
        deadline: Instant,
    ) -> Resolution {
        let table = self.service.table();
        match within_table(deadline, limit.admits(kind, link, table.as_ref())).await {
            Ok(true) => redirect,
            Ok(false) => Resolution::Gone { cache: CacheLifetimes::NoStore },
            Err(error) => {
                tell_unavailable(&error.into());
                Resolution::Unavailable
            }
        }
    }

    /// Finds what the preview page of a code shows, as the table has it now, within 900 ms; never counted.
    pub async fn preview(&self, host: &str, code: &ShortCode) -> Preview {
        self.preview_by(None, host, code).await
    }

    /// The same, and not later than `deadline`, if there is one.
    pub async fn preview_by(&self, deadline: Option<Instant>, host: &str, code: &ShortCode) -> Preview {
        let deadline = within_budget(deadline);
        let Ok(directory) = within(deadline, self.service.directory()).await else { return Preview::Unavailable };
        let entry = directory.of_host(host);
        let record = match within(deadline, self.service.read_link(&entry.domain, code)).await {
            Ok(Some(record)) => record,
            Ok(None) => return Preview::NotFound,
            Err(ServiceError::Store(TableError::BadItem(_))) => return Preview::Gone,
            Err(_) => return Preview::Unavailable,
        };
        let copy = Prepared::new(record.clone(), None);
        let link = LinkRef { domain: record.domain.clone(), code: record.code.clone() };
        let resolution = match (decide(&copy, &directory, entry, self.service.clock().now()), copy.limit()) {
            (redirect @ Resolution::Redirect(_), Some(limit)) => {
                self.limited(redirect, limit, Kind::Preview, &link, deadline).await
            }
            (resolution, _) => resolution,
        };
        match resolution {
            Resolution::Redirect(_) => Preview::Link(Box::new(record.view(&entry.base_url, self.service.now()))),
            Resolution::NotFound { .. } => Preview::NotFound,
            Resolution::Gone { .. } => Preview::Gone,
            Resolution::Unavailable => Preview::Unavailable,
        }
    }

    fn decide_found(&self, found: &Found, directory: &Directory, entry: &DomainEntry) -> Resolution {
        let resolution = decide(&found.copy().link, directory, entry, self.service.clock().now());
        match found {
            Found::Current(_) => resolution,
            Found::Eventual(_) => resolution.kept_briefly(),
            Found::Old(copy) => {
                let age = self.service.now().as_second() - copy.read_at + 1;
                resolution.of_old_copy(age, entry.edge)
            }
        }
    }

    /// Memory first; concurrent misses of one code read once. Unknown codes are not kept.
    async fn find_in_memory(&self, link: &LinkRef) -> Result<Option<Found>, TableError> {
        let guard = match self.copies.get_value_or_guard_async(link).await {
            Ok(copy) => return Ok(Some(Found::Current(copy))),
            Err(guard) => guard,
        };
        let epoch = self.epoch.load(Ordering::Acquire);
        let Some(copy) = self.read(link, Consistency::Strong).await? else { return Ok(None) };
        // The insertion fails if the feed has dropped the link meanwhile; then the copy is not kept, which is right.
        let _ = guard.insert(copy.clone());
        // The link may have changed while it was read, after the feed had dropped it: then it must not stay.
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.copies.remove(link);
        }
        Ok(Some(Found::Current(copy)))
    }

    /// The store first: strongly for half of the time left, then eventually, then the copy of an earlier read.
    ///
    /// An eventual read that finds nothing proves nothing: it is no 404.
    async fn find_in_store(&self, link: &LinkRef, deadline: Instant) -> Result<Option<Found>, TableError> {
        let half = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
        let error = match within_table(half, self.read(link, Consistency::Strong)).await {
            Ok(None) => {
                self.copies.remove(link);
                return Ok(None);
            }
            Ok(Some(copy)) => {
                self.copies.insert(link.clone(), copy.clone());
                return Ok(Some(Found::Current(copy)));
            }
            Err(error @ TableError::BadItem(_)) => return Err(error),
            Err(error) => error,
        };
        tracing::warn!(%error, code = %link.code, "a strong read failed");
        let eventual = within_table(deadline, self.read(link, Consistency::Eventual)).await.ok().flatten();
        // What may be collected is as good as gone, and its code perhaps another link's by now: that proves nothing, too.
        let now = self.service.now();
        let kept = |copy: &LinkCopy| !copy.link.is_purgeable(now);
        match (eventual.filter(kept), self.copies.get(link).filter(kept)) {
            (Some(read), remembered) if remembered.as_ref().is_none_or(|old| old.link.version <= read.link.version) => {
                Ok(Some(Found::Eventual(read)))
            }
            (_, Some(old)) => {
                metrics::count_cache_hit();
                Ok(Some(Found::Old(old)))
            }
            (_, None) => Err(error),
        }
    }

    async fn read(&self, link: &LinkRef, consistency: Consistency) -> Result<Option<LinkCopy>, TableError> {
        let read_at = self.service.now().as_second();
        let item = self.service.table().get(&keys::link(&link.domain, &link.code), consistency).await?;
        item.map(|item| Ok(LinkCopy { link: prepare(&item)?, read_at })).transpose()
    }

    /// Takes over the changes made since the last time, so that this process answers by the new state.
    pub fn catch_up(&self) {
        let Some(feed) = &self.feed else { return };
        let since = self.sequence.load(Ordering::Acquire);
        match feed.changes_since(since) {
            Ok(changes) if changes.latest != since => self.drop_changed(&changes),
            Ok(_) => {}
            // Copies go on answering while the store fails, never past their expiry; the next look takes over the rest.
            Err(error) => tracing::warn!(%error, "the table's changes cannot be read"),
        }
    }

    /// Follows the changes of other processes until dropped.
    pub async fn follow_changes(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.feed.is_some() {
            ticks.tick().await;
            self.catch_up();
        }
    }

    fn drop_changed(&self, changes: &Changes) {
        // First the epoch, then the copies: a read that began before sees the epoch, one that ends before is dropped.
        self.epoch.fetch_add(1, Ordering::AcqRel);
        if let Some(changed) = &changes.keys {
            for key in changed {
                self.drop_key(key);
            }
        } else {
            self.copies.clear();
            self.service.domain_directory().forget();
            self.service.forget_keys();
        }
        match &changes.keys {
            Some(_) => self.sequence.fetch_max(changes.latest, Ordering::AcqRel),
            // Also when the sequence went back, because an older file took the place of this one.
            None => self.sequence.swap(changes.latest, Ordering::AcqRel),
        };
    }

    fn drop_key(&self, key: &Key) {
        if let Some((domain, code)) = keys::parse_link(key) {
            self.copies.remove(&LinkRef { domain, code });
        } else if key.pk == keys::DOMAINS {
            self.service.domain_directory().forget();
        } else if key.pk == keys::API_KEYS {
            self.service.forget_keys();
        }
    }
}

fn prepare(item: &Item) -> Result<Prepared, TableError> {
    Ok(Prepared::new(LinkRecord::decode(item)?, item.number(keys::attribute::PURGE_AT)))
}

/// A cache of so many bytes. Its tables are made for as many links as will find room, so that no click waits for their growth;
/// the system gives memory only for what is used.
fn copies_of(bytes: u64) -> Cache<LinkRef, LinkCopy, BySize> {
    let links = usize::try_from(bytes).unwrap_or(usize::MAX) / (PLACE_BYTES + USUAL_TARGET);
    Cache::with_weighter(links, bytes, BySize)
}

/// Decides by the clock and by the policy as it is now, as if clicks were left.
fn decide(link: &Prepared, directory: &Directory, entry: &DomainEntry, now: Timestamp) -> Resolution {
    let verdict = directory.judge(&link.target, entry);
    if let Err(refusal) = verdict {
        tracing::info!(?refusal, host = link.target.host(), "a link's target is refused by policy");
    }
    link.decide(entry, verdict.is_ok(), now)
}

fn within_budget(deadline: Option<Instant>) -> Instant {
    let end = Instant::now() + BUDGET;
    deadline.map_or(end, |deadline| deadline.min(end))
}

async fn within<T>(deadline: Instant, work: impl Future<Output = Result<T, ServiceError>>) -> Result<T, ServiceError> {
    within_table(deadline, async { Ok(work.await) }).await?
}

/// The outcome, or unavailability at the deadline.
async fn within_table<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, TableError>>,
) -> Result<T, TableError> {
    let outcome = tokio::time::timeout_at(deadline, work).await;
    outcome.unwrap_or_else(|elapsed| Err(TableError::Unavailable(Box::new(elapsed))))
}

fn tell_unavailable(error: &ServiceError) {
    tracing::error!(error = error as &dyn std::error::Error, "a click cannot be resolved");
}
