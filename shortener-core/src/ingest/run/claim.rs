//! How far counting is, as a run may say it.
//!
//! A schedule lists everything that there is of late, so to it silence is knowledge: its claims go on with the clock. Files
//! that someone names show how far they go and nothing else, so its clock proves nothing. Where there is a schedule, it goes on
//! from what it has called final itself, and what someone names does not show what was delivered in between.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{LATE_HOURS, Reach};
use crate::stats::Hour;
use crate::stats::progress::EdgeReached;

/// What a run has seen.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) reach: Reach,
    /// When the files were listed.
    pub(super) began: Timestamp,
    /// Up to when the listed files show that something was delivered.
    pub(super) shown: Option<Timestamp>,
    /// Whether it is known which files are meant.
    pub(super) are_files_known: bool,
    /// Whether anything was counted.
    pub(super) has_counted: bool,
    /// Hours with files that are not counted in full.
    pub(super) left: BTreeSet<Hour>,
    /// The first of the hours this run knows of that waits to be rolled up.
    pub(super) not_rolled_up_since: Option<Hour>,
}

/// How far counting is after a run; none where nothing was ever counted. `is_done` tells of hours that an earlier run has
/// left whether this one has dealt with them.
pub(super) fn claim(
    before: Option<EdgeReached>,
    findings: &Findings,
    is_done: impl Fn(Hour) -> bool,
) -> Option<EdgeReached> {
    let mut left = findings.left.clone();
    left.extend(
        before.iter().flat_map(|before| &before.left).filter(|hour| !(findings.are_files_known && is_done(**hour))),
    );
    let was_as_of = before.as_ref().map(|before| before.as_of);
    let is_all = findings.are_files_known && findings.left.is_empty();
    let as_of = if is_all { was_as_of.max(findings.horizon()) } else { was_as_of };
    // The first run of all may leave something, which the next one must know.
    let begun = || left.first().filter(|_| findings.has_counted).map(|hour| hour.start());
    let as_of = as_of.or_else(begun)?;
    let was_scheduled = before.as_ref().is_some_and(|before| before.is_scheduled);
    let was_final = before.and_then(|before| before.complete_until);
    let by_lateness = |at| Some(Hour::of(at).plus(-LATE_HOURS));
    let final_until = match findings.reach {
        _ if !findings.are_files_known => was_final,
        Reach::Recent => by_lateness(findings.began),
        Reach::All if was_scheduled => was_final,
        Reach::All => was_final.max(by_lateness(as_of)),
    };
    // The files of an hour that is left may have lines of the one before it as well.
    let rises = left.first().map(|left| left.plus(-1));
    let complete_until = final_until.map(|hour| rises.map_or(hour, |rises| hour.min(rises)));
    let is_scheduled = was_scheduled || findings.reach == Reach::Recent;
    let not_rolled_up_since = findings.not_rolled_up_since;
    Some(EdgeReached { as_of, complete_until, left, not_rolled_up_since, is_scheduled })
}

impl Findings {
    /// Up to when what was delivered can have been seen.
    fn horizon(&self) -> Option<Timestamp> {
        match self.reach {
            Reach::Recent => Some(self.began),
            Reach::All => self.shown,
        }
    }
}
