//! How far each source of counts is.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Source;
use crate::table::{Item, Order, Query, SortRange, Table, TableError, Write, keys};
use crate::when::whole_milliseconds;

mod edge;

pub(crate) use edge::EdgeReached;

/// A run of a server that has not said so for this long counts no more, even if it has not said that it stopped.
const SILENT_AFTER: SignedDuration = SignedDuration::from_mins(3);

/// A run of a server that has not been heard of for this long is over. Longer than clocks differ: they may be wrong by five
/// minutes each, because AWS refuses requests of others.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// For how long a run of a server is remembered after it was heard of last: as long as hours are.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(35 * 24);

/// How far one source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Up to when what was delivered to it has been counted.
    pub as_of: Timestamp,
    /// Numbers of hours before this moment are final. A server's own memory has no later lines: what it has counted is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_until: Option<Timestamp>,
    /// When it ended, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
}

/// What a source says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Report {
    #[serde(flatten)]
    reached: Reached,
    /// When it said so: a busy server is behind, and counts all the same. Servers of earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reported_at: Option<Timestamp>,
    /// Clicks of hours from this moment on are stored, and are not all in days, months, totals and rankings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_rolled_up_since: Option<Timestamp>,
}

impl Report {
    /// When it was heard of last.
    fn heard_at(&self) -> Timestamp {
        self.reported_at.unwrap_or(self.reached.as_of)
    }

    fn rolled_up_as_of(&self) -> Timestamp {
        self.not_rolled_up_since.map_or(self.reached.as_of, |since| since.min(self.reached.as_of))
    }
}

/// How far counting is as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Up to when everything that was delivered has been counted; none where nothing has ever counted.
    pub as_of: Option<Timestamp>,
    /// Up to when all of that is in days, months, totals and rankings as well.
    pub rolled_up_as_of: Option<Timestamp>,
    /// Numbers of hours before this moment are final.
    pub complete_until: Option<Timestamp>,
    /// Whether the edge is a source.
    pub has_edge: bool,
}

/// The sources of counts that a table knows.
#[derive(Debug, Clone)]
pub struct Sources {
    table: Arc<dyn Table>,
}

impl Sources {
    /// The sources of a table.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// Says how far a source is. Only the source itself says so. A run of a server says when, too: [`Self::report_at`].
    ///
    /// # Errors
    /// The table failed: say it again, or the next time.
    pub async fn report(&self, source: &Source, reached: &Reached) -> Result<(), TableError> {
        self.store(source, Report { reached: *reached, reported_at: None, not_rolled_up_since: None }).await
    }

    /// Says how far a run of a server is, as of now. It counts among those that are running for three minutes.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub async fn report_at(&self, source: &Source, reached: &Reached, now: Timestamp) -> Result<(), TableError> {
        self.store(source, Report { reached: *reached, reported_at: Some(now), not_rolled_up_since: None }).await
    }

    async fn store(&self, source: &Source, report: Report) -> Result<(), TableError> {
        let Reached { as_of, complete_until, stopped_at } = report.reached;
        let reached = Reached {
            as_of: whole_milliseconds(as_of),
            complete_until: complete_until.map(whole_milliseconds),
            stopped_at: stopped_at.map(whole_milliseconds),
        };
        let shown = Report { reached, reported_at: report.reported_at.map(whole_milliseconds), ..report };
        let mut item = Item::encode(keys::count_source(source.as_str()), &shown)?;
        if !source.is_edge() {
            let purge_at = report.heard_at().as_second().saturating_add(REMEMBERED.as_secs());
            item.attributes.insert(keys::attribute::PURGE_AT.to_owned(), purge_at.into());
        }
        self.table.write(&[Write::put(item)]).await
    }

    /// How far one source is; none if it has never said so.
    ///
    /// # Errors
    /// The table failed.
    pub async fn of(&self, source: &Source) -> Result<Option<Reached>, TableError> {
        let key = keys::count_source(source.as_str());
        let item = self.table.get(&key, crate::table::Consistency::Strong).await?;
        item.map(|item| item.decode()).transpose()
    }

    /// The runs of servers that have ended without saying so, and how far they were.
    ///
    /// # Errors
    /// The table failed.
    pub(crate) async fn lost(&self, now: Timestamp) -> Result<Vec<(Source, Reached)>, TableError> {
        let mut lost = Vec::new();
        for item in all_of(self.table.as_ref(), keys::count_sources()).await? {
            let report: Report = item.decode()?;
            let source = keys::parse_count_source(&item.key).map(Source::named).filter(|source| !source.is_edge());
            let is_lost = report.reached.stopped_at.is_none() && now.duration_since(report.heard_at()) >= LOST_AFTER;
            lost.extend(source.filter(|_| is_lost).map(|source| (source, report.reached)));
        }
        Ok(lost)
    }

    /// Says of a run that is [lost](Self::lost) that it has stopped. Should it be running nonetheless, it says so itself soon.
    ///
    /// # Errors
    /// The table failed: say it again, or the next time.
    pub(crate) async fn close(&self, source: &Source, reached: &Reached) -> Result<(), TableError> {
        self.report(source, &Reached { stopped_at: Some(reached.as_of), ..*reached }).await
    }

    /// How far counting is: the earliest of what still counts; the latest there is where nothing does.
    ///
    /// # Errors
    /// The table failed.
    pub async fn progress(&self, now: Timestamp) -> Result<Progress, TableError> {
        let edge = keys::count_source(Source::edge().as_str());
        let mut sources = Vec::new();
        for item in all_of(self.table.as_ref(), keys::count_sources()).await? {
            let is_edge = item.key == edge;
            sources.push((is_edge, item.decode::<Report>()?));
        }
        Ok(progress_of(&sources, now))
    }
}

