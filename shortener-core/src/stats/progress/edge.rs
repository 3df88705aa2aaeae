//! How far the edge's logs are counted, with what only the next count must know of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Reached, Sources};
use crate::stats::{Hour, Source};
use crate::table::{Consistency, Item, TableError, Write, keys};
use crate::when::whole_milliseconds;

/// Most hours that are remembered as left.
const MOST_LEFT: usize = 1_000;

/// How far the edge's logs are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EdgeReached {
    /// Up to when what was delivered has been counted.
    pub(crate) as_of: Timestamp,
    /// Hours before this one are final.
    pub(crate) complete_until: Option<Hour>,
    /// Hours that a count has left to a later one: none of them is final.
    pub(crate) left: BTreeSet<Hour>,
    /// The first hour that is counted, and not rolled up as it was counted last.
    pub(crate) not_rolled_up_since: Option<Hour>,
    /// Whether a schedule has ever counted: it alone sees everything, and says what is final.
    pub(crate) is_scheduled: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    reached: Reached,
    /// The first moments of hours, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_rolled_up_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_scheduled: bool,
}

impl Sources {
    /// How far the edge's logs are counted; none if they never were.
    ///
    /// # Errors
    /// The table failed.
    pub(crate) async fn edge(&self) -> Result<Option<EdgeReached>, TableError> {
        let key = keys::count_source(Source::edge().as_str());
        let Some(item) = self.table.get(&key, Consistency::Strong).await? else { return Ok(None) };
        let Stored { reached, left, not_rolled_up_since, is_scheduled } = item.decode()?;
        Ok(Some(EdgeReached {
            as_of: reached.as_of,
            complete_until: reached.complete_until.map(Hour::of),
            left: left.into_iter().map(Hour::of).collect(),
            not_rolled_up_since: not_rolled_up_since.map(Hour::of),
            is_scheduled,
        }))
    }

    /// Says how far the edge's logs are counted.
    ///
    /// # Errors
    /// The table failed: say it again, or the next time.
    pub(crate) async fn report_edge(&self, edge: &EdgeReached) -> Result<(), TableError> {
        let (as_of, complete_until) = (whole_milliseconds(edge.as_of), edge.complete_until.map(Hour::start));
        let stored = Stored {
            reached: Reached { as_of, complete_until, stopped_at: None },
            left: edge.left.iter().take(MOST_LEFT).map(|hour| hour.start()).collect(),
            not_rolled_up_since: edge.not_rolled_up_since.map(Hour::start),
            is_scheduled: edge.is_scheduled,
        };
        let item = Item::encode(keys::count_source(Source::edge().as_str()), &stored)?;
        self.table.write(&[Write::put(item)]).await
    }
}
