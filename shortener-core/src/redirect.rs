//! From a host and a code to an answer: the only thing a public click needs.
//!
//! This path reads one item, once and strongly, and writes nothing, but for links with a click limit, whose clicks are
//! taken in `quota`. It imports no wire type beyond edge lifetimes, and no request is authenticated here.

use std::sync::Arc;

use jiff::Timestamp;

use crate::heap;
use crate::link::{RedirectStatus, ShortCode, TargetUrl};
use crate::service::{DomainEntry, Lifetime, LinkRecord};
use crate::wire::{EdgeLifetimes, LinkState};

mod asked;
mod click;
mod quota;
mod resolver;

pub use asked::Asked;
pub use click::{Answer, Click, Visitor};
pub use resolver::{Preview, Resolver};

/// Longest time, in seconds, for which an edge may keep a 404: a code created just after a probe works within it.
const NOT_FOUND_SECONDS: u32 = 5;

/// Longest time, in seconds, for which an edge may keep an answer made from an old copy before it asks again.
const OLD_COPY_SECONDS: u32 = 5;

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// A redirect.
    Redirect(Redirect),
    /// No such code, or not yet.
    NotFound {
        /// How long an edge may keep the answer.
        cache: CacheLifetimes,
        /// Where the domain sends visitors of unknown codes.
        target: Option<TargetUrl>,
    },
    /// Expired, disabled, deleted, all its clicks are taken, or its target is refused by policy.
    Gone {
        /// How long an edge may keep the answer.
        cache: CacheLifetimes,
    },
    /// The store failed and there is no copy: never a 404. Or it did not say whether a click of a limited link is taken.
    Unavailable,
}

impl Resolution {
    /// The same answer, kept only briefly by edges because it may be an old one.
    #[must_use]
    fn kept_briefly(self) -> Self {
        self.with_cache(|cache| cache.at_most(OLD_COPY_SECONDS, u32::MAX))
    }

    /// The same answer from a copy of the link that was read `age` seconds ago.
    ///
    /// It ends when an edge's own copy of back then would, so that how long a change can stay unseen does not depend on
    /// how many sick parts stand behind each other; after that there is no answer.
    #[must_use]
    fn of_old_copy(self, age: i64, edge: EdgeLifetimes) -> Self {
        let longest = i64::from(edge.fresh) + i64::from(edge.revalidate.max(edge.if_error));
        match u32::try_from(longest - age) {
            Ok(left @ 1..) => self.with_cache(|cache| cache.at_most(OLD_COPY_SECONDS, left)),
            _ => Self::Unavailable,
        }
    }

    fn with_cache(mut self, change: impl FnOnce(CacheLifetimes) -> CacheLifetimes) -> Self {
        if let Self::Redirect(Redirect { cache, .. }) | Self::NotFound { cache, .. } | Self::Gone { cache } = &mut self
        {
            *cache = change(*cache);
        }
        self
    }
}

/// A redirect to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The target: ASCII, as WHATWG serialises it.
    pub target: TargetUrl,
    /// The status.
    pub status: RedirectStatus,
    /// Whether the query of the request is to be appended to the target's.
    pub forward_query: bool,
    /// How long an edge may keep it.
    pub cache: CacheLifetimes,
    /// From this moment on nobody may serve it any more.
    pub until: Option<Timestamp>,
}

/// How long shared caches may keep an answer, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheLifetimes {
    /// Not at all.
    NoStore,
    /// At the edge; browsers ask each time.
    Edge {
        /// `s-maxage`.
        fresh: u32,
        /// `stale-while-revalidate`.
        revalidate: u32,
        /// `stale-if-error`.
        if_error: u32,
    },
}

impl CacheLifetimes {
    /// The lifetimes an edge may use for an answer that changes in `remaining` seconds, rounded down; none is never.
    ///
    /// With R seconds to live: fresh S ≤ R − 1 (R is rounded), and stale answers end R − S after that.
    pub fn capped(edge: EdgeLifetimes, remaining: Option<i64>) -> Self {
        let Some(remaining) = remaining else {
            return Self::Edge { fresh: edge.fresh, revalidate: edge.revalidate, if_error: edge.if_error };
        };
        let remaining = u32::try_from(remaining.max(0)).unwrap_or(u32::MAX);
        let fresh = edge.fresh.min(remaining.saturating_sub(1));
        if fresh == 0 {
            return Self::NoStore;
        }
        let stale = remaining - fresh - 1;
        Self::Edge { fresh, revalidate: edge.revalidate.min(stale), if_error: edge.if_error.min(stale) }
    }

    /// At most `seconds` fresh or stale while revalidating, and all over after `left`: for an answer that may be an
    /// old one.
    #[must_use]
    fn at_most(self, seconds: u32, left: u32) -> Self {
        match self {
            Self::NoStore => self,
            Self::Edge { fresh, revalidate, if_error } => {
                let fresh = fresh.min(seconds).min(left);
                let stale = left - fresh;
                Self::Edge { fresh, revalidate: revalidate.min(seconds).min(stale), if_error: if_error.min(stale) }
            }
        }
    }

    /// The value of `Cache-Control`.
    pub fn header_value(&self) -> String {
        match self {
            Self::NoStore => "private, no-store".to_owned(),
            Self::Edge { fresh, revalidate, if_error } => format!(
                "public, max-age=0, s-maxage={fresh}, stale-while-revalidate={revalidate}, stale-if-error={if_error}"
            ),
        }
    }
}

/// What a redirect needs of a link, ready to be decided again and again. Servers hold millions of them: it is small, and cheap
/// to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prepared {
    target: TargetUrl,
    version: u64,
    status: RedirectStatus,
    forward_query: bool,
    deleted: bool,
    disabled: bool,
    bounds: Option<Arc<Bounds>>,
}

