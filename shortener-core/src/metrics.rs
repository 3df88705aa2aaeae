//! What the core counts, through the `metrics` facade: without a recorder nothing happens.

/// Clicks answered from memory because the store failed. Where memory comes first, as in `short serve`, none are counted:
/// every hit would pay for it.
pub const CACHE_HITS: &str = "CacheHits";

/// Counts a click that was answered from memory.
pub(crate) fn count_cache_hit() {
    metrics::counter!(CACHE_HITS).increment(1);
}
