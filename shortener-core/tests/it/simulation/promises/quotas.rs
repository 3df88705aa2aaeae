//! Click limits: never one too many, and none lost that was not lost on the way.

use shortener_core::redirect::{CacheLifetimes, Redirect, Resolution};
use shortener_core::service::LinkRecord;
use shortener_core::table::fault::{Fault, Primitive};
use shortener_core::table::{Key, keys};

use super::super::history::{Answer, Asked, Op};
use super::super::timeline::Timeline;
use super::{Judge, Verdict, promise};

impl Judge<'_> {
    /// Whether the clicks of a limited link were all taken when an operation ended.
    pub(super) fn is_used_up(&self, op: &Op, record: &LinkRecord) -> bool {
        let Some(limit) = record.body.max_clicks else { return false };
        let key = keys::quota(&record.domain, &record.code, record.here_since());
        self.used_at(&key, op.ended) >= limit
    }

    fn used_at(&self, key: &Key, tick: u64) -> u64 {
        let changes = self.applied.iter().take_while(|applied| applied.tick <= tick).flat_map(|a| &a.changes);
        let last = changes.filter(|change| change.key == *key).last();
        last.and_then(|change| change.after.as_ref()?.number("used")).map_or(0, |used| u64::try_from(used).unwrap())
    }

    /// Judges all limited links.
    pub(super) fn quotas(&self) -> Verdict {
        for (code, timeline) in &self.timelines {
            let mut issues: Vec<&LinkRecord> = Vec::new();
            for record in timeline.states.iter().filter_map(|state| state.record.as_ref()) {
                if issues.last().is_none_or(|last| last.here_since() != record.here_since()) {
                    issues.push(record);
                }
            }
            issues.into_iter().try_for_each(|issue| self.quota(code, timeline, issue))?;
        }
        Ok(())
    }

    fn quota(&self, code: &str, timeline: &Timeline, issue: &LinkRecord) -> Verdict {
        let of_issue = || {
            timeline.states.iter().filter_map(|s| s.record.as_ref()).filter(|r| r.here_since() == issue.here_since())
        };
        let Some(most) = of_issue().filter_map(|record| record.body.max_clicks).max() else { return Ok(()) };
        let key = keys::quota(&issue.domain, &issue.code, issue.here_since());
        let used = self.used_at(&key, u64::MAX);
        promise!(used <= most, "no click is one too many", "{code}: {used} of {most} are taken");
        // A redirect that nothing may keep is of a limited link, or of one that is about to end.
        let redirected = self.notes.ops.iter().filter(|op| took_click(op, code, timeline, issue)).count();
        let redirected = u64::try_from(redirected).unwrap();
        promise!(redirected <= used, "no click is one too many", "{code}: {redirected} redirects, {used} taken");
        let kills = self.notes.ops.iter().any(|op| op.answer == Answer::Lost);
        let lost = self.notes.calls.iter().any(|made| {
            made.call.primitive == Primitive::Add
                && (made.fate.fault.is_some_and(|fault| !matches!(fault, Fault::Throttle | Fault::FailBefore))
                    || !made.fate.after.is_zero()
                    || !made.fate.before.is_zero())
        });
        let all_surely = of_issue().all(|record| record.body.max_clicks.is_some() && record.body.expires_at.is_none());
        let exact = all_surely && !lost && !kills;
        promise!(!exact || redirected == used, "each click is used", "{code}: {redirected} redirects, {used} taken");
        Ok(())
    }
}

/// Whether an operation is a redirect for which a click of this issue of the code must have been taken.
fn took_click(op: &Op, code: &str, timeline: &Timeline, issue: &LinkRecord) -> bool {
    let Asked::Click { code: clicked, ahead: false } = &*op.asked else { return false };
    let Answer::Resolved(Resolution::Redirect(Redirect { target, cache: CacheLifetimes::NoStore, until, .. })) =
        &op.answer
    else {
        return false;
    };
    let mut seen = timeline
        .between(0, op.ended)
        .iter()
        .filter_map(|state| state.record.as_ref())
        .filter(|r| r.body.target == *target && r.body.expires_at == *until)
        .peekable();
    let is_seen = seen.peek().is_some();
    clicked.as_str() == code
        && is_seen
        && seen.all(|r| r.body.max_clicks.is_some() && r.here_since() == issue.here_since())
}