/// What most links are without.
#[derive(Debug, Default, PartialEq, Eq)]
struct Bounds {
    starts_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    limit: Option<quota::Limit>,
    purge_at: Option<i64>,
}

impl Prepared {
    pub(crate) fn new(record: LinkRecord, purge_at: Option<i64>) -> Self {
        let limit = quota::Limit::of(&record);
        let body = record.body;
        let Lifetime { deleted, disabled, starts_at, expires_at } = body.lifetime();
        let bounds = Bounds { starts_at, expires_at, limit, purge_at };
        Self {
            deleted,
            disabled,
            bounds: (bounds != Bounds::default()).then(|| Arc::new(bounds)),
            target: body.target,
            status: body.redirect_status,
            forward_query: body.forward_query,
            version: body.version,
        }
    }

    fn lifetime(&self) -> Lifetime {
        let bounds = self.bounds.as_deref();
        Lifetime {
            deleted: self.deleted,
            disabled: self.disabled,
            starts_at: bounds.and_then(|bounds| bounds.starts_at),
            expires_at: bounds.and_then(|bounds| bounds.expires_at),
        }
    }

    fn limit(&self) -> Option<quota::Limit> {
        self.bounds.as_ref()?.limit
    }

    /// Decides by the clock, as if clicks were left. `permitted` is the verdict of the target policy as it is now.
    pub(crate) fn decide(&self, entry: &DomainEntry, permitted: bool, now: Timestamp) -> Resolution {
        if self.is_purgeable(now) {
            return not_found(entry, None);
        }
        let lifetime = self.lifetime();
        let Lifetime { starts_at, expires_at, .. } = lifetime;
        let seconds_to = |at: Timestamp| at.as_second() - now.as_second();
        match lifetime.state(now) {
            LinkState::Scheduled => not_found(entry, starts_at.map(seconds_to)),
            LinkState::Expired | LinkState::Disabled | LinkState::Deleted => gone(entry),
            LinkState::Active if !permitted => gone(entry),
            LinkState::Active => Resolution::Redirect(Redirect {
                target: self.target.clone(),
                status: self.status,
                forward_query: self.forward_query,
                cache: match self.limit() {
                    Some(_) => CacheLifetimes::NoStore,
                    None => CacheLifetimes::capped(entry.edge, expires_at.map(seconds_to)),
                },
                until: expires_at,
            }),
        }
    }

    /// Whether it may be collected, so that it counts as gone.
    fn is_purgeable(&self, now: Timestamp) -> bool {
        self.bounds.as_ref().and_then(|bounds| bounds.purge_at).is_some_and(|purge_at| purge_at <= now.as_second())
    }

    /// How many bytes it takes outside itself.
    fn heap_bytes(&self) -> usize {
        // An Arc counts its owners in two words.
        let counted = |bytes: usize| heap::block(bytes + 2 * size_of::<usize>());
        counted(self.target.as_str().len()) + self.bounds.as_ref().map_or(0, |_| counted(size_of::<Bounds>()))
    }
}

/// Functions of the edge do not see errors, so browsers get these lifetimes as they are, and would show a 410 again
/// without asking while it may be revalidated.
fn gone(entry: &DomainEntry) -> Resolution {
    Resolution::Gone { cache: CacheLifetimes::capped(EdgeLifetimes { revalidate: 0, ..entry.edge }, None) }
}

pub(crate) fn not_found(entry: &DomainEntry, remaining: Option<i64>) -> Resolution {
    let edge = EdgeLifetimes { fresh: NOT_FOUND_SECONDS.min(entry.edge.fresh), revalidate: 0, if_error: 0 };
    Resolution::NotFound { cache: CacheLifetimes::capped(edge, remaining), target: entry.not_found_target.clone() }
}

/// A code that cannot exist needs no read.
pub fn parse_code(path_segment: &str) -> Option<ShortCode> {
    ShortCode::parse(path_segment).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cached_answer_outlives_its_link() {
        for remaining in -2..200_000 {
            let CacheLifetimes::Edge { fresh, revalidate, if_error } =
                CacheLifetimes::capped(EdgeLifetimes::default(), Some(remaining))
            else {
                assert!(remaining <= 1, "{remaining}");
                continue;
            };
            let remaining = u32::try_from(remaining).unwrap();
            assert!((1..remaining).contains(&fresh), "{remaining}");
            assert!(fresh + revalidate.max(if_error) < remaining, "{remaining}");
        }
    }

    #[test]
    fn an_old_copy_ends_when_the_edges_own_copy_would() {
        let edge = EdgeLifetimes { fresh: 60, revalidate: 60, if_error: 300 };
        let cache = |age| match (Resolution::Gone { cache: CacheLifetimes::capped(edge, None) }).of_old_copy(age, edge)
        {
            Resolution::Gone { cache: CacheLifetimes::Edge { fresh, revalidate, if_error } } => {
                Some((fresh, revalidate, if_error))
            }
            _ => None,
        };
        assert_eq!(cache(0), Some((5, 5, 300)));
        assert_eq!(cache(100), Some((5, 5, 255)));
        assert_eq!(cache(353), Some((5, 2, 2)));
        assert_eq!(cache(359), Some((1, 0, 0)));
        assert_eq!((cache(360), cache(1_000_000)), (None, None));
    }

    #[test]
    fn an_answer_that_never_changes_has_the_configured_lifetimes() {
        let cache = CacheLifetimes::capped(EdgeLifetimes::default(), None);
        assert_eq!(
            cache.header_value(),
            "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"
        );
    }
}
