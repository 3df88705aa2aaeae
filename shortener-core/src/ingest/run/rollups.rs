//! When hours become days, months, totals and rankings.

use jiff::{SignedDuration, Timestamp};

use super::super::manifest::{Manifest, RolledUp};
use super::files::Files;
use super::{Ingest, Reach, RollUp};
use crate::stats::Hour;

/// How often an hour is rolled up at most, once it is over: late files come one after the other.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Ingest {
    /// Whether a count of an hour that begins now is rolled up at once.
    pub(super) fn rolls_up(&self, hour: Hour, before: &Manifest) -> bool {
        match self.options.roll_up {
            RollUp::AtOnce => true,
            RollUp::Hourly => is_due(hour, before.rolled_up, self.clock.now()),
        }
    }

    /// The hours that wait to be rolled up, and need wait no longer.
    pub(super) fn to_roll_up(&self, files: &Files) -> impl Iterator<Item = Hour> {
        let waiting = files.manifests.iter().filter(|(_, manifest)| manifest.rolled_up.waits);
        let due = waiting.filter(|(hour, manifest)| self.rolls_up(**hour, manifest)).map(|(hour, _)| *hour);
        // Whoever names files need not name those of hours that a schedule counts.
        due.filter(|hour| self.options.reach == Reach::Recent || files.missing(*hour).is_empty())
    }
}

fn is_due(hour: Hour, before: RolledUp, now: Timestamp) -> bool {
    now >= hour.end() && before.at.is_none_or(|at| now.duration_since(at) >= EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_rolled_up_when_it_is_over_and_then_once_an_hour() {
        let hour = Hour::parse("2026-11-26T04").unwrap();
        let minute = |minute: i64| hour.start() + SignedDuration::from_mins(minute);
        let at = |at: Option<i64>| RolledUp { at: at.map(minute), waits: true };
        for (before, now, expected) in [
            (None, 5, false),
            (None, 59, false),
            (None, 60, true),
            (None, 300, true),
            // By hand, while it went on.
            (Some(30), 60, false),
            (Some(30), 90, true),
            (Some(62), 65, false),
            (Some(62), 121, false),
            (Some(62), 122, true),
        ] {
            assert_eq!(is_due(hour, at(before), minute(now)), expected, "{before:?} {now}");
        }
    }
}
