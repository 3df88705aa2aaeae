//! Finds the link of a click: in the store, or in memory where the store tells what changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::{Prepared, Resolution, not_found};
use crate::link::ShortCode;
use crate::operations::LinkRef;
use crate::service::{Directory, DomainEntry, LinkRecord, Service, ServiceError};
use crate::table::{ChangeFeed, Changes, Consistency, Item, Key, TableError, keys};
use crate::wire::{Link, LinkState};

/// Links kept in memory; about 1 KB each.
const CAPACITY: usize = 200_000;

/// How often another process's changes are looked for.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// How long the store may take before the copy in memory answers.
const READ_BUDGET: Duration = Duration::from_millis(900);

/// Resolves clicks.
///
/// With a change feed, memory answers first and the feed drops what changed. Without one the store is read each time,
/// and memory answers only when the store does not.
#[derive(Debug)]
pub struct Resolver {
    service: Arc<Service>,
    feed: Option<Arc<dyn ChangeFeed>>,
    copies: Cache<LinkRef, Arc<Prepared>>,
    /// The last change taken over, and how often changes were.
    sequence: AtomicU64,
    epoch: AtomicU64,
}

/// What the preview page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// The link.
    Link(Box<Link>),
    /// No such code, or not yet.
    NotFound,
    /// Expired, disabled, deleted, or refused by policy.
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
            feed,
            copies: Cache::new(CAPACITY),
            sequence: AtomicU64::new(sequence),
            epoch: AtomicU64::new(0),
        }
    }

    /// Answers a click on `code` at `host` (the `Host` header; an unknown one means the default domain).
    pub async fn resolve(&self, host: &str, code: &ShortCode) -> Resolution {
        let directory = match self.directory().await {
            Ok(directory) => directory,
            Err(error) => return unavailable(&error),
        };
        let entry = directory.of_host(host);
        match self.find(entry, code).await {
            Ok(Some(link)) => self.decide(&link, &directory, entry),
            Ok(None) => not_found(entry, None),
            Err(resolution) => resolution,
        }
    }

    /// Finds what the preview page of a code shows; never counted.
    pub async fn preview(&self, host: &str, code: &ShortCode) -> Preview {
        let Ok(directory) = self.directory().await else { return Preview::Unavailable };
        let entry = directory.of_host(host);
        let link = match self.find(entry, code).await {
            Ok(Some(link)) => link,
            Ok(None) => return Preview::NotFound,
            Err(Resolution::Gone { .. }) => return Preview::Gone,
            Err(_) => return Preview::Unavailable,
        };
        match self.decide(&link, &directory, entry) {
            Resolution::Redirect(_) => {
                let view = link.record().view(&entry.base_url, self.service.now());
                debug_assert_eq!(view.state, LinkState::Active);
                Preview::Link(Box::new(view))
            }
            Resolution::NotFound { .. } => Preview::NotFound,
            Resolution::Gone { .. } => Preview::Gone,
            Resolution::Unavailable => Preview::Unavailable,
        }
    }

    async fn directory(&self) -> Result<Arc<Directory>, ServiceError> {
        let read = tokio::time::timeout(READ_BUDGET, self.service.directory()).await;
        read.unwrap_or_else(|elapsed| Err(TableError::Unavailable(Box::new(elapsed)).into()))
    }

    fn decide(&self, link: &Prepared, directory: &Directory, entry: &DomainEntry) -> Resolution {
        let verdict = directory.judge(&link.target, entry);
        if let Err(refusal) = verdict {
            tracing::info!(code = %link.record().code, ?refusal, "a link's target is refused by policy");
        }
        link.decide(entry, verdict.is_ok(), self.service.clock().now())
    }

    async fn find(&self, entry: &DomainEntry, code: &ShortCode) -> Result<Option<Arc<Prepared>>, Resolution> {
        let link = LinkRef { domain: entry.domain.clone(), code: code.clone() };
        let found =
            if self.feed.is_some() { self.find_in_memory(&link).await } else { self.find_in_store(&link).await };
        found.map_err(|error| match error {
            // A row that could not have been created leads nowhere; it is no sign that the store is sick.
            TableError::Corrupt(detail) => {
                tracing::error!(%detail, "a stored link is refused");
                Resolution::Gone { cache: super::CacheLifetimes::NoStore }
            }
            other => unavailable(&other.into()),
        })
    }

    /// Memory first; concurrent misses of one code read once. Unknown codes are not kept.
    async fn find_in_memory(&self, link: &LinkRef) -> Result<Option<Arc<Prepared>>, TableError> {
        let guard = match self.copies.get_value_or_guard_async(link).await {
            Ok(copy) => return Ok(Some(copy)),
            Err(guard) => guard,
        };
        let epoch = self.epoch.load(Ordering::Acquire);
        let Some(read) = self.read(link).await? else { return Ok(None) };
        let copy = Arc::new(read);
        let _ = guard.insert(Arc::clone(&copy));
        // The link may have changed while it was read, after the feed had dropped it: then it must not stay.
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.copies.remove(link);
        }
        Ok(Some(copy))
    }

    /// The store first: strongly, then eventually, then the copy of an earlier read.
    async fn find_in_store(&self, link: &LinkRef) -> Result<Option<Arc<Prepared>>, TableError> {
        let read = tokio::time::timeout(READ_BUDGET, self.read(link)).await;
        match read.unwrap_or_else(|elapsed| Err(TableError::Unavailable(Box::new(elapsed)))) {
            Ok(None) => {
                self.copies.remove(link);
                Ok(None)
            }
            Ok(Some(read)) => {
                let copy = Arc::new(read);
                self.copies.insert(link.clone(), Arc::clone(&copy));
                Ok(Some(copy))
            }
            Err(error @ TableError::Corrupt(_)) => Err(error),
            Err(error) => match self.copies.get(link) {
                Some(copy) => {
                    tracing::warn!(%error, code = %link.code, "answering from memory");
                    Ok(Some(copy))
                }
                None => Err(error),
            },
        }
    }

    async fn read(&self, link: &LinkRef) -> Result<Option<Prepared>, TableError> {
        let key = keys::link(&link.domain, &link.code);
        let item = match self.service.table().get(&key, Consistency::Strong).await {
            Err(error) if error.is_retryable() && self.feed.is_none() => {
                tracing::warn!(%error, "a strong read failed; reading eventually");
                self.service.table().get(&key, Consistency::Eventual).await.map_err(|_| error)?
            }
            outcome => outcome?,
        };
        item.map(|item| prepare(&item)).transpose()
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
            changed.iter().for_each(|key| self.drop_key(key));
        } else {
            self.copies.clear();
            self.service.domain_directory().forget();
            self.service.forget_keys();
        }
        self.sequence.fetch_max(changes.latest, Ordering::AcqRel);
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

fn unavailable(error: &ServiceError) -> Resolution {
    tracing::error!(error = error as &dyn std::error::Error, "a click cannot be resolved");
    Resolution::Unavailable
}
