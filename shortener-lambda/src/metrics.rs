//! What is counted and timed, for whoever installs a recorder; without one it costs next to nothing.
//!
//! Names are those of CloudWatch, in the namespace `Short` with the dimension `Function`.

use metrics::counter;

#[cfg(feature = "aws")]
mod emf;
#[cfg(feature = "aws")]
mod timed_table;

#[cfg(feature = "aws")]
pub use emf::Meter;
#[cfg(feature = "aws")]
pub use timed_table::TimedTable;

/// Clicks, with the dimension `Outcome`.
pub const REDIRECTS: &str = "Redirects";

/// How long each operation on the table took, in milliseconds.
pub const STORE_LATENCY: &str = "StoreLatency";

/// Operations on the table that failed.
pub const STORE_FAILURES: &str = "StoreFailures";

/// Instances that answered their first invocation.
pub const COLD_STARTS: &str = "ColdStarts";

/// Lines of access logs that were counted, copies once.
pub const INGESTED_LINES: &str = "IngestedLines";

/// Lines of access logs that could not be counted.
pub const REJECTED_LINES: &str = "RejectedLines";

/// How long ago that was up to which everything delivered is counted, in seconds.
pub const INGEST_LAG: &str = "IngestLag";

/// How a click ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It led to a target.
    Redirect,
    /// There is no such code, or not yet.
    NotFound,
    /// The link is over, or refused by policy.
    Gone,
    /// The store failed and there was no copy.
    Unavailable,
}

/// Counts a click.
pub(crate) fn count_click(outcome: Outcome) {
    // Literals make the keys static: nothing is allocated on the way of a click.
    let counter = match outcome {
        Outcome::Redirect => counter!("Redirects", "Outcome" => "redirect"),
        Outcome::NotFound => counter!("Redirects", "Outcome" => "not_found"),
        Outcome::Gone => counter!("Redirects", "Outcome" => "gone"),
        Outcome::Unavailable => counter!("Redirects", "Outcome" => "unavailable"),
    };
    counter.increment(1);
}

/// Counts an instance's first invocation.
#[cfg(feature = "aws")]
pub(crate) fn count_cold_start() {
    counter!(COLD_STARTS).increment(1);
}