fn progress_of(sources: &[(bool, Report)], now: Timestamp) -> Progress {
    let is_live = |(is_edge, report): &&(bool, Report)| {
        *is_edge || (report.reached.stopped_at.is_none() && now.duration_since(report.heard_at()) < SILENT_AFTER)
    };
    // Of a server, what is counted is final.
    let final_until = |(is_edge, Report { reached, .. }): &(bool, Report)| {
        if *is_edge { reached.complete_until } else { reached.complete_until.or(Some(reached.as_of)) }
    };
    let live: Vec<_> = sources.iter().filter(is_live).collect();
    if live.is_empty() {
        let latest = sources.iter().max_by_key(|(_, report)| report.reached.as_of);
        return Progress {
            as_of: latest.map(|(_, report)| report.reached.as_of),
            rolled_up_as_of: latest.map(|(_, report)| report.rolled_up_as_of()),
            complete_until: latest.and_then(final_until),
            has_edge: false,
        };
    }
    let finals: Option<Vec<_>> = live.iter().map(|source| final_until(source)).collect();
    Progress {
        as_of: live.iter().map(|(_, report)| report.reached.as_of).min(),
        rolled_up_as_of: live.iter().map(|(_, report)| report.rolled_up_as_of()).min(),
        complete_until: finals.and_then(|finals| finals.into_iter().min()),
        has_edge: live.iter().any(|(is_edge, _)| *is_edge),
    }
}

/// Every item of a range of the state of counting.
pub(crate) async fn all_of(table: &dyn Table, range: SortRange) -> Result<Vec<Item>, TableError> {
    everything(table, keys::INGEST.to_owned(), range).await
}

/// Every item of a range of a partition, in order, read strongly.
pub(crate) async fn everything(
    table: &dyn Table,
    partition: String,
    range: SortRange,
) -> Result<Vec<Item>, TableError> {
    let mut query = Query { index: None, partition, range, order: Order::Ascending, limit: PAGE, start: None };
    let mut items = Vec::new();
    loop {
        let page = table.query(&query).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => query.start = Some(next),
            None => return Ok(items),
        }
    }
}

/// Most items in a page.
const PAGE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    /// What servers of earlier versions have stored, and the edge stores.
    fn reached(as_of: i64) -> Report {
        let reached = Reached { as_of: at(as_of), complete_until: None, stopped_at: None };
        Report { reached, reported_at: None, not_rolled_up_since: None }
    }

    fn reported(as_of: i64, reported_at: i64) -> Report {
        Report { reported_at: Some(at(reported_at)), ..reached(as_of) }
    }

    #[test]
    fn counting_is_as_far_as_the_slowest_source_that_still_counts() {
        let with = |reached, complete_until, stopped_at| {
            let Report { reached: Reached { as_of, .. }, .. } = reached;
            Report { reached: Reached { as_of, complete_until, stopped_at }, ..reached }
        };
        let edge = with(reached(95), Some(at(60)), None);
        let stopped = with(reached(99), None, Some(at(99)));
        let waiting = Report { not_rolled_up_since: Some(at(60)), ..edge };
        let just_stopped = with(reported(70, 99), None, Some(at(99)));
        for (sources, expected) in [
            (vec![], (None, None)),
            (vec![(true, edge)], (Some(95), Some(60))),
            (vec![(true, edge), (false, reached(99))], (Some(95), Some(60))),
            (vec![(false, reached(99)), (false, reached(98))], (Some(98), Some(98))),
            (vec![(false, reached(99)), (false, reached(90))], (Some(99), Some(99))),
            (vec![(false, reached(99)), (false, stopped)], (Some(99), Some(99))),
            (vec![(false, reached(50)), (false, reached(40))], (Some(50), Some(50))),
            (vec![(false, stopped), (false, reached(98))], (Some(98), Some(98))),
            (vec![(true, reached(95)), (false, reached(99))], (Some(95), None)),
            (vec![(false, reported(89, 99)), (false, reported(96, 99))], (Some(89), Some(89))),
            (vec![(false, reported(89, 97)), (false, reported(96, 99))], (Some(96), Some(96))),
            (vec![(false, just_stopped), (false, reached(98))], (Some(98), Some(98))),
        ] {
            let progress = progress_of(&sources, at(100));
            let has_edge = sources.iter().any(|(is_edge, _)| *is_edge);
            let as_of = expected.0.map(at);
            let complete_until = expected.1.map(at);
            let expected = Progress { as_of, rolled_up_as_of: as_of, complete_until, has_edge };
            assert_eq!(progress, expected, "{sources:?}");
        }
        for (sources, expected) in [
            (vec![(true, waiting)], 60),
            (vec![(true, waiting), (false, reached(99))], 60),
            (vec![(true, Report { not_rolled_up_since: Some(at(97)), ..edge })], 95),
        ] {
            let progress = progress_of(&sources, at(100));
            assert_eq!((progress.as_of, progress.rolled_up_as_of), (Some(at(95)), Some(at(expected))), "{sources:?}");
        }
    }
}
