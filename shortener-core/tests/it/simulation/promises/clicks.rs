//! What visitors get.

use std::time::Duration;

use shortener_core::link::ShortCode;
use shortener_core::redirect::{CacheLifetimes, Redirect, Resolution};
use shortener_core::service::LinkRecord;
use shortener_core::wire::{EdgeLifetimes, LinkState};

use super::super::history::{Answer, Asked, Op};
use super::super::timeline::{State, Timeline};
use super::{Judge, Verdict, promise};

/// How long a process that answers from memory takes to hear of a change: its look, and the next.
const HEARS_WITHIN: Duration = Duration::from_millis(251);

impl Judge<'_> {
    pub(super) fn click(&self, op: &Op, code: &ShortCode) -> Verdict {
        let Answer::Resolved(resolution) = &op.answer else {
            promise!(op.answer == Answer::Lost, "answers fit", "{:?}", op.answer);
            return Ok(());
        };
        let timeline = self.timeline(code.as_str());
        let (strict, lenient) = (timeline.during(op), self.may_be_seen(op, code, timeline));
        let fits = match resolution {
            Resolution::Redirect(redirect) => {
                let shown = |state: &&State| self.redirects(op, state, redirect);
                lenient.iter().any(|state| shown(&state))
            }
            // That a link is gone is believed from an old copy; that there is none, from a strong read alone.
            Resolution::NotFound { .. } => {
                strict.iter().any(|state| state.may_be_absent(op.clock))
                    || lenient.iter().any(|state| is_scheduled(op, state))
            }
            Resolution::Gone { .. } => lenient.iter().any(|state| self.is_gone(op, state)),
            Resolution::Unavailable => {
                promise!(op.troubles > 0 || self.may_wait_for_others(), "a healthy table is used", "503");
                true
            }
        };
        promise!(fits, "visitors get what is there", "{resolution:?} of {lenient:?}");
        Ok(())
    }

    /// Whether a click can wait for another one's read of the same link.
    fn may_wait_for_others(&self) -> bool {
        self.world.swarm.follows
    }

    /// The states that a click may be answered from.
    fn may_be_seen<'t>(&self, op: &Op, code: &ShortCode, timeline: &'t Timeline) -> &'t [State] {
        let from = if self.world.swarm.follows {
            let own = self.own_changes(op, code, timeline);
            timeline.tick_at(op.began.saturating_sub(HEARS_WITHIN)).max(own).min(op.invoked)
        } else if op.stale {
            self.warm_copy(op, code, timeline)
        } else if op.troubles > 0 {
            self.oldest_copy(op, timeline)
        } else {
            op.invoked
        };
        timeline.between(from, op.ended)
    }

    /// The last change that its own process must know of: it has made it, or it has looked for changes since, as it does
    /// whenever it makes one.
    fn own_changes(&self, op: &Op, code: &ShortCode, timeline: &Timeline) -> u64 {
        let answered = |other: &&Op| {
            is_writing(other) && other.process == op.process && other.ended < op.invoked && other.answer != Answer::Lost
        };
        let known = |other: &Op| {
            let made = self.steps_of(other.first, code.as_str()).into_iter().map(|step| step.after.tick);
            let looked = timeline.between(other.invoked, other.invoked)[0].tick;
            made.filter(|tick| *tick < other.ended).chain([looked]).max()
        };
        self.notes.ops.iter().filter(answered).filter_map(known).max().unwrap_or(0)
    }

    /// When the copy in memory was read at the earliest: a late replica is not believed where it is older than that.
    fn warm_copy(&self, op: &Op, code: &ShortCode, timeline: &Timeline) -> u64 {
        let clicks = || {
            let of_code = |other: &&Op| matches!(&*other.asked, Asked::Click { code: clicked, .. } if clicked == code);
            self.notes.ops.iter().filter(of_code).filter(|other| other.process == op.process)
        };
        // One that overlaps another may leave the older copy of the two.
        let is_alone = |one: &&Op| {
            let mut others = clicks().filter(|other| other.invoked != one.invoked);
            others.all(|other| other.ended < one.invoked || other.invoked > one.ended)
        };
        let read = clicks().filter(|one| one.ended < op.invoked && one.troubles == 0).rfind(is_alone);
        let from = read.map_or(0, |one| one.invoked);
        // Where a link came to its end and another one began, its version says nothing.
        let is_one = timeline.between(from, op.ended).iter().all(|state| state.present(op.clock).is_some());
        if is_one { from } else { 0 }
    }

    /// The first state that a copy in memory may still be of.
    fn oldest_copy(&self, op: &Op, timeline: &Timeline) -> u64 {
        let process = &self.world.started.lock().unwrap()[op.process];
        if process.clock.has_jumped() {
            return 0;
        }
        let edge = self.world.swarm.edge.unwrap_or_default();
        let longest = u64::from(edge.fresh) + u64::from(edge.revalidate.max(edge.if_error));
        timeline.tick_at(op.done.saturating_sub(Duration::from_secs(longest))).min(op.invoked)
    }

    fn redirects(&self, op: &Op, state: &State, redirect: &Redirect) -> bool {
        let Some(record) = state.present(op.clock) else { return false };
        let body = &record.body;
        body.target == redirect.target
            && body.redirect_status == redirect.status
            && body.expires_at == redirect.until
            && body.deleted_at.is_none()
            && !body.disabled
            && body.starts_at.is_none_or(|at| at <= op.clock.to)
            && body.expires_at.is_none_or(|at| at > op.clock.from)
            && self.is_cached_right(op, record, redirect.cache)
    }

    /// No cached answer outlives its link, and limited ones are not cached.
    fn is_cached_right(&self, op: &Op, record: &LinkRecord, cache: CacheLifetimes) -> bool {
        let CacheLifetimes::Edge { fresh, revalidate, if_error } = cache else { return true };
        let edge: EdgeLifetimes = self.world.swarm.edge.unwrap_or_default();
        let longest = i64::from(fresh) + i64::from(revalidate.max(if_error));
        let ends = |at: jiff::Timestamp| longest < at.as_second() - op.clock.from.as_second() + 1;
        record.body.max_clicks.is_none()
            && fresh <= edge.fresh
            && revalidate <= edge.revalidate
            && if_error <= edge.if_error
            && record.body.expires_at.is_none_or(ends)
    }

    fn is_gone(&self, op: &Op, state: &State) -> bool {
        let Some(record) = state.present(op.clock) else { return false };
        let gone = |at| matches!(record.state(at), LinkState::Expired | LinkState::Disabled | LinkState::Deleted);
        gone(op.clock.from) || gone(op.clock.to) || self.is_used_up(op, record)
    }
}

fn is_writing(op: &Op) -> bool {
    matches!(&*op.asked, Asked::Create(_) | Asked::Change { .. } | Asked::Import(_))
}

fn is_scheduled(op: &Op, state: &State) -> bool {
    state.record.as_ref().is_some_and(|record| record.body.starts_at.is_some_and(|at| at > op.clock.from))
}
