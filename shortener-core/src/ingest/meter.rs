//! How many requests the edge itself counted, whether it logged them or not.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;

use async_trait::async_trait;

use super::source::SourceError;
use crate::stats::Hour;

/// Knows how many requests an edge got.
#[async_trait]
pub trait RequestMeter: Send + Sync + Debug {
    /// Requests to a distribution in each of some hours. An hour of which nothing is known is missing: there were none, it
    /// is too young (some minutes) or too old (15 months).
    async fn requests(
        &self,
        distribution: &str,
        hours: RangeInclusive<Hour>,
    ) -> Result<BTreeMap<Hour, u64>, SourceError>;
}
