//! How complete what was counted is.

use jiff::Timestamp;
use serde::Deserialize;

use super::range::Range;
use crate::service::{Service, ServiceError};
use crate::stats::Hour;
use crate::stats::progress::all_of;
use crate::table::keys;
use crate::wire::Coverage;

/// For how many hours back it is looked up: as long as hours are kept.
const KNOWN_HOURS: i64 = 35 * 24;

/// What is known of the logs of one hour, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
struct HourLogs {
    /// Lines that were counted.
    #[serde(default)]
    lines: u64,
    /// Requests by the edge's own metric, once it is known.
    requests: Option<u64>,
}

impl Service {
    /// Lines by requests over the hours of the range whose requests are known; none if there are no such hours.
    pub(super) async fn coverage(&self, range: &Range, now: Timestamp) -> Result<Option<Coverage>, ServiceError> {
        let from = range.from.max(Hour::of(now).plus(-KNOWN_HOURS));
        if from >= range.to {
            return Ok(None);
        }
        let items = all_of(self.table().as_ref(), keys::ingest_hours(from, range.to.plus(-1))).await?;
        let (mut lines, mut requests) = (0, 0);
        for item in &items {
            let logs: HourLogs = item.decode()?;
            if let Some(expected) = logs.requests {
                lines += logs.lines;
                requests += expected;
            }
        }
        Ok((requests > 0).then(|| Coverage { lines, requests, ratio: ratio(lines, requests) }))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more digits")]
fn ratio(lines: u64, requests: u64) -> f64 {
    lines as f64 / requests as f64
}
