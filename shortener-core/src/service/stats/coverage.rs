//! How complete what was counted is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::range::Range;
use crate::service::{Service, ServiceError};
use crate::stats::Hour;
use crate::stats::progress::all_of;
use crate::table::keys;
use crate::wire::Coverage;

/// For how many hours back it is looked up: as long as hours are kept.
const KNOWN_HOURS: i64 = 35 * 24;

/// How complete the count of one hour is; stored where the edge's own metric is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HourFigures {
    /// Lines that were counted.
    pub(crate) lines: u64,
    /// Requests by the edge's own metric.
    pub(crate) requests: u64,
}

impl Service {
    /// Lines by requests over the hours of the range whose requests are known; none if there are no such hours.
    pub(super) async fn coverage(&self, range: &Range, now: Timestamp) -> Result<Option<Coverage>, ServiceError> {
        let from = range.from.max(Hour::of(now).plus(-KNOWN_HOURS));
        if from >= range.to {
            return Ok(None);
        }
        let items = all_of(self.table().as_ref(), keys::ingest_figures_between(from, range.to.plus(-1))).await?;
        let (mut lines, mut requests) = (0_u64, 0_u64);
        for item in &items {
            let figures: HourFigures = item.decode()?;
            lines = lines.saturating_add(figures.lines);
            requests = requests.saturating_add(figures.requests);
        }
        Ok((requests > 0).then(|| Coverage { lines, requests, ratio: ratio(lines, requests) }))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more digits")]
fn ratio(lines: u64, requests: u64) -> f64 {
    lines as f64 / requests as f64
}
